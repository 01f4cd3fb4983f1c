"""`watchdesk run`: let the agents' function work off what is pending now."""

import click

from core.act.orders import RUN_PENDING
from core.monitor import Monitor
from core.text import plural
from tui.cli import exits
from tui.cli.session import configure, confirmed, once, put, tell


@click.command(name="run")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, yes: bool) -> None:
    """Call ai-agent-poll once, on your order: a health check never does."""

    async def act(monitor: Monitor) -> int:
        if why := monitor.may(RUN_PENDING):
            tell(f"watchdesk: {why}")
            return exits.WRONG
        plan = await monitor.plan_run()
        pending = f"{monitor.snapshot.project.name}: {plural(plan.pending, 'task')} pending; {RUN_PENDING.effect}"
        question = "\n".join((pending, *plan.notes))
        if not confirmed(question, yes=yes):
            tell("nothing was changed")
            return exits.PARTLY
        result = await monitor.run_pending()
        (put if result.done else tell)(result.text)
        return exits.of_result(result)

    context.exit(once(configure(context), act))
