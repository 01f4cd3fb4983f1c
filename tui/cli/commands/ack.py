"""`watchdesk ack ID`: take care of an alert, so that nobody else is told."""

import asyncio

import click

from core.monitor import Monitor
from tui.cli import exits
from tui.cli.one_shot import with_alerts
from tui.cli.session import configure, put, tell


@click.command(name="ack")
@click.argument("name", metavar="ID")
@click.option("--note", default="", metavar="TEXT", help="What others should know.")
@click.pass_context
def command(context: click.Context, *, name: str, note: str) -> None:
    """Say to every monitor that you take care of an alert, by the ID of its message or its name."""

    async def act(monitor: Monitor) -> int:
        result = await monitor.acknowledge(name, note)
        code = exits.of_result(result)
        put(result.text) if code == exits.DONE else tell(f"watchdesk: {result.text}")
        return code

    context.exit(asyncio.run(with_alerts(configure(context), act)))
