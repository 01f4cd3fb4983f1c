"""`watchdesk notify --test`: a test message to every contact and channel, and what came of each."""

import click

from core.monitor import Monitor
from tui.cli import exits
from tui.cli.event_loop import run_command
from tui.cli.session import configure, put, start_logging, tell

_NOBODY = (
    "watchdesk: nobody to notify; set [alerts] contacts, and for e-mail smtp_host and smtp_from\n"
    "(WATCHDESK_ALERTS_CONTACTS, WATCHDESK_ALERTS_SMTP_HOST, WATCHDESK_ALERTS_SMTP_FROM)"
)


@click.command(name="notify")
@click.option("--test", "test", is_flag=True, required=True, help="Send a test message (required).")
@click.pass_context
def command(context: click.Context, *, test: bool) -> None:
    """Send a test message to everybody: 0 all accepted it, 1 some did, 2 nobody is there, 4 none did."""
    config = configure(context)
    start_logging(config.target, config.alerts.secrets())

    async def act() -> int:
        monitor = Monitor(config)
        try:
            await monitor.refresh()  # the config row may name the recipients
            tried = await monitor.try_alerts()
            unreachable, refused = monitor.snapshot.telling.unreachable, monitor.snapshot.telling.refused
        finally:
            await monitor.close()
        for one in tried:
            if one.why:
                tell(f"{one.name}: not accepted: {one.why}")
            else:
                put(f"{one.name}: accepted" + (f" ({one.how})" if one.how else ""))
        for name in unreachable:
            tell(f"{name}: cannot be reached; set [alerts] smtp_host and smtp_from, or email_template")
        for why in refused:
            tell(f"watchdesk: the config row's notification_email: {why}")
        if not tried:
            if not unreachable and not refused:
                tell(_NOBODY)
            return exits.WRONG
        accepted = sum(1 for one in tried if not one.why)
        if accepted == len(tried) and not unreachable and not refused:
            return exits.DONE
        return exits.PARTLY if accepted else exits.UNREACHABLE

    context.exit(run_command(act()))
