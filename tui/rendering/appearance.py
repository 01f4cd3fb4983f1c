"""How everything is drawn: what the app hands to whatever draws."""

from collections.abc import Mapping

import msgspec
from rich.style import Style

from tui.rendering.text import Signs


class Appearance(msgspec.Struct, frozen=True, kw_only=True):
    """How everything is drawn: signs, styles by role, and which keys were moved."""

    signs: Signs
    styles: dict[str, Style]
    keymap: Mapping[str, str]
