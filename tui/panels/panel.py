"""The base of every panel: draws lines, and refreshes only the cells that changed."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from core.base.error_boundary import ErrorBoundary
from core.base.text import next_steps
from core.domain.snapshot import Snapshot, same_content
from tui.panels.layout import DashboardColumn, Slot, Wish
from tui.rendering.table import SteadyWidths
from tui.rendering.text import Line, Signs, changed_cells, fit, style_of


def as_many_as_fit(lines: list[Line], height: int) -> list[Line]:
    """Return the first lines, and the count of the others; where only one line fits, the first one alone."""
    if len(lines) <= height or height < 2:
        return lines[:height]
    return [*lines[: height - 1], ((f"  and {len(lines) - height + 1} more", "dim"),)]


STEADY_S: Final = 5.0
"""After so many seconds a steady panel is drawn all the same: some of what it tells runs with the time unannounced."""


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def stands(before: Snapshot | None, snapshot: Snapshot, for_s: float) -> bool:
    """Return whether a snapshot tells nothing that an earlier one did not, of less than `for_s` seconds before."""
    if before is None or not same_content(before, snapshot):
        return False
    return 0 <= (snapshot.at - before.at).total_seconds() < for_s


class Panel(Widget):
    """Shows one slice of the snapshot as lines. A subclass implements `lines`.

    One that fails unexpectedly shows the error in its place; the others are drawn.
    """

    NAME: ClassVar[str] = ""
    """Its name in the layout."""
    TITLE: ClassVar[str] = ""
    OPENS: ClassVar[str] = ""
    """The list that it is an extract of; empty: none."""
    BESIDE: ClassVar[str] = ""
    """Another list that some of its lines are an extract of; empty: none."""
    COLUMN: ClassVar[DashboardColumn] = DashboardColumn.RIGHT
    """Its place on the dashboard."""
    RANK: ClassVar[int] = 0
    """Its importance: where there are too few lines for all, the lowest rank loses lines first."""
    FILLS: ClassVar[int] = 0
    """Its priority for lines that are left over; the highest first."""
    GREEDY: ClassVar[bool] = False
    """True if it can use any number of lines."""

    STEADY: ClassVar[bool] = False
    """True if its lines are made of the snapshot, its size, its focus, `times` and `made_of` alone: seldom drawn."""

    times = False
    """True if moments are shown as times, not as ages."""
    raised = False
    """True if it lies on the theme's surface, above the ground of the screen."""
    shortcut = ""
    """The key that opens that list, shown before the title."""

    def __init__(self, signs: Signs, styles: dict[str, Style], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._signs = signs
        self._styles = styles
        self._snapshot: Snapshot | None = None
        self._drawn: list[Line] = []
        self._drawn_of: tuple[object, ...] = ()
        self._drawn_snapshot: Snapshot | None = None
        self._steady_s = 0.0
        self.stands_until: datetime | None = None
        """The moment until which a snapshot of the same content changes nothing of it; `None`: each may."""
        self._boundary = ErrorBoundary(lambda _: None)
        self._widths = SteadyWidths()

    @classmethod
    def slot(cls) -> Slot:
        """Return what the layout needs to know of it."""
        return Slot(name=cls.NAME, column=cls.COLUMN, rank=cls.RANK, fills=cls.FILLS, greedy=cls.GREEDY)

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Return the lines that it needs and could fill, in a column of `width` by `height` cells."""
        return Wish(1, height)

    def wished(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Return its wish, or a small one if that fails unexpectedly."""
        with self._boundary.around(f"the size of {self._called}"):
            return self.wish(snapshot, width, height)
        return Wish(2, 2)

    @property
    def opened(self) -> str:
        """Return the list or view that it opens now."""
        return self.OPENS

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the lines below the title, in `width` cells and at most `height` lines."""
        raise NotImplementedError

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title in the rule above."""
        return ((self.TITLE, "title"),)

    @property
    def made_of(self) -> object:
        """Return what else its lines are made of."""
        return None

    def part_of(self, snapshot: Snapshot) -> object:
        """Return all of a snapshot that its lines are made of, where that is little and no age; `None`: the whole."""
        return None

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; only lines that differ from what is shown are written."""
        self._snapshot = snapshot
        width, height = self.size
        if not width or not height:
            self.stands_until = _NEVER
            return
        part = self.part_of(snapshot)
        drawn_of = (self.size, self.has_focus, self.times, self.made_of, part)
        same = self.STEADY and drawn_of == self._drawn_of
        if same and (part is not None or stands(self._drawn_snapshot, snapshot, self._steady_s)):
            return
        self._drawn_of, self._drawn_snapshot = drawn_of, snapshot
        with self._boundary.around(self._called) as run, next_steps() as steps:
            lines = [fit(line, width) for line in self._all(snapshot, width, height)][:height]
        self._steady_s = min((STEADY_S, *steps))
        until = _NEVER if part is not None else snapshot.at + timedelta(seconds=self._steady_s)
        self.stands_until = until if self.STEADY else None
        if run.error is not None:
            lines = [fit(line, width) for line in (((self.TITLE, "title"),), ((f"  {run.text}", "critical"),))][
                -height:
            ]
        old, self._drawn = self._drawn, lines
        for y in range(max(len(lines), len(old))):
            if y >= len(lines) or y >= len(old):
                self.refresh(Region(0, y, width, 1))
            elif lines[y] != old[y]:
                begin, end = changed_cells(old[y], lines[y])
                self.refresh(Region(begin, y, end - begin, 1))

    def redraw(self) -> None:
        """Draw the snapshot that is shown once more, because something beside it changed."""
        self._drawn_of = ()
        if self._snapshot is not None:
            self.show(self._snapshot)

    def on_resize(self) -> None:
        """Draw anew in the new size."""
        self._drawn = []
        self.redraw()

    def on_focus(self) -> None:
        """Draw the title as focused."""
        self.redraw()

    def on_blur(self) -> None:
        """Draw the title as not focused."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """Return a drawn line for Textual. Between a change of size and `on_resize` it has the old size."""
        line = self._drawn[y] if y < len(self._drawn) else ()
        strip = Strip([Segment(text, self._style_of(role)) for text, role in line])
        return strip.adjust_cell_length(self.size.width, self._style_of("text"))

    def _style_of(self, role: str) -> Style:
        style = style_of(role, self._styles)
        own = style.bgcolor != self._styles["text"].bgcolor
        return style + self._styles["surface"] if self.raised and not own else style

    @property
    def _called(self) -> str:
        return f"the panel {self.TITLE or self.NAME or type(self).__name__}"

    def _all(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        if not self.TITLE:
            return self.lines(snapshot, width, height)
        rule = self._signs.rule
        title = self.title(snapshot)
        if self.has_focus and self.shortcut:
            title = ((f" {title[0][0]} ", "cursor"), *title[1:])
        shortcut: Line = ((f"{self.shortcut} ", "dim"),) if self.shortcut else ()
        head: Line = ((f"{rule} ", "rule"), *shortcut, *title)
        used = sum(cell_len(text) for text, _ in head)
        ruled: Line = (*head, (" " + rule * max(0, width - used - 1), "rule")) if used < width else head
        return [ruled, *self.lines(snapshot, width, height - 1)]
