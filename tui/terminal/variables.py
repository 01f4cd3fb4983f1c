"""Environment variables of the terminal and of Textual that would end the program if they are invalid."""

import importlib
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

from core.base.errors import SettingsError

_COLOUR_SYSTEMS: Final = ("auto", "standard", "256", "truecolor", "windows")
_MOST: Final = 4
"""The most digits of a terminal's size."""


def forget_odd_sizes(environ: MutableMapping[str, str] = os.environ) -> None:
    """Remove `COLUMNS` and `LINES` if they are too large or no numbers; the terminal itself is asked then."""
    for name in ("COLUMNS", "LINES"):
        value = environ.get(name, "0")
        if not (value.isascii() and value.isdigit() and len(value) <= _MOST):
            del environ[name]


def check_toolkit(environ: Mapping[str, str] = os.environ) -> None:
    """Check Textual's environment variables. Raises SettingsError for one that it cannot start with."""
    colours = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if colours not in _COLOUR_SYSTEMS:
        raise SettingsError(f"TEXTUAL_COLOR_SYSTEM is {colours!r}; unset it, or set it to {', '.join(_COLOUR_SYSTEMS)}")
    driver = environ.get("TEXTUAL_DRIVER")
    if driver is not None and not _is_driver(driver):
        raise SettingsError(f"TEXTUAL_DRIVER is {driver!r}, which is no driver of Textual's; unset it")
    log = environ.get("TEXTUAL_LOG")
    if log is not None and not _is_writable(log):
        raise SettingsError(f"TEXTUAL_LOG is {log!r}, where nothing can be written; unset it")


def _is_driver(name: str) -> bool:
    from textual.driver import Driver  # noqa: PLC0415 - 0.1 s, for a variable that is hardly ever set

    module, _, symbol = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), symbol)
    except (ImportError, AttributeError, ValueError, TypeError):
        return False
    return isinstance(found, type) and issubclass(found, Driver)


def _is_writable(path: str) -> bool:
    try:
        Path(path).open("a").close()
    except (OSError, ValueError):
        return False
    return True
