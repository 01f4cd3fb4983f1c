"""One sentence where nothing can be shown, and what leads on from there."""

from core.domain.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.panels.reader import wrap
from tui.rendering.text import Line


class Instead(Panel):
    """There only while there is something to say."""

    _said = ""

    def say(self, said: str) -> None:
        """Why nothing stands here."""
        self._said = said
        self.display = bool(said)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """The sentence, wrapped, in the middle of where it stands."""
        told = [line for part in self._said.splitlines() for line in wrap((("  " + part, "warning"),), width)]
        return [()] * max(0, (height - len(told)) // 3) + told[:height]
