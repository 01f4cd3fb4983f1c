"""The process of one browser, `python -m tui.cli.browser`: the monitor as on a terminal, but read-only.

No option, no setting and no key lifts that.
"""

import sys

import click
import msgspec

from core.base.settings import SettingsError
from core.monitor import Monitor, read_config
from tui.app.app import WatchdeskApp
from tui.cli.layers import checked_layers
from tui.cli.screen_options import ScreenOptions, screen_options
from tui.cli.screen_settings import screen_settings
from tui.cli.session import said, start_logging
from tui.cli.setup import setup_here
from tui.serve.display import browser_display
from tui.terminal.running import run_app


@click.command
@click.option("--project")
@screen_options
def child(*, project: str | None, screen: ScreenOptions) -> None:
    """Run the monitor of one browser. The server is on stdin and stdout."""
    try:
        layers = checked_layers(quiet=True)
        config = msgspec.structs.replace(read_config(layers, project=project, observe=True), only_looks=True)
        settings = screen_settings(layers, screen)
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    start_logging(config.target, config.alerts.secrets())
    setup = setup_here(layers, settings, screen, browser_display(settings))
    sys.exit(run_app(lambda: WatchdeskApp(Monitor(config), setup), mouse=settings.mouse))


if __name__ == "__main__":
    child()
