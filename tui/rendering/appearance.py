"""The appearance of the screen, as the app hands it to everything that draws."""

from collections.abc import Mapping

import msgspec
from rich.style import Style

from tui.rendering.text import Signs


class Appearance(msgspec.Struct, frozen=True, kw_only=True):
    """The signs, the styles by role, and the keys that the operator has moved."""

    signs: Signs
    styles: dict[str, Style]
    keymap: Mapping[str, str]
