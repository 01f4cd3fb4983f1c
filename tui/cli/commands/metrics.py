"""`watchdesk metrics`: one sample for a textfile collector; example rules and a dashboard."""

from datetime import UTC, datetime

import click

from core.domain.snapshot import Snapshot
from core.monitor import Monitor
from tui.cli import exit_codes
from tui.cli.event_loop import run_command
from tui.cli.guide import METRICS
from tui.cli.one_shot import read_once
from tui.cli.session import configure


@click.command(name="metrics", epilog=METRICS)
@click.option("--rules", is_flag=True, help="Print example alert rules for Prometheus instead; needs no project.")
@click.option("--dashboard", is_flag=True, help="Print an example dashboard for Grafana instead; needs no project.")
@click.pass_context
def command(context: click.Context, *, rules: bool, dashboard: bool) -> None:
    """Check once and print one sample of every metric, in Prometheus' text format."""
    from tui.service import examples  # noqa: PLC0415 - only here

    if rules and dashboard:
        raise click.UsageError("name one of --rules and --dashboard")
    if rules or dashboard:
        click.echo(examples.rules() if rules else examples.dashboard(), nl=False)
        return
    context.exit(run_command(_sample(Monitor(configure(context)))))


async def _sample(monitor: Monitor) -> int:
    from tui.service.metrics import exposition  # noqa: PLC0415 - only here

    def show(snapshot: Snapshot) -> int:
        click.echo(exposition(snapshot, datetime.now(UTC)), nl=False)
        return exit_codes.of_state(snapshot)

    return await read_once(monitor, show)
