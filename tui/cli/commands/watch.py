"""`watchdesk watch`: the monitor without a screen, for a service."""

import asyncio
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec.structs import replace

from core.base.garbage import collect_as_usual
from core.base.settings import SettingsError
from core.monitor import Config, Monitor
from core.services.config import ServiceRules
from tui.cli import exit_codes
from tui.cli.event_loop import run_command
from tui.cli.guide import WATCH
from tui.cli.layers import checked_layers
from tui.cli.project_names import all_option, project_names
from tui.cli.session import configure, said, start_logging
from tui.cli.watching import config_now

if TYPE_CHECKING:
    from tui.service.endpoint import Endpoint, MetricsSource
    from tui.service.supervisor import Supervisor

_SIGNALS: Final = frozenset((signal.SIGTERM, signal.SIGINT))


@click.command(name="watch", epilog=WATCH)
@click.option("--metrics", "address", metavar="ADDR", help="Serve /metrics, /healthz and /readyz at HOST:PORT.")
@click.option("--once", is_flag=True, help="Check, heal and send alerts once, then end: for a timer.")
@all_option
@click.pass_context
def command(context: click.Context, *, address: str | None, once: bool, all_projects: bool) -> None:
    """Watch, heal and tell of alerts without a screen, until SIGTERM; JSON lines on stdout."""
    if once and address:
        raise click.UsageError("--metrics needs a service that goes on; leave out --once")
    if once and all_projects:
        raise click.UsageError("--once is for one project; leave out --all")
    if all_projects and context.obj["project"]:
        raise click.UsageError("--all is about all projects; leave out --project")
    if all_projects:
        context.exit(asyncio.run(_watch_all(address, observe=context.obj["observe"])))
    config = configure(context)
    start_logging(config.target, config.alerts.secrets())
    waiting = [config]

    def read() -> Config:
        if waiting:
            return replace(waiting.pop(), unattended=True)
        return config_now(project=context.obj["project"], observe=context.obj["observe"])

    try:
        context.exit(run_command(_once(config)) if once else asyncio.run(_watch(read, address, config)))
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


async def _watch(read: Callable[[], Config], address: str | None, first: Config) -> int:
    from tui.service.lines import Lines  # noqa: PLC0415 - only here: other commands start faster
    from tui.service.notify import Notifier  # noqa: PLC0415 - as said
    from tui.service.watch import Watch  # noqa: PLC0415 - as said
    from tui.terminal.ending import Ending  # noqa: PLC0415 - as said

    collect_as_usual()
    watch = Watch(read, Lines(sys.stdout.fileno()), Notifier(), _serving(address, first.service))
    ending = Ending(signals=_SIGNALS, lives_with=())
    try:
        fault = await watch.run(ending)
        return ending.code if fault is None else exit_codes.of_fault(fault)
    finally:
        ending.disarm()


async def _watch_all(address: str | None, *, observe: bool) -> int:
    from tui.cli.project_process import PROGRAM  # noqa: PLC0415 - as said
    from tui.service.lines import Lines  # noqa: PLC0415 - as said
    from tui.service.notify import Notifier  # noqa: PLC0415 - as said
    from tui.service.supervisor import Supervisor  # noqa: PLC0415 - as said
    from tui.service.watch_all import WatchAll  # noqa: PLC0415 - as said
    from tui.terminal.ending import Ending  # noqa: PLC0415 - as said

    try:
        project_names()
        rules = checked_layers(quiet=True).section("service", ServiceRules)
        serve = _serving(address, rules)
        about = {"observe": observe, "metrics": serve is not None}

        def supervisor(tell: Callable[[str, dict[str, Any]], None]) -> "Supervisor":
            return Supervisor(project_names, PROGRAM, about=about, tell=tell)

        start_logging()
        collect_as_usual()
        watch = WatchAll(supervisor, Lines(sys.stdout.fileno()), Notifier(), serve)
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    ending = Ending(signals=_SIGNALS, lives_with=())
    try:
        await watch.run(ending)
        return ending.code
    finally:
        ending.disarm()


def _serving(address: str | None, rules: ServiceRules) -> "Callable[[MetricsSource], Endpoint] | None":
    """Return what makes the endpoint; `None` where none is wanted. Raises SettingsError."""
    from tui.service.endpoint import Endpoint, ListenAddress  # noqa: PLC0415 - as said

    where = address or rules.metrics
    return partial(Endpoint, ListenAddress.of(where, rules.token), rules.token) if where else None
