"""Wall mode: for a display nobody touches, read from three metres. It takes no keys but its own two."""

from typing import Final

import msgspec
from textual import events
from textual.app import ComposeResult

from core.domain.snapshot import Snapshot
from tui.app.key import Key
from tui.app.keys import SCREEN_KEYS
from tui.panels import KeyLine
from tui.panels.wall import WallPanel, wall_styles
from tui.rendering.text import Line
from tui.screens.view import View

_OWN: Final = {key.name: key for key in SCREEN_KEYS if key.name in {"wall", "quit"}}


class Wall(View):
    """One panel, and a line of keys below it."""

    AUTO_FOCUS = ""
    QUESTIONS = False
    holds = False
    """There is no summary on it, and nobody is near it for days: its two keys do what they say."""

    def compose(self) -> ComposeResult:
        """The panel, and the two keys."""
        signs, styles = self._style
        yield WallPanel(signs, wall_styles(styles), id="wall")
        keys = KeyLine(*self._style, id="keys")
        keys.keymap = self.ui.appearance.keymap
        yield keys

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw a snapshot, or that nothing new comes any more."""
        for panel in self.query(WallPanel):
            panel.still = self.ui.stale_screen.since
        super().show(snapshot, banner)

    @property
    def keys(self) -> tuple[Key, ...]:
        """Back, and quit."""
        back = msgspec.structs.replace(_OWN["wall"], word="back", does="back to the dashboard")
        return (back, _OWN["quit"])

    def swallows(self, event: events.Event) -> bool:
        """Whether the event means nothing here: every key but the two, every click, every paste.

        ctrl+c and ctrl+q say what quits, as anywhere.
        """
        if isinstance(event, events.Key):
            return {event.key, event.character, *event.aliases}.isdisjoint(self._heard())
        return isinstance(event, events.InputEvent | events.Paste)

    def _heard(self) -> set[str]:
        keymap = self.ui.appearance.keymap
        return {"ctrl+c", "ctrl+q", *(one for key in self.keys for one in keymap.get(key.name, key.key).split(","))}
