"""The key line of the screen: a key is struck out where its action is not allowed."""

from collections.abc import Mapping

from rich.cells import cell_len

from core.actions.catalogue import ACTIONS
from core.domain.snapshot import Snapshot
from tui.base.key import NOTE, Key
from tui.panels.panel import Panel
from tui.rendering.text import Line


class KeyLine(Panel):
    """One line at the bottom: the most important keys that fit; the help lists all."""

    keys: tuple[Key, ...] = ()
    """The keys that do something now, the most important first."""
    keymap: Mapping[str, str] = {}
    past = False
    """True while the screen shows the past, in which no action is possible."""

    STEADY = True
    raised = True
    notes = True
    """True if a note may be kept."""

    @property
    def made_of(self) -> object:
        """Return the keys, and what decides which of them are struck out."""
        return self.keys, self.past, self.notes

    def part_of(self, snapshot: Snapshot) -> object:
        """Return whether nothing may be changed now."""
        return snapshot.project.observe and snapshot.project.orders_for_s is None

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the keys that fit, each with what it does."""
        keys = [(key, key.shown(self.keymap)) for key in self.keys if key.drops < _NEVER]
        for drops in sorted({key.drops for key, _ in keys if key.drops}, reverse=True):
            if sum(cell_len(f" {shown} {key.word} ") for key, shown in keys) <= width + 1:
                break
            keys = [(key, shown) for key, shown in keys if key.drops != drops]
        observing = self.part_of(snapshot)
        line: Line = ()
        for key, shown in keys:
            refused = bool(key.order) and ACTIONS[key.order].writes and observing
            refused = refused or (self.past and key.acts) or (not self.notes and key.name == NOTE)
            line = (*line, (f" {shown} ", "strong"), (key.word, "struck" if refused else "dim"), (" ", "dim"))
        return [line[:-1]]


_NEVER = 22
"""Keys with `drops` of this or more are listed in the help only."""
