"""A long text: lines, wrapped to the width, scrolled by keys or the wheel."""

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells

from core.domain.snapshot import Snapshot
from tui.panels.scrolled import Scrolled
from tui.rendering.text import Line, Span


class Reader(Scrolled):
    """A scrolled text that keeps its position when it is replaced."""

    TITLE = "text"

    head: Line = ()
    """The title in the rule above."""

    _text: Sequence[Line] = ()
    _top = 0

    def put(self, text: Sequence[Line]) -> None:
        """Replace the text."""
        self._text = text

    def move(self, by: int) -> None:
        """Scroll by so many lines; negative: up."""
        self._top = max(0, self._top + by)
        self.redraw()

    def screenful(self) -> int:
        """Return the lines of a page: all but the title, and one that was on the page before."""
        return self.size.height - 2

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title."""
        return self.head

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the visible lines."""
        wrapped = [part for line in self._text for part in wrap(line, width)]
        self._top = max(0, min(self._top, len(wrapped) - height))
        shown = wrapped[self._top : self._top + height]
        left = len(wrapped) - self._top - height
        if left > 0 and shown:
            shown[-1] = ((f"  … {left + 1:,} more lines", "dim"),)
        return shown


def wrap(line: Line, width: int) -> list[Line]:
    """Return the line wrapped to `width` cells; continuation lines are indented as far as the text begins."""
    if sum(cell_len(text) for text, _ in line) <= width or width < 8 or not line:
        return [line]
    first = line[0][0]
    named = first.endswith("  ") and len(line) > 1  # a name before its text: what goes on stands below the text
    inset = min(cell_len(first) if named else len(first) - len(first.lstrip(" ")), width // 2)
    wrapped: list[Line] = []
    current: list[Span] = []
    used = 0
    for text, role in line:
        rest = text
        while rest:
            part = _that_fits(rest, width - used, anew=not any(said.strip() for said, _ in current))
            if part:
                current.append((part, role))
                used += cell_len(part)
                rest = rest[len(part) :]
            if rest:
                wrapped.append(tuple(current))
                current, used = [(" " * inset, "text")], inset
                rest = rest.lstrip(" ")
    return [*wrapped, tuple(current)]


def _that_fits(text: str, room: int, *, anew: bool) -> str:
    """Return as many whole words as fit; a word that does not fit on a line of its own (`anew`) is cut."""
    if cell_len(text) <= room:
        return text
    part = chop_cells(text, room)[0] if room > 0 else ""
    if text[len(part) : len(part) + 1] == " ":
        return part
    words = part[: part.rfind(" ") + 1]
    return words if words.strip() or not anew else part
