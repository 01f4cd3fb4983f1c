"""`watchdesk retry TASK`: send one failed task back to pending."""

import click

from core.act.orders import RETRY
from core.monitor import Monitor
from tui.cli import exits
from tui.cli.session import configure, confirmed, once, put, tell


@click.command(name="retry")
@click.argument("task")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, task: str, yes: bool) -> None:
    """Send the failed task with this id back to pending, if it still is failed."""

    async def act(monitor: Monitor) -> int:
        if why := monitor.may(RETRY):
            tell(f"watchdesk: {why}")
            return exits.WRONG
        plan = await monitor.plan_retry(task)
        if plan.refused:
            tell(f"watchdesk: {plan.refused}")
            return exits.WRONG
        if not confirmed(f"{monitor.snapshot.project.name}: {plan.text}", yes=yes):
            tell("nothing was changed")
            return exits.PARTLY
        result = await monitor.retry(plan)
        (put if result.done else tell)(result.text)
        return exits.of_result(result)

    context.exit(once(configure(context), act))
