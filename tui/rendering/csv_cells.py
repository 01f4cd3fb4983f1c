"""Cells of a CSV file that a spreadsheet takes for what they are: data, never a formula."""

from datetime import datetime
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: object) -> str:
    """Return a value as a cell: a time in ISO form, a list with blanks between, a text that would run with a quote."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return csv_cell(" ".join(f"{one}" for one in value))
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = f"{value}"
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
