"""The base of every screen: the top line, a banner where one is due, the body, and the keys."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget

from core.snapshot import Snapshot
from tui.front import Front
from tui.keys import GLOBAL_KEYS, Key
from tui.panels import AwayPanel, Banner, KeyLine, Panel, TopLine
from tui.screens.narrow import NarrowCompositor
from tui.text import Line


class View(Screen[None]):
    """`show` hands a snapshot to every panel; each draws what changed of it."""

    OWN_KEYS: ClassVar[tuple[Key, ...]] = ()
    """The keys that mean something here only."""

    def __init__(self, front: Front) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()
        self.front = front
        self._above: tuple[object, ...] = (False,)
        self._style = (front.look.signs, front.look.styles)

    def compose(self) -> ComposeResult:
        """Top, banner, body, keys."""
        yield TopLine(*self._style, id="top")
        yield Banner(*self._style, id="banner")
        yield AwayPanel(*self._style, id="away")
        with Container(id="body"):
            yield from self.body()
        keys = KeyLine(*self._style, id="keys")
        keys.keymap = self.front.look.keymap
        yield keys

    def body(self) -> Iterable[Widget]:
        """What stands between the top and the keys."""
        raise NotImplementedError

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every key that does something here: its own first."""
        return (*self.OWN_KEYS, *(key for key in GLOBAL_KEYS if key.name != "faults" or self.front.faults is not None))

    @property
    def copied(self) -> str:
        """What `y` copies here."""
        return ""

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw a snapshot. While it is coming up or going away there may be no panel, or only some."""
        for panel in self.query(Panel):
            if isinstance(panel, Banner):
                panel.say(banner)
            if isinstance(panel, TopLine):
                panel.still = bool(banner)
            if isinstance(panel, AwayPanel):
                presence = self.front.presence
                panel.put(presence.summary, presence.held, self.size.height // 3)
            if isinstance(panel, KeyLine):
                panel.keys = self.keys
            panel.show(snapshot)
        above = (bool(banner), *(panel.styles.height for panel in self.query(AwayPanel) if panel.display))
        if above != self._above:
            self._above = above
            self.call_after_refresh(self.front.repaint)  # the body has another size then, and room for other panels

    def on_screen_resume(self) -> None:
        """Something lay above it: what came meanwhile is drawn now."""
        self.front.repaint()

    def on_resize(self, event: Resize) -> None:
        """Choose the layout: wide, normal, small, or one line."""
        width, height = event.size
        self.set_class(width >= 160, "wide")
        self.set_class(height >= 40, "tall")
        self.set_class(width < 70 or height < 20, "small")
        self.set_class(height < 8 or width < 40, "line")
        self.front.repaint()
