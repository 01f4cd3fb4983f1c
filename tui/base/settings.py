"""The screen's own settings, and the display that they result in on this terminal."""

import os
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from core.base.bounds import Span
from core.base.settings import Layers, SettingsError
from tui.rendering.palettes import AUTO, CHOICES, PALETTES, PLAIN

AWAY_S: Final = 600.0

_LIGHT_GROUNDS: Final = {"7", "15"}


class ScreenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Looks and behaviour of the screen. Section `screen` of the settings."""

    theme: str = AUTO
    """The theme; `auto` is what the terminal can show, and NO_COLOR goes before any."""
    ascii: bool | None = None
    """Plain ASCII; if not set, used when the terminal's encoding is not UTF-8."""
    mouse: bool = True
    """Handle the mouse; if off, the terminal does, so that you can select text."""
    away_s: Span = AWAY_S
    """The time without a key after which the next one also shows what happened meanwhile; 0: never."""


class Display(msgspec.Struct, frozen=True, kw_only=True):
    """The display on one terminal: a theme of `tui.rendering.palettes`, and whether it is plain ASCII."""

    theme: str
    ascii: bool
    instead: str = ""
    """Why the theme is another than the settings name, in words; empty where it is not."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """The app as one operator has it: its display, moved keys, `away_s` as above, `wall`: starts in wall mode.

    `settings`: returns every setting with where it came from, as a text. `no_projects`: why the list of all projects
    cannot be opened from here; empty: it can.
    """

    theme: str = "dark"
    ascii: bool = False
    keymap: dict[str, str] = {}
    away_s: float = AWAY_S
    wall: bool = False
    first: str = ""
    """What is said first."""
    no_projects: str = "not from here: watchdesk --all shows the projects of the config file"
    settings: Callable[[], str] = lambda: "not known here: watchdesk config show prints them"


def read_screen(layers: Layers) -> ScreenSettings:
    """Read the section. Raises SettingsError, also for an unknown theme."""
    settings = layers.section("screen", ScreenSettings)
    if settings.theme not in CHOICES:
        where = "WATCHDESK_SCREEN_THEME" if layers.first("WATCHDESK_SCREEN_THEME") else f"{layers.path}: [screen] theme"
        raise SettingsError(f"{where}: there is no theme {settings.theme!r}; choose one of {', '.join(CHOICES)}")
    return settings


def display_for(
    settings: ScreenSettings, encoding: str, environ: Mapping[str, str] = os.environ, *, forced: bool = False
) -> Display:
    """Return the display that the settings result in on a terminal with this `encoding`.

    `NO_COLOR`, if it is not empty (no-color.org), takes precedence over any theme. Sixteen colours do for a terminal's
    own themes alone; `forced`: the command line names the theme, which then holds on any terminal.
    """
    ascii_only = not _is_utf8(encoding) if settings.ascii is None else settings.ascii
    if environ.get("NO_COLOR"):
        return Display(theme=PLAIN, ascii=ascii_only)
    named = settings.theme
    if named != AUTO and (forced or PALETTES[named].native):
        return Display(theme=named, ascii=ascii_only)
    fits = _fitting(environ)
    if named == AUTO or not PALETTES[fits].native:
        return Display(theme=fits if named == AUTO else named, ascii=ascii_only)
    why = f"theme {named} needs more than the 16 colours of this terminal: {fits} is shown; --theme {named} forces it"
    return Display(theme=fits, ascii=ascii_only, instead=why)


def _fitting(environ: Mapping[str, str]) -> str:
    """Return the theme for this terminal: its own colours if it has only sixteen, light if it says that it is light."""
    light = environ.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT_GROUNDS
    from rich.console import Console  # noqa: PLC0415 - 40 ms, for the screen alone

    few = Console(force_terminal=True, _environ=environ).color_system == "standard"
    if few:
        return "ansi-light" if light else "ansi"
    return "light" if light else "dark"


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in {"utf-8", "utf8"}
