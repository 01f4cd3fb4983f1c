"""The settings as a text: each with its value, unit, default, bounds, and where the value came from."""

import textwrap
from collections.abc import Sequence
from typing import Any, Final

from tui.cli.settings_reference import NAMES, NOT_SET, NOTES, PROJECT, Setting, about

_WIDTH: Final = 100


def settings_page(found: Sequence[Setting], names: Sequence[str] = NAMES) -> str:
    """Return the settings of these sections."""
    return "\n\n".join(_page(name, [one for one in found if one.section == name]) for name in names)


def _page(section: str, found: Sequence[Setting]) -> str:
    lines = textwrap.wrap(f"[{section}] {about(section)}", _WIDTH, subsequent_indent="  ")
    for paragraph in filter(None, NOTES.get(section, "").split("\n\n")):
        lines += textwrap.wrap(paragraph, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    lines += [line for one in found for line in _lines(one)]
    if section == PROJECT and not found:
        lines.append("  none is configured; set SUPABASE_URL and SUPABASE_KEY")
    return "\n".join(lines)


def _lines(one: Setting) -> list[str]:
    default = "" if one.default in {"", ()} or one.secret else f"default {_text(one.default, one.unit)}"
    where = f"from {one.origin}" if one.origin else "default" if default else ""
    notes = "; ".join(part for part in (where, default if one.origin else "", one.bounds) if part)
    value = one.value if one.secret else _text(one.value, one.unit)
    first = f"  {one.name} = {value}" + (f"  ({notes})" if notes else "")
    what = textwrap.wrap(one.what, _WIDTH, initial_indent="      ", subsequent_indent="      ")
    names = f"      {', '.join(one.variables)}" if one.variables else ""
    return [first, *what, *([names] if names else [])]


def _text(value: Any, unit: str) -> str:
    match value:
        case None | "" | ():
            return NOT_SET
        case bool():
            return str(value).lower()
        case tuple():
            return " ".join(value)
        case int() | float():
            return f"{value:.10g} {unit}".rstrip()
    return str(value)
