"""The record of an incident: what was seen of a window of time, in the order it happened."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.history.blackbox import GAP_S, Note, WatchedSpan

EDGE: Final = timedelta(seconds=GAP_S)
"""At the ends of a window nothing need have been written for so long, although somebody looked."""

_WITHIN: Final = timedelta(seconds=1)


class Origin(StrEnum):
    """Whose doing a line of the timeline is. `seen`: a state that the pictures show; `nobody`: there are none."""

    OPERATOR = "operator"
    WATCHDOG = "watchdog"
    AGENTS = "agents"
    WATCHDESK = "watchdesk"
    SEEN = "seen"
    NOTE = "note"
    NOBODY = "nobody"


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline. `here`: it was done on this machine. `run`: the order's, if it is one.

    `who` is empty where nobody did it.
    """

    at: datetime
    origin: Origin
    text: str
    who: str = ""
    here: bool = True
    level: Level = Level.OK
    run: str = ""

    @property
    def order(self) -> bool:
        """Whether somebody ordered it."""
        return bool(self.run) and self.origin in {Origin.OPERATOR, Origin.WATCHDOG}


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A word that held from here to there while somebody looked, and why it began to."""

    word: str
    why: str
    since: datetime
    until: datetime

    @property
    def length_s(self) -> float:
        """How long, in seconds."""
        return (self.until - self.since).total_seconds()


class AlertCourse(msgspec.Struct, frozen=True, kw_only=True):
    """One alert from its beginning to its end. `acked_at`: when it was first seen that somebody takes care.

    `acked_before`: instead of it, where somebody did so before it was looked at. `seen_until`: until when it was seen
    to fire; only with `resolved_at` is it known that it ended. `well`: its condition did not hold when last seen.
    """

    key: str
    severity: str
    title: str
    text: str
    fired_at: datetime
    acked_by: str = ""
    acked_at: datetime | None = None
    acked_before: datetime | None = None
    muted: str = ""
    seen_until: datetime | None = None
    resolved_at: datetime | None = None
    well: bool = False


class BreakerCourse(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker from when it opened, or was held, until it closed. `closed_at`: `None` if that was not seen."""

    key: str
    since: datetime
    closed_at: datetime | None = None
    held_by: str = ""
    why: str = ""


class KpiCourse(msgspec.Struct, frozen=True, kw_only=True):
    """One figure over the window, as it was shown: at its beginning, at its worst, at its end."""

    name: str
    title: str
    target: str
    first: str
    worst: str
    last: str


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What the counts of tasks gained from one picture to the next; `exact` unless a server only estimated."""

    failed: int = 0
    rejected: int = 0
    completed: int = 0
    exact: bool = True
    counted: bool = False
    """Whether they were ever counted: else nothing is known of what they gained."""


class When(StrEnum):
    """Which of the pictures a moment is."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class TurningPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A picture worth a look, and what it is of, in words."""

    when: When
    what: str
    picture: Snapshot


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `asked`: what is missing of the project's log and why, in words that go on; empty if nothing is.

    `begins_at`: when the black box begins; what was before, it has no more, or never had. `looks`: of which time it has
    pictures; in between it may have been off, without room or damaged, or nobody looked. `states`, `links`: the oldest
    first.
    """

    project: str
    url: str
    host: str
    made_at: datetime
    since: datetime
    until: datetime
    asked: str = ""
    notices: tuple[str, ...] = ()
    begins_at: datetime | None = None
    looks: tuple[WatchedSpan, ...] = ()
    states: tuple[Stay, ...] = ()
    links: tuple[Stay, ...] = ()
    tasks: Tally = Tally()
    timeline: tuple[TimelineEntry, ...] = ()
    alerts: tuple[AlertCourse, ...] = ()
    breakers: tuple[BreakerCourse, ...] = ()
    kpis: tuple[KpiCourse, ...] = ()
    notes: tuple[Note, ...] = ()
    moments: tuple[TurningPoint, ...] = ()

    @property
    def looked_s(self) -> float:
        """Of how much of the window there are pictures, in seconds."""
        return sum((look.until - look.since).total_seconds() for look in self.looks)

    @property
    def gaps(self) -> tuple[WatchedSpan, ...]:
        """From when until when there are no pictures, the oldest first."""
        edges = [self.since, *(edge for look in self.looks for edge in (look.since, look.until)), self.until]
        gaps = tuple(WatchedSpan(began, ended) for began, ended in zip(edges[::2], edges[1::2], strict=True))
        return tuple(gap for gap in gaps if gap.until - gap.since > self._least(gap))

    def before_all(self, gap: WatchedSpan) -> bool:
        """Whether the black box did not begin before its end."""
        return self.begins_at is not None and gap.until <= self.begins_at

    def _least(self, gap: WatchedSpan) -> timedelta:
        """At the edges nothing need have been written for a while; within, a process ended and another began."""
        return EDGE if gap.since == self.since or gap.until == self.until else _WITHIN
