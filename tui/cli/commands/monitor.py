"""`watchdesk` alone: the monitor on the terminal; without a terminal, one status."""

import asyncio

import click

from core.backend.target import NotConfigured
from core.base.settings import SettingsError
from core.monitor import Monitor, read_config
from tui.cli.commands.status import look
from tui.cli.layers import checked_layers
from tui.cli.screen_options import ScreenOptions
from tui.cli.screen_settings import screen_settings, terminal_display
from tui.cli.session import said, start_logging
from tui.cli.setup import setup_here
from tui.cli.welcome import welcome
from tui.terminal.running import is_interactive, run_app


def watch(project: str | None, given: ScreenOptions, *, observe: bool) -> int:
    """Run the monitor until it is quit. Returns the exit code. Raises ClickException for an unusable configuration."""
    try:
        layers = checked_layers(quiet=is_interactive())
        config = read_config(layers, project=project, observe=observe)
        screen = screen_settings(layers, given)
    except NotConfigured as error:
        if is_interactive():
            return welcome(given)
        raise click.ClickException(said(str(error))) from error
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    start_logging(config.target, config.alerts.secrets())
    if not is_interactive():
        return asyncio.run(look(Monitor(config), as_data=False))
    from tui.app.app import WatchdeskApp  # noqa: PLC0415 - a status without a terminal needs no screen

    setup = setup_here(layers, screen, given, terminal_display(screen, given))
    return run_app(lambda: WatchdeskApp(Monitor(config), setup), mouse=screen.mouse)
