"""`watchdesk demo`: a sandbox with agents at work, and the monitor on it, acting by itself."""

import asyncio
import contextlib
import json
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from core.alerting.settings import AlertRules
from core.backend.target import Target
from core.base.settings import SettingsError
from core.checks.settings import WatchRules
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from tui.cli.commands.status import look
from tui.cli.event_loop import run_command
from tui.cli.exits import WRONG
from tui.cli.layers import checked_layers
from tui.cli.own_sandbox import own_sandbox
from tui.cli.screen_options import ScreenOptions, screen_options
from tui.cli.screen_settings import screen_settings, terminal_display
from tui.cli.session import said, start_logging
from tui.cli.setup import setup_here
from tui.terminal.running import is_interactive, run_app


@click.command(name="demo")
@click.option("--shape", type=click.Choice(["deployed", "documented"]), default="deployed", show_default=True)
@click.option(
    "--check-every",
    type=click.FloatRange(1, 3600),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Seconds between the watchdog's checks; short here (the normal value is 300), so that you see it act.",
)
@screen_options
@click.pass_context
def command(
    context: click.Context,
    *,
    shape: str,
    check_every: float,
    screen: ScreenOptions,
) -> None:
    """Run the monitor on a living system of its own, gone when you quit; ctrl+x breaks and mends it."""
    try:  # of the configuration only the settings of the screen
        layers = checked_layers(quiet=is_interactive())
        settings = screen_settings(layers, screen)
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    start_logging()
    with contextlib.ExitStack() as stack:
        info = stack.enter_context(own_sandbox(shape, "--workload"))
        if info is None:
            context.exit(WRONG)
        places = Places.within(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watchdesk-demo-"))))
        config = Config(
            target=Target(
                name="demo", url=info["url"], key=info["service_key"], function_key=info["function_key"], colour="cyan"
            ),
            autonomous=True,
            dry_run=False,
            observe=bool(context.obj["observe"]),
            watch=WatchRules(interval_s=check_every),
            alerts=_IMPATIENT,
            refresh=_FREE,
        )
        if not is_interactive():
            code = run_command(look(Monitor(config, places=places), as_data=False))
        else:
            from tui.app.app import WatchdeskApp  # noqa: PLC0415 - a status without a terminal needs no screen

            setup = setup_here(layers, settings, screen, terminal_display(settings, screen))
            switches = DemoFaults(info["url"], info["service_key"])
            code = run_app(
                lambda: WatchdeskApp(Monitor(config, places=places), setup, faults=switches), mouse=settings.mouse
            )
    context.exit(code)


_FREE: Final = RefreshRules(budget_gb=100_000.0)
"""No month of a demo is to be paid for: it never reads less often for that."""

_IMPATIENT: Final = AlertRules(
    evaluate_s=5.0, resolve_s=10.0, database_down_s=30.0, database_slow_s=20.0, breakers_s=20.0, flap_s=20.0
)
"""Shorter times for a demo, in which nobody waits ten minutes for an alert."""


class DemoFaults:
    """The sandbox's faults, switched over HTTP."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url}/sandbox/faults"
        self._key = key

    def names(self) -> Sequence[tuple[str, str]]:
        """Return every fault with its effect."""
        from core.sandbox.chaos import FAULTS  # noqa: PLC0415 - from the extra

        return tuple(FAULTS.items())

    async def all(self) -> dict[str, bool]:
        """Return every fault and whether it is on. Raises OSError when the sandbox is gone."""
        return await asyncio.to_thread(self._ask, "", None)

    async def set(self, name: str, on: bool) -> None:
        """Switch a fault. Raises OSError when the sandbox is gone."""
        await asyncio.to_thread(self._ask, f"/{name}", {"on": on})

    def _ask(self, path: str, body: dict[str, bool] | None) -> dict[str, bool]:
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self._url + path, data=None if body is None else json.dumps(body).encode(), headers={"apikey": self._key}
        )
        with urllib.request.urlopen(request, timeout=15) as response:  # noqa: S310 - as above
            answer: dict[str, Any] = json.load(response)
        return {name: bool(on) for name, on in answer.items()}
