"""The keys of the screen, struck out where the order behind one is not allowed."""

from collections.abc import Mapping

from rich.cells import cell_len

from core.act.orders import ORDERS
from core.snapshot import Snapshot
from tui.keys import Key
from tui.panels.panel import Panel
from tui.text import Line


class KeyLine(Panel):
    """One line at the bottom: the most important keys have the room, the help lists all."""

    keys: tuple[Key, ...] = ()
    keymap: Mapping[str, str] = {}

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Every key there is room for and what it does."""
        keys = [(key, key.shown(self.keymap)) for key in self.keys if key.drops < _NEVER]
        for drops in sorted({key.drops for key, _ in keys if key.drops}, reverse=True):
            if sum(cell_len(f" {shown} {key.word} ") for key, shown in keys) <= width + 1:
                break
            keys = [(key, shown) for key, shown in keys if key.drops != drops]
        observing = snapshot.project.observe and snapshot.project.orders_for_s is None
        line: Line = ()
        for key, shown in keys:
            refused = bool(key.order) and ORDERS[key.order].writes and observing
            line = (*line, (f" {shown}", "strong"), (f" {key.word} ", "struck" if refused else "dim"))
        return [(*line[:-1], (line[-1][0].rstrip(), line[-1][1]))] if line else []  # no word is cut for a blank


_NEVER = 22
"""From here on a key stands in the help alone."""
