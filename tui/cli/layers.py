"""The layers of all settings; any other name that is set is refused."""

import contextlib
from collections.abc import Iterable
from typing import Final

import click
import msgspec

from core.base.settings import Layers, read_layers, variable_of
from core.base.text import LINE_CHARS, clean
from core.services.config import SECTIONS, SINGLE_NAMES, renamed
from tui.base.settings import ScreenSettings

TABLES: Final = (*SECTIONS, "screen", "keys", "projects", "default")
"""The tables and names at the top of the config file."""


def checked_layers(*, quiet: bool = False) -> Layers:
    """Return all layers below the flags. Raises SettingsError, for a name that nothing reads as well.

    What is read under an old name is said on stderr, unless `quiet`: the screen says it, too.
    """
    layers = renamed(read_layers())
    for notice in () if quiet else layers.notices:
        with contextlib.suppress(OSError):
            click.echo(f"watchdesk: {clean(notice, 4 * LINE_CHARS)}", err=True)
    known = setting_names()
    if layers.strange_names(known):
        known |= key_names()
    layers.refuse_unknown(known, TABLES)
    return layers


def setting_names() -> set[str]:
    """Return the environment names of all settings but the keys."""
    sections: dict[str, type[msgspec.Struct]] = {**SECTIONS, "screen": ScreenSettings}
    fields = {section: (field.name for field in msgspec.structs.fields(kind)) for section, kind in sections.items()}
    return {*SINGLE_NAMES, *(name for section, names in fields.items() for name in _named(section, names))}


def key_names() -> set[str]:
    """Return the environment names of the keys."""
    from tui.screens.keys import ALL_KEYS  # noqa: PLC0415 - needs Textual, 0.1 s, which few commands do otherwise

    return set(_named("keys", (key.name for key in ALL_KEYS)))


def _named(section: str, fields: Iterable[str]) -> Iterable[str]:
    return (variable_of(section, field) for field in fields)
