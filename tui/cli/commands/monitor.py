"""`watchdesk` alone: the monitor on the terminal, or the list of all projects; without a terminal, their status."""

import click

from core.backend.target import NotConfigured
from core.base.settings import Layers, SettingsError
from core.monitor import Config, Monitor, read_config
from tui.base.settings import Setup
from tui.cli.commands.status import look
from tui.cli.event_loop import run_command
from tui.cli.layers import checked_layers
from tui.cli.project_names import no_projects, project_names
from tui.cli.screen_options import ScreenOptions
from tui.cli.screen_settings import screen_settings, terminal_display
from tui.cli.session import said, start_logging
from tui.cli.setup import setup_here
from tui.cli.several import look_at_all
from tui.cli.welcome import welcome
from tui.terminal.running import TerminalSession, is_interactive, run_in_terminal


def watch(project: str | None, given: ScreenOptions, *, observe: bool, from_list: bool = False) -> int:
    """Run the monitor until it is quit. Returns the exit code. Raises ClickException for an unusable configuration.

    `from_list`: it was opened from the list of all projects, which is there again once it ends.
    """
    try:
        layers = checked_layers(quiet=is_interactive())
        config = read_config(layers, project=project, observe=observe)
        screen = screen_settings(layers, given)
        setup = _setup(layers, given, no_projects(layers)) if is_interactive() else None
    except NotConfigured as error:
        if is_interactive():
            return welcome(given)
        raise click.ClickException(said(str(error))) from error
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    start_logging(config.target, config.alerts.secrets())
    if setup is None:
        return run_command(look(Monitor(config), as_data=False))
    known = config.target.name if config.target.name in layers.table("projects") else ""

    async def run(terminal: TerminalSession) -> int:
        return await _show_monitor(terminal, config, setup, given, came_from=known, from_list=from_list)

    return run_in_terminal(run, mouse=screen.mouse)


def watch_all(given: ScreenOptions, *, observe: bool) -> int:
    """Run the list of all projects until it is quit; return the exit code. Raises ClickException as above."""
    try:
        names = project_names()
        layers = checked_layers(quiet=is_interactive())
        screen = screen_settings(layers, given)
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    if not is_interactive():
        return run_command(look_at_all(names, observe=observe, as_data=False))
    from tui.cli.projects import show_projects  # noqa: PLC0415 - a status without a terminal needs no screen

    start_logging()
    setup = _setup(layers, given, "")

    async def run(terminal: TerminalSession) -> int:
        return await show_projects(terminal, setup, given, observe=observe)

    return run_in_terminal(run, mouse=screen.mouse)


def _setup(layers: Layers, given: ScreenOptions, why: str) -> Setup:
    screen = screen_settings(layers, given)
    return setup_here(layers, screen, given, terminal_display(screen, given), no_projects=why)


async def _show_monitor(
    terminal: TerminalSession, config: Config, setup: Setup, given: ScreenOptions, *, came_from: str, from_list: bool
) -> int:
    """Show the monitor, and where that is asked for the list of all projects after it."""
    from tui.app.app import WatchdeskApp  # noqa: PLC0415 - a status without a terminal needs no screen

    app = WatchdeskApp(Monitor(config), setup)
    await terminal.show(app)
    if app.to_projects and not app.return_code and not from_list:
        from tui.cli.projects import show_projects  # noqa: PLC0415 - as said

        return await show_projects(terminal, setup, given, observe=config.observe, came_from=came_from)
    return app.return_code or 0
