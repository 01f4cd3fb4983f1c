"""`watchdesk resume`: lift the emergency stop, read back."""

import click

from core.act.orders import LIFT
from core.monitor import Monitor
from core.text import plural
from tui.cli import exits
from tui.cli.session import configure, confirmed, once, put, tell


@click.command(name="resume")
@click.option("--requeue", is_flag=True, help="Give back what was pending when the stop rejected it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, requeue: bool, yes: bool) -> None:
    """Clear the emergency stop."""

    async def act(monitor: Monitor) -> int:
        if why := monitor.may(LIFT):
            tell(f"watchdesk: {why}")
            return exits.WRONG
        if not yes:
            plan = await monitor.plan_lift()
            if plan.standing and not confirmed(
                f"{plan.standing}\n{plural(plan.rejected, 'task')} rejected by it, {plan.requeueable:,} were pending",
                yes=False,
                word=monitor.snapshot.project.name,
            ):
                tell("nothing was changed")
                return exits.PARTLY
        result = await monitor.lift(requeue=requeue)
        (put if exits.of_result(result) in {exits.DONE, exits.PARTLY} else tell)(result.text)
        return exits.of_result(result)

    context.exit(once(configure(context), act))
