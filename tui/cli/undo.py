"""`watchdesk undo RUN`: take back what one order changed, where it still stands."""

import click

from core.act.orders import UNDO, must_type
from core.monitor import Monitor
from tui.cli import exits
from tui.cli.session import configure, confirmed, once, put, tell


@click.command(name="undo")
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, run: str, yes: bool) -> None:
    """Take back the heal or the change of dry-run with this run id (watchdesk logs --healing)."""

    async def act(monitor: Monitor) -> int:
        if why := monitor.may(UNDO):
            tell(f"watchdesk: {why}")
            return exits.WRONG
        plan = await monitor.plan_undo(run)
        if plan.refused:
            tell(f"watchdesk: {plan.refused}")
            return exits.WRONG
        name = monitor.snapshot.project.name
        if not confirmed(f"{name}: {plan.text}", yes=yes, word=must_type(UNDO, plan.tasks, name)):
            tell("nothing was changed")
            return exits.PARTLY
        result = await monitor.undo(plan)
        (put if exits.of_result(result) in {exits.DONE, exits.PARTLY} else tell)(result.text)
        return exits.of_result(result)

    context.exit(once(configure(context), act))
