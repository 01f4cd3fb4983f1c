"""The directories of this user's files on this platform. Without a home directory there are none: SettingsError."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path, user_config_path, user_state_path

from core.base.errors import SettingsError

_NAME: Final = "watchdesk"


def config_directory() -> Path:
    """Return the directory of the config file. Raises SettingsError."""
    return _absolute(user_config_path, "XDG_CONFIG_HOME")


def state_directory() -> Path:
    """Return the directory of the durable state and of the log file. Raises SettingsError."""
    return _absolute(user_state_path, "XDG_STATE_HOME")


def cache_directory() -> Path:
    """Return the directory of the cache, which may be deleted at any time. Raises SettingsError."""
    return _absolute(user_cache_path, "XDG_CACHE_HOME")


def _absolute(place: Callable[..., Path], variable: str) -> Path:
    """Return the directory. Raises SettingsError where it is relative: some versions of `place` leave `~` as it is."""
    with contextlib.suppress(RuntimeError):  # what the others say where nobody has a home
        path = place(_NAME, appauthor=False)
        if path.is_absolute():
            return path
    raise SettingsError(f"there is no home directory to keep files in; set HOME, or {variable}, to a full path")
