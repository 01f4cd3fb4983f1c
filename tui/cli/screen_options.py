"""The options of every command that shows the screen, and their precedence over the settings."""

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click
import msgspec

from core.base.settings import Layers, SettingsError
from tui.base.settings import CHOICES, Display, ScreenSettings, display_for, read_screen
from tui.cli.session import said
from tui.terminal.variables import check_toolkit

F = TypeVar("F", bound=Callable[..., Any])


class ScreenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The screen's command-line options; `None` if not given. `wall`: start in wall mode."""

    theme: str | None = None
    mouse: bool | None = None
    ascii: bool | None = None
    wall: bool = False


def screen_options(command: F) -> F:
    """Add `--theme`, `--mouse`, `--ascii` and `--wall`; the command gets them as one `screen`."""

    @functools.wraps(command)
    def called(
        *args: Any, theme: str | None, mouse: bool | None, ascii_signs: bool | None, wall: bool, **more: Any
    ) -> Any:
        return command(*args, screen=ScreenOptions(theme=theme, mouse=mouse, ascii=ascii_signs, wall=wall), **more)

    decorated: Any = called
    for option in (
        click.option("--wall", is_flag=True, help="Begin in wall mode: large, for a display nobody touches."),
        click.option(
            "--ascii/--no-ascii", "ascii_signs", default=None, help="Use plain ASCII; default: depends on the locale."
        ),
        click.option(
            "--mouse/--no-mouse",
            default=None,
            help="Handle the mouse, or leave it to the terminal (so that you can select text).",
        ),
        click.option(
            "--theme",
            type=click.Choice(CHOICES),
            default=None,
            help="Default: [screen] theme, or what the terminal reports. NO_COLOR overrides all.",
        ),
    ):
        decorated = option(decorated)
    return cast(F, decorated)


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


def terminal_display(settings: ScreenSettings) -> Display:
    """Return the display on the terminal that the screen is drawn on."""
    return display_for(settings, sys.stderr.encoding)
