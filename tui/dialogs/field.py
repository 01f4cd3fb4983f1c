"""Where something is typed."""

from textual.reactive import reactive
from textual.widgets import Input


class Field(Input):
    """An input whose cursor stands still: blinking costs the line bytes and tells nobody anything."""

    cursor_blink = reactive(False, init=False)
