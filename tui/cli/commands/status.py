"""`watchdesk status`: read once, print one page, write nothing to the project."""

import asyncio

import click

from core.domain.snapshot import Snapshot
from core.monitor import Monitor
from tui.cli import exit_codes
from tui.cli.guide import STATUS
from tui.cli.one_shot import read_once
from tui.cli.session import configure, put, put_json
from tui.cli.status_page import as_json, page


@click.command(name="status", epilog=STATUS)
@click.option("--json", "as_data", is_flag=True, help="Print JSON, for scripts.")
@click.pass_context
def command(context: click.Context, *, as_data: bool) -> None:
    """Check once and print one page: 0 healthy, 1 warning, 2 misconfigured, 3 critical or stopped, 4 unreachable."""
    context.exit(asyncio.run(look(Monitor(configure(context)), as_data=as_data)))


async def look(monitor: Monitor, *, as_data: bool) -> int:
    """Read once, print the result, close. Returns the exit code."""
    running = await monitor.running_here()

    def show(snapshot: Snapshot) -> int:
        if as_data:
            put_json(as_json(snapshot, running))
        else:
            put(page(snapshot, running))
        return exit_codes.of_state(snapshot)

    return await read_once(monitor, show)
