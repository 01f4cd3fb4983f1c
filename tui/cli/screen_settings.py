"""The screen's settings on this terminal: the options of the command line go before them."""

import sys

import click
import msgspec

from core.base.settings import Layers, SettingsError
from tui.base.settings import Display, ScreenSettings, display_for, read_screen
from tui.cli.screen_options import ScreenOptions
from tui.cli.session import said
from tui.terminal.variables import check_toolkit


def screen_settings(layers: Layers, given: ScreenOptions) -> ScreenSettings:
    """Return the section's settings, overridden by options. Raises SettingsError."""
    options = {"theme": given.theme, "mouse": given.mouse, "ascii": given.ascii}
    return msgspec.structs.replace(read_screen(layers), **{k: v for k, v in options.items() if v is not None})


def keymap_here(layers: Layers) -> dict[str, str]:
    """Return the keys that were moved. Raises ClickException for what is no key, or one key with two meanings."""
    from tui.screens.keys import key_settings  # noqa: PLC0415 - needs Textual, for the screen alone

    try:
        return key_settings(layers)
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error


def toolkit_here() -> None:
    """Check that Textual can start in this environment. Raises ClickException if not."""
    try:
        check_toolkit()
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error


def terminal_display(settings: ScreenSettings, given: ScreenOptions) -> Display:
    """Return the display on the terminal that the screen is drawn on."""
    return display_for(settings, sys.stderr.encoding, forced=given.theme is not None)
