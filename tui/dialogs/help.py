"""Help, made from the keys themselves: those of the screen it was asked on, and why one is refused."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from core.domain.snapshot import Snapshot
from tui.base.key import Key
from tui.dialogs.leaving import Leaving
from tui.panels.reader import Reader
from tui.rendering.appearance import Appearance
from tui.rendering.text import Line, took

_WORDS: Final = (
    ("Lists", "↑ ↓ PgUp PgDn Home End, or j k g G ^f ^b ^d ^u, move; a click goes to a row, another one opens it."),
    ("Dashboard", "Tab goes to the next panel, enter or a click opens it, and so does the digit before its title."),
    ("Signs", "● ok  ▲ warning  ✖ critical  ? unknown. A value with an age is last known, — was never measured."),
    (
        "Ages",
        "of a task: since it ended; while it runs, since it began; else since it was filed, and so where it is not"
        " known when it ended. What shares a line has the age of the oldest.",
    ),
    (
        "State",
        "the first word, never better than any check or alert. STOPPED: an emergency stop is set · CRITICAL: act now ·"
        " WARNING: look · DISABLED: the agents pick up no tasks · UNKNOWN: too little can be read · ACTIVE: tasks are"
        " running · HEALTHY: a task was completed within the last hour · WAITING: tasks are pending, none runs ·"
        " REVIEW: tasks wait for a person, nothing else · IDLE: there is nothing to do. (last known): the state at the"
        " last successful read.",
    ),
    (
        "Link",
        "how fresh the screen is. CONNECTING: nothing was read yet · LIVE: read just now · STALE: polls were missed ·"
        " OFFLINE: the project is down · BLIND: this machine cannot reach the project, so its state is unknown.",
    ),
    (
        "Agents",
        "production: they change things; dry-run: they complete tasks without doing them. To review: tasks that wait"
        " for a person's approval, and the age of the oldest. Observing: this monitor changes nothing.",
    ),
    (
        "Auto-heal",
        "on: this monitor heals and stops automatically. Off: only when you press a key; the reason is shown. After"
        " that: the account it reads with, and the schema variant. The sign at the right turns with each read.",
    ),
    (
        "Alerts",
        "pending: the condition holds, but not for long enough yet · firing: somebody must act · acknowledged: somebody"
        " is handling it · silenced: no notifications for a while · inhibited: another alert already covers it, so"
        " nobody is notified · resolving: the condition has ended, but not for long enough yet · resolved: it has"
        " ended · flapping: it keeps firing and resolving.",
    ),
    (
        "Severity",
        "critical: act now · high: look soon · medium: it can wait for an hour · low: for when you look next.",
    ),
    (
        "Past",
        "A heavy border and PAST: the screen as the black box (the recording on this machine) stored it at that time."
        " Actions work only in the present: press 0 to go back.",
    ),
    ("Dialogs", "show what would change now and begin on Cancel. Verified: read back from the project. Escape leaves."),
)


class HelpDialog(Leaving[None]):
    """Standing notices in full, then every key with what it does, and why one does nothing now."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "close")]

    def __init__(self, look: Appearance, keys: Sequence[Key], refused: Mapping[str, str], shown: Snapshot) -> None:
        super().__init__(classes="choice")
        self._look = look
        self._keys = keys
        self._refused = refused
        self._shown = shown
        self._reader = Reader(look.signs, look.styles, id="help")
        self._reader.raised = True

    def compose(self) -> ComposeResult:
        """Something to read."""
        with Vertical(id="box"):
            yield self._reader

    def on_mount(self) -> None:
        """Give the text the focus."""
        self._reader.head = (("Help", "title"), ("  escape closes", "dim"))
        self._reader.put([*self._notices(), *map(self._line, self._keys), (), *map(_named, _WORDS), _own(self._shown)])
        self._reader.show(self._shown)
        self.set_focus(self._reader)

    def _notices(self) -> list[Line]:
        told: list[Line] = [(("!  ", "warning"), (notice, "warning")) for notice in self._shown.notices]
        return [*told, ()] if told else []

    def _line(self, key: Key) -> Line:
        why = f" (not now: {self._refused[key.name]})" if key.name in self._refused else ""
        role = "struck" if why else "text"
        return ((f"{key.shown(self._look.keymap):>8}  ", "strong"), (key.does, role), (why, "warning"))


def _named(words: tuple[str, str]) -> Line:
    name, text = words
    return ((f"{name:<9}  ", "title"), (text, "dim"))


def _own(shown: Snapshot) -> Line:
    """This monitor's own figures; what is out of bounds stands above, as a notice."""
    own = shown.own
    said = [
        f"{own.memory_mb} MB of memory" if own.memory_mb is not None else "",
        f"event loop lag p99 {own.lag_ms} ms" if own.lag_ms is not None else "",
        f"last refresh {took(shown.link.latency_s)}" if shown.link.latency_s is not None else "",
    ]
    return _named(("Monitor", " · ".join(filter(None, said)) or "not measured yet"))
