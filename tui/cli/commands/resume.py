"""`watchdesk resume`: lift the emergency stop, read back."""

import click

from core.base.text import plural
from core.domain.actions import REQUEUE, RESUME, Result, ResumePlan
from core.monitor import Monitor
from tui.cli.action_command import Preview, give
from tui.cli.session import configure, once, tell


@click.command(name="resume")
@click.option("--requeue", is_flag=True, help="Requeue what was pending when the last stop rejected it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, requeue: bool, yes: bool) -> None:
    """Clear the emergency stop."""

    async def act(monitor: Monitor) -> int:
        plan = ResumePlan(standing="")

        async def look() -> Preview:
            nonlocal plan
            if yes:
                return Preview(text="", idle=True)  # what stands is read by the order itself
            plan = await monitor.plan_lift()
            if plan.standing:
                rejected = f"{plural(plan.rejected, 'task')} rejected by it, {plan.requeueable:,} were pending"
                return Preview(text=f"{plan.standing}\n{rejected}", order=RESUME)
            left = f"no emergency stop is set; {plural(plan.requeueable, 'task')} of {plan.of} still rejected"
            return Preview(text=left, rows=plan.requeueable, idle=not (requeue and plan.requeueable))

        async def lift() -> Result:
            if not yes and not plan.standing and requeue:
                return await monitor.requeue()  # what was shown is that no stop is set
            return await monitor.lift(requeue=requeue, stop=plan.stop)

        code = await give(monitor, RESUME if not requeue else REQUEUE, look=look, act=lift, yes=yes)
        if not requeue and (left := await monitor.left_over()).tasks:
            tell(f"{plural(left.tasks, 'task')} of {left.of} still rejected: watchdesk resume --requeue requeues them")
        return code

    context.exit(once(configure(context), act))
