"""Alerts: their severity, state and phase, acknowledgements and silences, and one alert as it is stored."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from core.domain.maintenance import OnceWindow, SilencePeriod, WeeklyWindow
from core.domain.status import Level, Truth

DISABLED: Final = "disabled"
"""The rule name behind which alerts expected of a disabled system hide; no alert of its own."""

STOP_RULE: Final = "emergency_stop"
"""The rule about the emergency stop."""

SLOW_RULE: Final = "database_slow"
"""The rule about a database that answers slowly."""


class Severity(StrEnum):
    """The severity of an alert, in descending order."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """The rank of the severity; 0 is the worst."""
        return _RANKS[self]

    @property
    def level(self) -> Level:
        """Return the level at which it is shown; a low one is no warning."""
        return _LEVELS.get(self, Level.OK)


_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}
_LEVELS: Final = {Severity.CRITICAL: Level.CRITICAL, Severity.HIGH: Level.WARNING, Severity.MEDIUM: Level.WARNING}


class AlertState(StrEnum):
    """The state of an alert. `inactive` is only remembered, for its changes; the others are shown."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Phase(StrEnum):
    """The phase of an alert that a message or a row is about."""

    FIRING = "firing"
    FLAPPING = "flapping"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    RESOLVED = "resolved"
    TOLD = "told"
    """A contact or channel accepted the message. Only a row says so."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert: one rule about one subject. Times are wall time, the seconds are sums of elapsed time.

    `held_s`: known true without a known false between; `false_s`: known false; `quiet_s`: since it was last true.
    `changes`: when it changed, on `known_s`, the clock of its known evaluations. `told`: the number of contacts told,
    `told_s`: since then; `here`: the number told by this monitor. `by`: the operator whose action caused it.
    `messages`: the number sent. `seen_s`: for how long this monitor has known it to fire.
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
    over: bool = False
    """Its condition did not hold for long enough to resolve, though it still fires: if it holds again, that is news."""
    left: str = ""
    """The last episode whose end this monitor saw itself."""
    here: int = 0
    seen_s: float = 0.0
    by: str = ""
    logged: bool = False
    """A row of the project's log says that it fires, ours or another's."""
    reached: bool = False
    """A row of the project's log says that somebody was told."""
    alone: bool = False
    """This monitor sent it although another one should have: it sends the end, too."""
    owed: bool = False
    """The alert ended while another monitor should have said so, and nobody was told yet."""
    hidden: str = ""
    """The title of the alert of which this one is a consequence: neither sent nor logged meanwhile."""
    behind: str = ""
    """The rule of that alert."""
    muted: str = ""
    """The reason why nobody is told at present: a silence, a column of the config row; empty while somebody is."""
    acked: str = ""
    """The operator who acknowledged it, while that holds."""

    @property
    def key(self) -> str:
        """The name, `rule` or `rule:subject`."""
        return key_of(self.rule, self.subject)

    @property
    def unheard(self) -> bool:
        """Return whether it was hidden ever since it began: nobody was told of it, nor the log."""
        return bool(self.hidden) and not (self.messages or self.logged)

    def why_hidden(self, cause: "Alert | None") -> str:
        """Return why it is hidden behind `cause`, the alert that hides it; empty where it is not, or is over.

        What is low while all is stopped may have been so before, and nothing follows from what began after it.
        """
        if not self.hidden or not self.active or (cause is None and self.behind != DISABLED):
            return ""
        if cause is None or self.behind == STOP_RULE or _later(cause.began_at, self.began_at):
            words = "held back while"
        else:
            words = "follows from"
        acked = " (acknowledged)" if cause is not None and cause.acked else ""
        return f"{words}: {self.hidden}{acked}"

    @property
    def active(self) -> bool:
        """Return whether it is pending or firing."""
        return self.stage in {AlertState.PENDING, AlertState.FIRING}

    @property
    def firing(self) -> bool:
        """Return whether it fires, muted or not."""
        return self.stage is AlertState.FIRING


class Ack(msgspec.Struct, frozen=True, kw_only=True):
    """An acknowledgement of an episode, up to a severity. `id`: its audit row's run; `shared`: that is written."""

    id: str
    episode: str
    severity: Severity
    who: str
    at: datetime
    note: str = ""
    shared: bool = False


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A silence until a moment; the end of what was told before is told all the same. `ended_at`: revoked.

    One with a `window` holds only within that, and its `until` is `at`: so a version that knows no windows takes it for
    over, and hides nothing. `skipped`: one of its windows was ended alone, at this moment or later it may hold again.
    """

    id: str
    matcher: str
    reason: str
    who: str
    at: datetime
    until: datetime
    ended_at: datetime | None = None
    shared: bool = False
    window: OnceWindow | WeeklyWindow | None = None
    skipped: datetime | None = None
    period: SilencePeriod | None = None
    """Only in a snapshot: when it holds now, or next; `None` where that is not known."""
    title: str = ""
    """Not kept: the title of the alerts whose name its matcher is; empty where it is none, or of several."""

    @property
    def called(self) -> str:
        """What it is about, for people: the title, else the matcher."""
        return f'"{self.title}"' if self.title else self.matcher

    def periods(self, now: datetime) -> Iterator[SilencePeriod]:
        """Yield when it holds, now and from now on: of a weekly one those of about two weeks.

        Who knows of it knows that it was made: it holds from `at` on, but also by a clock that has not come so far.
        """
        if self.ended_at is not None:
            return
        if self.window is None:
            if now < self.until:
                yield SilencePeriod(self.at, self.until)
            return
        made = min(self.at, now)
        least = made if self.skipped is None else max(made, self.skipped)
        for one in self.window.periods(max(now, least)):
            yield SilencePeriod(max(one.since, least), one.until)

    def holding(self, now: datetime) -> SilencePeriod | None:
        """Return the period in which it holds now, if it does."""
        first = next(self.periods(now), None)
        return first if first is not None and (self.window is None or first.since <= now) else None

    def holds(self, now: datetime) -> bool:
        """Return whether it is in force now."""
        return self.holding(now) is not None

    def over(self, now: datetime) -> bool:
        """Return whether it will never be in force again."""
        last = self.last
        return self.ended_at is not None or (last is not None and last <= now)

    @property
    def last(self) -> datetime | None:
        """The end after which it never holds; `None` for a weekly one that goes on until it is ended."""
        return self.until if self.window is None else self.window.until

    def with_word(self, other: "Silence") -> "Silence":
        """Return it with what another monitor knows of its end, or of the end of one of its windows."""
        skipped = max(filter(None, (self.skipped, other.skipped)), default=None)
        return msgspec.structs.replace(self, ended_at=self.ended_at or other.ended_at, skipped=skipped)


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one > other


def key_of(rule: str, subject: str) -> str:
    """Return the name of an alert."""
    return f"{rule}:{subject}" if subject and subject != rule else rule


def fits(matcher: str, names: Iterable[str]) -> bool:
    """Return whether a silence's matcher fits one of an alert's names; `*` and `?` are wildcards."""
    return any(fnmatchcase(name.lower(), matcher.strip().lower()) for name in names)


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a test message to one address: `why` not accepted (empty: it was), and `how` it was."""

    name: str
    why: str = ""
    how: str = ""
