"""`watchdesk watch`: the monitor without a screen, for a service."""

import asyncio
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import click
import msgspec

from core.base.settings import SettingsError
from core.monitor import Config, Monitor, read_config
from tui.cli import exit_codes
from tui.cli.guide import WATCH
from tui.cli.layers import checked_layers
from tui.cli.session import configure, said, start_logging

_SIGNALS: Final = frozenset((signal.SIGTERM, signal.SIGINT))


@click.command(name="watch", epilog=WATCH)
@click.option("--metrics", "address", metavar="ADDR", help="Serve /metrics, /healthz and /readyz at HOST:PORT.")
@click.option("--once", is_flag=True, help="Check, heal and send alerts once, then end: for a timer.")
@click.pass_context
def command(context: click.Context, *, address: str | None, once: bool) -> None:
    """Watch, heal and tell of alerts without a screen, until SIGTERM; JSON lines on stdout."""
    if once and address:
        raise click.UsageError("--metrics needs a service that goes on; leave out --once")
    config = configure(context)
    start_logging(config.target, config.alerts.secrets())

    def read() -> Config:
        if (first := waiting.pop() if waiting else None) is not None:
            return msgspec.structs.replace(first, unattended=True)
        again = read_config(checked_layers(), project=context.obj["project"], observe=context.obj["observe"])
        start_logging(again.target, again.alerts.secrets())
        return msgspec.structs.replace(again, unattended=True)

    waiting = [config]
    try:
        context.exit(asyncio.run(_once(config) if once else _watch(read, address or config.service.metrics, config)))
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error


async def _once(config: Config) -> int:
    from tui.service.lines import Changes, Lines  # noqa: PLC0415 - only here

    lines, monitor = Lines(sys.stdout.fileno()), Monitor(config)
    monitor.subscribe(Changes(lines.put, datetime.now(UTC)).offer)
    try:
        await monitor.watch_once()
        return exit_codes.of_state(monitor.snapshot)
    finally:
        await monitor.close()
        lines.close()


async def _watch(read: Callable[[], Config], address: str, first: Config) -> int:
    from tui.service.endpoint import Endpoint, ListenAddress  # noqa: PLC0415 - only here: other commands start faster
    from tui.service.lines import Lines  # noqa: PLC0415 - as said
    from tui.service.notify import Notifier  # noqa: PLC0415 - as said
    from tui.service.watch import Watch  # noqa: PLC0415 - as said
    from tui.terminal.ending import Ending  # noqa: PLC0415 - as said

    token = first.service.token
    serve = partial(Endpoint, ListenAddress.of(address, token), token) if address else None
    watch = Watch(read, Lines(sys.stdout.fileno()), Notifier(), serve)
    ending = Ending(signals=_SIGNALS, terminal=False)
    try:
        fault = await watch.run(ending)
        return ending.code if fault is None else exit_codes.of_fault(fault)
    finally:
        ending.disarm()
