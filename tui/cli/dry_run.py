"""`watchdesk dry-run on|off`: whether the agents really change things, read back."""

import click

from core.act.orders import DRY_RUN_OFF, DRY_RUN_ON
from core.monitor import Monitor
from tui.cli import exits
from tui.cli.session import configure, confirmed, once, put, tell


@click.command(name="dry-run")
@click.argument("word", type=click.Choice(["on", "off"]), metavar="on|off")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, word: str, yes: bool) -> None:
    """Turn dry-run on, or off: then the agents change things for real."""
    on = word == "on"
    order = DRY_RUN_ON if on else DRY_RUN_OFF

    async def act(monitor: Monitor) -> int:
        if why := monitor.may(order):
            tell(f"watchdesk: {why}")
            return exits.WRONG
        plan = await monitor.plan_mode()
        if plan.dry_run is not on or not plan.known:
            name = monitor.snapshot.project.name
            if not confirmed(f"{name}: {order.effect}", yes=yes, word=None if on else name):
                tell("nothing was changed")
                return exits.PARTLY
        result = await monitor.set_dry_run(on)
        (put if result.done else tell)(result.text)
        return exits.of_result(result)

    context.exit(once(configure(context), act))
