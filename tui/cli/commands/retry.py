"""`watchdesk retry TASK`: send one failed task back to pending."""

import click

from core.domain.actions import RETRY, Result, RetryPlan
from core.monitor import Monitor
from tui.cli.action_command import Preview, give
from tui.cli.session import configure, once


@click.command(name="retry")
@click.argument("task")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, task: str, yes: bool) -> None:
    """Send the failed task with this id back to pending, if it still is failed."""

    async def act(monitor: Monitor) -> int:
        plan = RetryPlan(task=task, text="")

        async def look() -> Preview:
            nonlocal plan
            plan = await monitor.plan_retry(task)
            return Preview(text=plan.text, rows=1, refused=plan.refused)

        async def retry() -> Result:
            return await monitor.retry(plan)

        return await give(monitor, RETRY, look=look, act=retry, yes=yes)

    context.exit(once(configure(context), act))
