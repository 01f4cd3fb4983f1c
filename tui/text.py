"""What reaches the terminal: the net below every widget, drawn lines, signs, and ages in steps."""

import re
from datetime import datetime
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

Span = tuple[str, str]
"""A piece of text and the role it is painted in."""

Line = tuple[Span, ...]

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)

_STEPS: Final = (0, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 43200)


class Net(LineFilter):
    """Sees every segment of every widget: no control character and no link passes, whoever wrote it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, harmless."""
        return [self._safe(segment) for segment in segments]

    def _safe(self, segment: Segment) -> Segment:
        text, style, control = segment
        if control:
            return segment
        if _UNSAFE.search(text):
            text = _UNSAFE.sub("·", text)
        if style is not None and style.link:
            style = style.update_link(None)
        return Segment(text, style)


class Signs:
    """The signs beside the colours, in Unicode or in plain ASCII."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        self.ok, self.warning, self.critical, self.unknown = "+!X?" if ascii_only else "●▲✖?"
        self.beat = "|/-\\" if ascii_only else "◐◓◑◒"
        self.rule = "-" if ascii_only else "─"
        self.none = "-" if ascii_only else "—"

    def level(self, level: str) -> str:
        """The sign of a level."""
        return {"ok": self.ok, "warning": self.warning, "critical": self.critical}.get(level, self.unknown)


def age(at: datetime | None, now: datetime) -> str:
    """How old something is, in growing steps, so that an idle screen hardly changes: `5 s`, `2 min`, `1 h`."""
    if at is None:
        return ""
    seconds = max(0.0, (now - at).total_seconds())
    if seconds >= 86400:
        return f"{int(seconds // 86400)} d"
    step = max(s for s in _STEPS if s <= seconds)
    if step < 60:
        return f"{step} s" if step else "now"
    return f"{step // 60} min" if step < 3600 else f"{step // 3600} h"


def fit(line: Line, width: int) -> Line:
    """The line in exactly `width` cells: cut with an ellipsis, or filled up."""
    result: list[Span] = []
    left = width
    for text, role in line:
        cells = cell_len(text)
        if cells > left:
            if left > 0:
                result.append((set_cell_size(text, left - 1) + "…", role))
            return tuple(result)
        result.append((text, role))
        left -= cells
    if left:
        result.append((" " * left, "text"))
    return tuple(result)


def bar(done: int, total: int, width: int) -> str:
    full = 0 if total <= 0 else min(width, width * max(0, done) // total)
    return "█" * full + "░" * max(0, width - full)


def changed_cells(old: Line, new: Line) -> tuple[int, int]:
    """From which cell on, and up to which, two lines of one width differ: whole spans, so that no wide sign is cut."""
    shared = min(len(old), len(new))
    begin = next((n for n in range(shared) if old[n] != new[n]), shared)
    behind = next((n for n in range(shared - begin) if old[-1 - n] != new[-1 - n]), shared - begin)
    cells = [cell_len(text) for text, _ in new]
    return sum(cells[:begin]), sum(cells) - sum(cells[len(cells) - behind :])


def plain(line: Line) -> str:
    """The line without its roles."""
    return "".join(text for text, _ in line)


def style_of(role: str, palette: dict[str, Style]) -> Style:
    """The style of a role; an unknown role is plain text."""
    return palette.get(role, palette["text"])
