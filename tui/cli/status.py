"""`watchdesk status`: one look, one page, nothing written to the project."""

import asyncio

import click

from core.monitor import Monitor
from tui.cli import exits
from tui.cli.page import as_json, page
from tui.cli.session import configure, fail, put, put_json, start_logging


@click.command(name="status")
@click.option("--json", "as_data", is_flag=True, help="For programs.")
@click.pass_context
def command(context: click.Context, *, as_data: bool) -> None:
    """One check, one page. Ends with 0 healthy, 1 warning, 2 misconfigured, 3 critical or stopped, 4 unreachable."""
    monitor_config = configure(context)
    start_logging(monitor_config.target)
    context.exit(asyncio.run(look(Monitor(monitor_config), as_data=as_data)))


async def look(monitor: Monitor, *, as_data: bool) -> int:
    """Look once, say it, close; the code."""
    try:
        await asyncio.gather(
            monitor.refresh(everything=True),
            monitor.look_at_policies(),
            monitor.look_at_lease(),
            monitor.waiting(),
        )
        person = next((fault for fault in monitor.faults() if fault.person), None)
        if person is not None:
            return fail(person)
        await monitor.check()
        snapshot = monitor.one_shot()
    finally:
        await monitor.close()
    if as_data:
        put_json(as_json(snapshot))
    else:
        put(page(snapshot))
    return exits.of_state(snapshot)
