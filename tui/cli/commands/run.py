"""`watchdesk run`: let the agents' function work off what is pending now."""

import click

from core.base.text import plural
from core.domain.actions import RUN_PENDING
from core.monitor import Monitor
from tui.cli.action_command import Preview, give
from tui.cli.session import configure, once


@click.command(name="run")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, yes: bool) -> None:
    """Call ai-agent-poll once, on your order: a health check never does."""

    async def act(monitor: Monitor) -> int:
        async def look() -> Preview:
            plan = await monitor.plan_run()
            pending = f"{plural(plan.pending, 'task')} pending; {RUN_PENDING.effect}"
            return Preview(text="\n".join((pending, *plan.notes)))

        return await give(monitor, RUN_PENDING, look=look, act=monitor.run_pending, yes=yes)

    context.exit(once(configure(context), act))
