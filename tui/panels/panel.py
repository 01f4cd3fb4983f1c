"""The base of every panel: draws lines, and refreshes only those that changed."""

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from core.snapshot import Snapshot
from tui.text import Line, Signs, fit, style_of


class Panel(Widget):
    """One slice of the snapshot as lines. A subclass says which in `lines`."""

    TITLE = ""

    def __init__(self, signs: Signs, styles: dict[str, Style], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._signs = signs
        self._styles = styles
        self._snapshot: Snapshot | None = None
        self._drawn: list[Line] = []

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """What to draw below the title, in `width` cells and at most `height` lines."""
        raise NotImplementedError

    def title(self, snapshot: Snapshot) -> Line:
        """What stands in the rule above."""
        return ((self.TITLE, "title"),)

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; only lines that differ from what is shown are written."""
        self._snapshot = snapshot
        width, height = self.size
        if not width or not height:
            return
        lines = [fit(line, width) for line in self._all(snapshot, width, height)][:height]
        old, self._drawn = self._drawn, lines
        for y in range(max(len(lines), len(old))):
            if y >= len(lines) or y >= len(old) or lines[y] != old[y]:
                self.refresh(Region(0, y, width, 1))

    def on_resize(self) -> None:
        """Draw anew in the new size."""
        self._drawn = []
        if self._snapshot is not None:
            self.show(self._snapshot)

    def render_line(self, y: int) -> Strip:
        """One drawn line, as Textual asks for it."""
        width = self.size.width
        line = self._drawn[y] if y < len(self._drawn) else ((" " * width, "text"),)
        return Strip([Segment(text, style_of(role, self._styles)) for text, role in line], width)

    def _all(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        if not self.TITLE:
            return self.lines(snapshot, width, height)
        rule = self._signs.rule
        head: Line = ((f"{rule} ", "dim"), *self.title(snapshot), (f" {rule * width}", "dim"))
        # The rule is as long as it takes: no ellipsis at its end.
        cut = fit(head, width + 1)[:-1] if width > 1 else head
        return [self._ruled(cut, width), *self.lines(snapshot, width, height - 1)]

    def _ruled(self, head: Line, width: int) -> Line:
        used = sum(len(text) for text, _ in head)
        return (*head, (" " + self._signs.rule * max(0, width - used - 1), "dim")) if used < width else head
