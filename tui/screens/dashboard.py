"""The dashboard: all panels, laid out for any size of the terminal."""

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.widget import Widget

from core.domain.snapshot import Snapshot
from tui.actions.ui import Ui
from tui.lists import LISTS
from tui.panels import PANELS, Panel, TopLine
from tui.panels.layout import arrange
from tui.panels.panel import STEADY_S, stands
from tui.panels.topline import MARK, notice_lines
from tui.rendering.text import Line
from tui.screens.keys import OPEN_KEYS, SCREEN_KEYS
from tui.screens.view import View


class Dashboard(View):
    """The first view; each panel opens the list that it is an extract of."""

    AUTO_FOCUS = ""
    KEPT = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_panel", show=False),
        Binding("escape", "leave_panel", show=False),
    ]

    def __init__(self, ui: Ui) -> None:
        super().__init__(ui)
        self._placed: dict[str, Region] = {}
        self._placed_for: tuple[Size, Snapshot] | None = None

    def body(self) -> Iterable[Widget]:
        """Yield the panels; `arrange` lays them out."""
        keys = {key.name: key for key in (*OPEN_KEYS, *SCREEN_KEYS)}
        for kind in PANELS:
            panel = kind(*self._style, id=kind.NAME)
            panel.can_focus = True
            if kind.OPENS:
                opened = (keys[name] for name in (kind.BESIDE, kind.OPENS) if name)
                panel.shortcut = " ".join(key.last_shown(self.ui.appearance.keymap) for key in opened)
            yield panel

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw a snapshot; lay the panels out anew when their wishes change."""
        for top in self.panels(TopLine):
            top.set_class(bool(snapshot.notices), "noticed")
            top.set_class(len(notice_lines(snapshot.notices, self.size.width - MARK, 2)) > 1, "twice")
        self._place(snapshot)
        super().show(snapshot, banner)

    def action_open_panel(self) -> None:
        """Open the list of the focused panel, unless a dialog came between."""
        if not self.is_current:
            return
        if isinstance(self.focused, Panel) and self.focused.opened:
            self._open(self.focused.opened)
        else:
            self.ui.tell("tab goes to a panel, enter opens it")

    def action_leave_panel(self) -> None:
        """Return from the past, or else take the focus from the panel."""
        if self.ui.time.moment is None:
            self.set_focus(None)
        self.ui.time.now()

    def on_click(self, event: events.Click) -> None:
        """Open the list of the clicked panel, unless a dialog came between."""
        if self.is_current and isinstance(event.widget, Panel) and event.widget.opened:
            self._open(event.widget.opened)

    def _open(self, name: str) -> None:
        if name in LISTS:
            self.ui.visit(name)
        else:
            self.call_later(self.run_action, f"app.{name}")

    def _is_placed(self, snapshot: Snapshot, size: Size) -> bool:
        """Return whether the panels stand as this snapshot wants them; what runs with the time alone may wait a bit."""
        placed = self._placed_for
        return placed is not None and placed[0] == size and stands(placed[1], snapshot, STEADY_S)

    def _place(self, snapshot: Snapshot) -> None:
        size = self._body.size
        width, height = size
        if not width or not height or self._is_placed(snapshot, size):
            return
        panels = {panel.NAME: panel for panel in self.panels(Panel) if isinstance(panel, PANELS)}
        if len(panels) < len(PANELS):
            return
        self._placed_for = (size, snapshot)
        places = arrange(
            width,
            height,
            [kind.slot() for kind in PANELS],
            lambda name, wide, high: panels[name].wished(snapshot, wide, high),
        )
        if places == self._placed:
            return
        self._placed = places
        for name, panel in panels.items():
            place = places.get(name)
            panel.display = place is not None
            if place is not None:
                panel.styles.offset = (place.x, place.y)
                panel.styles.width, panel.styles.height = place.width, place.height
