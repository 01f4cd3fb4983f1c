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
    ("Signs", "● fine  ▲ look  ✖ act  ? not known. A value with an age is last known, — was never measured."),
    (
        "State",
        "the first word, never better than any check or alert. STOPPED: an emergency stop is set · CRITICAL: act now ·"
        " WARNING: look · DISABLED: the agents take no tasks up · UNKNOWN: too little can be read · ACTIVE: tasks are"
        " running · HEALTHY: tasks were completed lately · WAITING: tasks are pending, none runs · REVIEW: tasks wait"
        " for a person, nothing else · IDLE: there is nothing to do. (last known): as it was when it was last read.",
    ),
    (
        "Link",
        "how fresh the screen is. CONNECTING: nothing was read yet · LIVE: read just now · STALE: polls were missed ·"
        " OFFLINE: the project is proven down · BLIND: nothing can be reached, so nothing is known of the project.",
    ),
    (
        "Agents",
        "production: they change things; dry-run: they complete tasks without doing them. To review: tasks that wait"
        " for a person's approval, and the age of the oldest. Observing: this monitor changes nothing.",
    ),
    (
        "Auto-heal",
        "on: this monitor repairs and stops without being asked. Off: it does so only by your keys, and why. Then: as"
        " whom it reads the project, and which of its two schemas that has. The sign at the end turns with each read.",
    ),
    (
        "Alerts",
        "pending: true, but not yet for long enough · firing: somebody must act · acknowledged: somebody takes care ·"
        " silenced: nobody is told for a while · inhibited: it follows from another alert · resolving: no longer true,"
        " but not yet for long enough · resolved: over · flapping: it comes and goes.",
    ),
    (
        "Severity",
        "critical: act now · high: look soon · medium: it can wait for an hour · low: for when you look next.",
    ),
    (
        "Past",
        "A heavy border and PAST: what the black box, the recording on this machine, kept of that moment. Actions need"
        " the present: 0 goes back.",
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
        f"99 of 100 turns of its loop within {own.lag_ms} ms" if own.lag_ms is not None else "",
        f"last refresh {took(shown.link.latency_s)}" if shown.link.latency_s is not None else "",
    ]
    return _named(("Monitor", " · ".join(filter(None, said)) or "not measured yet"))
