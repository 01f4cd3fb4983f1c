"""The words of alerts: how bad, how far along, who takes care of it, and one alert as it is kept on the disk."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.status import Truth

DISABLED: Final = "disabled"
"""Hides what is to be expected of a disabled system; no alert of its own."""


class Severity(StrEnum):
    """How bad. The order is that of the values below."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return _RANKS[self]


_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


class AlertState(StrEnum):
    """`inactive` is only remembered, for its changes; the others are shown."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Phase(StrEnum):
    """What is told of an alert."""

    FIRING = "firing"
    FLAPPING = "flapping"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    RESOLVED = "resolved"
    TOLD = "told"
    """A contact or channel took the message. Only a row says so."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert: one rule about one subject. Moments are wall time, the seconds are sums of elapsed time.

    `held_s`: known true without a known false between; `false_s`: known false; `quiet_s`: since it was last true.
    `changes`: when it went over, on `known_s`, the clock of its known evaluations. `told`: how many contacts were,
    `told_s`: how long ago; `here`: how many of them by this monitor. `by`: the operator who ordered what it is about.
    `messages`: how many it has caused. `seen_s`: for how long this monitor has known it to fire.
    """

    rule: str
    subject: str
    severity: Severity
    title: str
    text: str = ""
    runbook: str = ""
    stage: AlertState = AlertState.INACTIVE
    truth: Truth = Truth.UNKNOWN
    known: bool | None = None
    episode: str = ""
    began_at: datetime | None = None
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    held_s: float = 0.0
    trues: int = 0
    false_s: float | None = None
    quiet_s: float = 0.0
    known_s: float = 0.0
    changes: tuple[float, ...] = ()
    flapping: bool = False
    firing_s: float = 0.0
    told: int = 0
    told_s: float = 0.0
    messages: int = 0
    here: int = 0
    seen_s: float = 0.0
    by: str = ""
    logged: bool = False
    """A row of the project's log says that it fires, ours or another's."""
    reached: bool = False
    """A row of the project's log says that somebody was told."""
    alone: bool = False
    """This monitor told of it although another one was to: it tells the end, too."""
    owed: bool = False
    """It ended while another monitor was to say so, and nobody has heard that yet."""
    hidden: str = ""
    """The alert of which this one is but a consequence, by its title: neither told nor logged meanwhile."""
    behind: str = ""
    """The rule of that alert."""
    muted: str = ""
    """Why nobody is told at present: a silence, a column of the config row; empty while somebody is."""
    acked: str = ""
    """Who acknowledged it, while that holds."""

    @property
    def key(self) -> str:
        """Its name, `rule` or `rule:subject`."""
        return key_of(self.rule, self.subject)

    @property
    def active(self) -> bool:
        """Pending or firing."""
        return self.stage in {AlertState.PENDING, AlertState.FIRING}

    @property
    def firing(self) -> bool:
        """Whether it fires, muted or not."""
        return self.stage is AlertState.FIRING


class Ack(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody takes care of an episode, up to a severity. `id` is its audit row's run; `shared`: that is written."""

    id: str
    episode: str
    severity: Severity
    who: str
    at: datetime
    note: str = ""
    shared: bool = False


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is told of what matches until a moment; of what was told before, its end is. `ended_at`: taken back."""

    id: str
    matcher: str
    reason: str
    who: str
    at: datetime
    until: datetime
    ended_at: datetime | None = None
    shared: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether it still does."""
        return now < self.until and self.ended_at is None


def key_of(rule: str, subject: str) -> str:
    """The name of an alert."""
    return f"{rule}:{subject}" if subject and subject != rule else rule


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a test message to one address: `why` not accepted (empty: it was), and `how` it was."""

    name: str
    why: str = ""
    how: str = ""
