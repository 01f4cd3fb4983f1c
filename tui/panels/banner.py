"""A lasting banner: what the operator must not forget about this screen."""

from rich.cells import cell_len

from core.domain.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.rendering.text import Line


class Banner(Panel):
    """A line, or a bar, there only while there is something to say."""

    _said: Line = ()

    def say(self, said: Line) -> None:
        """What it says; nothing takes it away."""
        self._said = said
        self.display = bool(said)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """The first of what was said, and as much of the rest as has the room, over the whole width.

        On a tall screen so broad that it is seen from across the room.
        """
        role = self._said[0][1] if self._said else "banner"
        text = ""
        for part, _ in self._said:
            more = f"{text} · {part}" if text else part
            text = more if not text or cell_len(more) < width else text
        blank: Line = ((" " * width, role),)
        said: Line = ((f" {text:<{max(0, width - 1)}}", role),)
        return [said if y == height // 2 else blank for y in range(height)]
