"""Something long to read: lines, wrapped to the width, scrolled by keys or the wheel."""

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells

from core.domain.snapshot import Snapshot
from tui.panels.scrolled import Scrolled
from tui.rendering.text import Line, Span


class Reader(Scrolled):
    """Keeps its place when what it shows is read anew."""

    TITLE = "text"

    head: Line = ()
    """What the rule above says."""

    _text: Sequence[Line] = ()
    _top = 0

    def put(self, text: Sequence[Line]) -> None:
        """Show another text, or the same one changed."""
        self._text = text

    def move(self, by: int) -> None:
        """So many lines on, or back."""
        self._top = max(0, self._top + by)
        self.redraw()

    def screenful(self) -> int:
        """All but the rule, and a line that was already read."""
        return self.size.height - 2

    def title(self, snapshot: Snapshot) -> Line:
        """What it is, and how far down."""
        return self.head

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """What is in sight."""
        wrapped = [part for line in self._text for part in wrap(line, width)]
        self._top = max(0, min(self._top, len(wrapped) - height))
        shown = wrapped[self._top : self._top + height]
        left = len(wrapped) - self._top - height
        if left > 0 and shown:
            shown[-1] = ((f"  … {left + 1:,} more lines", "dim"),)
        return shown


def wrap(line: Line, width: int) -> list[Line]:
    """The line in as many of `width` cells as it takes; what goes on below is as far in as the text began."""
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
    """As many whole words as have the room; a word that has not even a line (`anew`) to itself is cut."""
    if cell_len(text) <= room:
        return text
    part = chop_cells(text, room)[0] if room > 0 else ""
    if text[len(part) : len(part) + 1] == " ":
        return part
    words = part[: part.rfind(" ") + 1]
    return words if words.strip() or not anew else part
