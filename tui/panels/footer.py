"""The keys, struck out where the order behind one is not allowed."""

from core.act.orders import ORDERS
from core.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.text import Line

KEYS = (
    ("h", "heal", "heal"),
    ("r", "reset", "reset_breaker"),
    ("^e", "STOP", "emergency_stop"),
    ("u", "lift", "lift"),
    ("d", "dry", "dry_run_on"),
    ("c", "check", "check_now"),
    ("a", "ack", "acknowledge"),
    ("z", "silence", "silence"),
    ("p", "run", "run_pending"),
    ("o", "orders", ""),
    ("w", "restart", ""),
    ("?", "help", ""),
    ("^p", "menu", ""),
    ("q", "quit", ""),
)
DROPPED = ("^p", "w", "o", "p", "z", "d")
"""Keys that a narrow line leaves to the help, the first ones first."""


class KeyLine(Panel):
    """One line at the bottom."""

    faults = False

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Every key and what it does."""
        keys: tuple[tuple[str, str, str], ...] = (*KEYS[:8], ("x", "faults", ""), *KEYS[8:]) if self.faults else KEYS
        for dropped in DROPPED:
            if sum(len(f" {key} {word} ") for key, word, _ in keys) > width:
                keys = tuple(key for key in keys if key[0] != dropped)
        spans = []
        for key, word, order in keys:
            observing = snapshot.project.observe and snapshot.project.orders_for_s is None
            refused = bool(order) and ORDERS[order].writes and observing
            spans += [(f" {key}", "strong"), (f" {word} ", "struck" if refused else "dim")]
        return [tuple(spans)]
