"""What a browser's process runs, `python -m tui.serve.child`: the monitor as a terminal has it, but it only looks.

There is no way to lift that: none of its options, no setting and no key does.
"""

import sys

import click
import msgspec

from core.monitor import Monitor, read_config
from core.settings import SettingsError, read_layers
from tui.app import WatchdeskApp
from tui.cli.screen_options import Given, keymap_here, screen_options, screen_settings
from tui.cli.session import said, start_logging
from tui.serve.looks import looks_in_browser
from tui.terminal import run_app


@click.command
@click.option("--project")
@screen_options
def child(*, project: str | None, screen: Given) -> None:
    """One browser's monitor. stdin and stdout are the server's."""
    try:
        layers = read_layers()
        config = msgspec.structs.replace(read_config(layers, project=project, observe=True), only_looks=True)
        settings = screen_settings(layers, screen)
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    start_logging(config.target, config.alerts.secrets())
    found, keymap = looks_in_browser(settings), keymap_here(layers)
    code = run_app(
        lambda: WatchdeskApp(
            Monitor(config),
            theme=found.theme,
            ascii_signs=found.ascii,
            keymap=keymap,
            away_s=settings.away_s,
            wall=screen.wall,
        ),
        mouse=settings.mouse,
    )
    sys.exit(code)


if __name__ == "__main__":
    child()
