"""Wall mode: for a display that nobody touches, legible from three metres. It takes two keys only."""

from typing import Final

import msgspec
from textual import events
from textual.app import ComposeResult

from core.domain.snapshot import Snapshot
from tui.base.key import Key
from tui.panels import KeyLine
from tui.rendering.text import Line
from tui.screens.keys import SCREEN_KEYS
from tui.screens.view import View
from tui.wall.panel import WallPanel

_OWN: Final = {key.name: key for key in SCREEN_KEYS if key.name in {"wall", "quit"}}


class Wall(View):
    """The wall panel, and the key line below it."""

    AUTO_FOCUS = ""
    QUESTIONS = False
    holds = False
    """No summary is shown on it, and an absence of days is normal: its two keys always take effect."""

    def compose(self) -> ComposeResult:
        """Yield the panel and the key line."""
        yield WallPanel(*self._style, id="wall")
        keys = KeyLine(*self._style, id="keys")
        keys.keymap = self.ui.appearance.keymap
        yield keys

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw a snapshot, or that the screen is stale."""
        for panel in self.panels(WallPanel):
            panel.still = self.ui.stale_screen.since
        super().show(snapshot, banner)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The two keys: back and quit."""
        back = msgspec.structs.replace(_OWN["wall"], word="back", does="back to the dashboard")
        return (back, _OWN["quit"])

    def swallows(self, event: events.Event) -> bool:
        """Return whether the event is ignored here: every key but the two, every click, every paste.

        ctrl+c and ctrl+q tell how to quit, as anywhere.
        """
        if isinstance(event, events.Key):
            return {event.key, event.character, *event.aliases}.isdisjoint(self._heard())
        return isinstance(event, events.InputEvent | events.Paste)

    def _heard(self) -> set[str]:
        keymap = self.ui.appearance.keymap
        return {"ctrl+c", "ctrl+q", *(one for key in self.keys for one in keymap.get(key.name, key.key).split(","))}
