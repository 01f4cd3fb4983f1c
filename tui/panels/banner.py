"""A lasting banner: what the operator must not forget about this screen."""

from core.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.text import Line


class Banner(Panel):
    """A line, or a bar, there only while there is something to say."""

    _said: Line = ()

    def say(self, said: Line) -> None:
        """What it says; nothing takes it away."""
        self._said = said
        self.display = bool(said)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """What was said, over the whole width; on a tall screen so broad that it is seen from across the room."""
        text = " ".join(part for part, _ in self._said)
        blank: Line = ((" " * width, "banner"),)
        said: Line = ((f" {text:<{max(0, width - 1)}}", "banner"),)
        return [said if y == height // 2 else blank for y in range(height)]
