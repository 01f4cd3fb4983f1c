"""`watchdesk undo RUN`: take back what one action changed, where it still stands."""

import click

from core.actions.undo import OPTIONS
from core.domain.actions import UNDO, Result, UndoPlan
from core.monitor import Monitor
from tui.cli.action_command import Preview, give
from tui.cli.session import configure, once


@click.command(name="undo")
@click.argument("run")
@click.option("--only", type=click.Choice(OPTIONS), multiple=True, help="This step alone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, run: str, only: tuple[str, ...], yes: bool) -> None:
    """Take back the heal or the change of dry-run with this run id (watchdesk logs --healing)."""

    async def act(monitor: Monitor) -> int:
        plan = UndoPlan(run=run, text="")

        async def look() -> Preview:
            nonlocal plan
            plan = await monitor.plan_undo(run, only)
            return Preview(text=plan.text, rows=plan.tasks, refused=plan.refused, order=plan.order)

        async def undo() -> Result:
            return await monitor.undo(plan)

        return await give(monitor, UNDO, look=look, act=undo, yes=yes)

    context.exit(once(configure(context), act))
