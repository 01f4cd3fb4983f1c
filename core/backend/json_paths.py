"""The words for people in JSON columns: the paths at which they are asked for, and the best of them."""

from typing import Final

from core.backend.columns import Row
from core.base.text import clean

_TEXT_KEYS: Final = ("text", "message", "reason", "error", "order")
"""The keys whose text is for people, the best first."""

_CHARS: Final = 200


def text_paths(columns: dict[str, str]) -> dict[str, str]:
    """Return the paths that `text_in` reads, by their aliases, of columns that are given each by a letter."""
    keys = {f"{letter}_{key}": f"{column}->{key}" for letter, column in columns.items() for key in _TEXT_KEYS}
    return keys | {f"{letter}_0": f"{column}->0" for letter, column in columns.items()}  # a text alone is its own first


def text_in(row: Row, columns: dict[str, str]) -> str:
    """Return the words for people in the first of the columns that has any; at most 200 characters."""
    for letter in columns:
        for key in (*_TEXT_KEYS, "0"):
            value = row.get(f"{letter}_{key}")
            if isinstance(value, str) and (text := clean(value, _CHARS)):
                return text
    return ""
