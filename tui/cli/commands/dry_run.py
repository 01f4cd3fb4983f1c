"""`watchdesk dry-run on|off`: whether the agents really change things, read back."""

import click

from core.domain.actions import DRY_RUN_OFF, DRY_RUN_ON, Result
from core.monitor import Monitor
from tui.cli.action_command import Preview, give
from tui.cli.session import configure, once


@click.command(name="dry-run")
@click.argument("word", type=click.Choice(["on", "off"]), metavar="on|off")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, word: str, yes: bool) -> None:
    """Turn dry-run on, or off: then the agents change things for real."""
    on = word == "on"
    order = DRY_RUN_ON if on else DRY_RUN_OFF

    async def act(monitor: Monitor) -> int:
        async def look() -> Preview:
            plan = await monitor.plan_mode()
            return Preview(text=order.effect, idle=plan.known and plan.dry_run is on)

        async def turn() -> Result:
            return await monitor.set_dry_run(on)

        return await give(monitor, order, look=look, act=turn, yes=yes)

    context.exit(once(configure(context), act))
