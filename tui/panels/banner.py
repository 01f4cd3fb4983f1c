"""A lasting banner: a warning about this screen that the operator must not overlook."""

from rich.cells import cell_len

from core.domain.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.rendering.text import Line


class Banner(Panel):
    """One line or a high bar, shown only while it has a text."""

    _said: Line = ()

    def say(self, said: Line) -> None:
        """Set the text; it stays until it is replaced. An empty one hides the banner."""
        self._said = said
        self.display = bool(said)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the first part of the text, and as many of the others as fit, over the whole width.

        On a tall screen the banner is several lines high, and the text is in the middle one.
        """
        role = self._said[0][1] if self._said else "banner"
        text = ""
        for part, _ in self._said:
            more = f"{text} · {part}" if text else part
            text = more if not text or cell_len(more) < width else text
        blank: Line = ((" " * width, role),)
        said: Line = ((f" {text:<{max(0, width - 1)}}", role),)
        return [said if y == height // 2 else blank for y in range(height)]
