"""`watchdesk waiting`: what waits on this machine for the project to answer, and its withdrawal."""

import click

from core.actions.waiting import WaitingAction
from core.actions.withdraw import WITHDRAW
from core.base.store import NotKept
from core.domain.actions import Result
from core.monitor import Monitor
from tui.cli import exits
from tui.cli.event_loop import run_command
from tui.cli.forms import Sheet, put_as, takes_form
from tui.cli.session import configure, put, tell


@click.command(name="waiting")
@click.option("--withdraw", metavar="ID", help="Withdraw the action with this id; `all` withdraws every one.")
@takes_form
@click.pass_context
def command(context: click.Context, *, withdraw: str | None, form: str | None) -> None:
    """Show the actions ordered while the project did not answer: kept on disk, carried out by a running monitor."""
    monitor = Monitor(configure(context))

    async def act() -> int:
        try:
            waiting = await monitor.waiting()
            if withdraw is None:
                put_as(
                    form,
                    text=lambda: "\n".join(map(_line, waiting)) or "none",
                    sheet=lambda: Sheet(("id", "at", "action"), [(one.id, one.at, one.words()) for one in waiting]),
                    data=lambda: {"orders": waiting},
                )
                return exits.DONE
            chosen = [one for one in waiting if withdraw in {one.id, "all"}]
            if not chosen:
                tell(f"watchdesk: no action {withdraw} waits; see watchdesk waiting")
                return exits.WRONG
            results: list[Result] = [await monitor.run(WITHDRAW, waiting=one.id) for one in chosen]
            put("\n".join(result.text for result in results))
        except NotKept as not_kept:
            tell(f"watchdesk: {not_kept}")
            return exits.WRONG
        finally:
            await monitor.close()
        return exits.DONE

    context.exit(run_command(act()))


def _line(one: WaitingAction) -> str:
    return f"{one.id}  {one.at:%Y-%m-%d %H:%M}Z  {one.words()}"
