"""A sentence in place of a body that cannot be shown, and how to go on."""

from core.domain.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.panels.reader import wrap
from tui.rendering.text import Line


class Unavailable(Panel):
    """Shown in place of the body, while it has a text."""

    _said = ""

    def say(self, said: str) -> None:
        """Set the reason why the body is not shown; an empty one hides the panel."""
        self._said = said
        self.display = bool(said)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the sentence, wrapped, in the upper third of the panel."""
        told = [line for part in self._said.splitlines() for line in wrap((("  " + part, "warning"),), width)]
        return [()] * max(0, (height - len(told)) // 3) + told[:height]
