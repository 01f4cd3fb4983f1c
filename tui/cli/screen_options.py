"""The options of every command that puts the monitor on the terminal, and how they go before the settings."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from core.settings import Layers
from tui.settings import CHOICES, Looks, ScreenSettings, looks, read_screen

F = TypeVar("F", bound=Callable[..., Any])


def screen_options(command: F) -> F:
    """Adds `--theme`, `--mouse` and `--ascii`, as `theme`, `mouse` and `ascii_signs`; `None` where not given."""
    for option in (
        click.option("--ascii/--no-ascii", "ascii_signs", default=None, help="Plain ASCII; else as the locale says."),
        click.option("--mouse/--no-mouse", default=None, help="Leave the mouse, and its selection, to the terminal."),
        click.option(
            "--theme",
            type=click.Choice(CHOICES),
            default=None,
            help="Else [screen] theme, else as the terminal says. NO_COLOR goes before any.",
        ),
    ):
        command = option(command)
    return command


def screen_settings(
    layers: Layers, *, theme: str | None, mouse: bool | None, ascii_signs: bool | None
) -> ScreenSettings:
    """The section's settings, and what was given as options before them. Raises SettingsError."""
    given = {"theme": theme, "mouse": mouse, "ascii": ascii_signs}
    return msgspec.structs.replace(read_screen(layers), **{k: v for k, v in given.items() if v is not None})


def looks_here(settings: ScreenSettings) -> Looks:
    """How they look on the terminal the screen is drawn on."""
    return looks(settings, sys.stderr.encoding)
