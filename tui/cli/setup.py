"""The setup of the app, from the settings and the options of the command that starts it."""

import click

from core.base.settings import Layers
from tui.base.settings import Display, ScreenSettings, Setup
from tui.cli.screen_options import ScreenOptions
from tui.cli.screen_settings import keymap_here, toolkit_here
from tui.cli.settings_page import settings_page
from tui.cli.settings_reference import settings as every_setting


def setup_here(layers: Layers, settings: ScreenSettings, given: ScreenOptions, found: Display, **more: str) -> Setup:
    """Return the app's setup, with `more` of it. Raises ClickException for invalid keys, or if Textual cannot start."""
    toolkit_here()
    root = click.get_current_context().find_root().obj

    def page() -> str:
        return settings_page(every_setting(layers, given, project=root["project"], observe=root["observe"]))

    return Setup(
        theme=found.theme,
        ascii=found.ascii,
        keymap=keymap_here(layers),
        away_s=settings.away_s,
        wall=given.wall,
        first=found.instead,
        settings=page,
        **more,
    )
