"""`watchdesk resume`: lift the emergency stop, read back."""

import click

from core.act.orders import LIFT, Result
from core.monitor import Monitor
from core.text import plural
from tui.cli.ordering import Question, give
from tui.cli.session import configure, once


@click.command(name="resume")
@click.option("--requeue", is_flag=True, help="Give back what was pending when the stop rejected it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, requeue: bool, yes: bool) -> None:
    """Clear the emergency stop."""

    async def act(monitor: Monitor) -> int:
        async def look() -> Question:
            if yes:
                return Question(text="", idle=True)  # what stands is read by the order itself
            plan = await monitor.plan_lift()
            rejected = f"{plural(plan.rejected, 'task')} rejected by it, {plan.requeueable:,} were pending"
            return Question(text=f"{plan.standing}\n{rejected}", idle=not plan.standing)

        async def lift() -> Result:
            return await monitor.lift(requeue=requeue)

        return await give(monitor, LIFT, look=look, act=lift, yes=yes)

    context.exit(once(configure(context), act))
