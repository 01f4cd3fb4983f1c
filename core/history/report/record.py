"""The record of an incident: the events observed in a window of time, in order."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.actors import By
from core.domain.events import Change
from core.domain.snapshot import LinkWord, Snapshot, State
from core.domain.status import Level
from core.domain.work_done import WorkDone
from core.history.blackbox import GAP_S, Note, WatchedSpan

EDGE: Final = timedelta(seconds=GAP_S)
"""The time at the ends of a window for which nothing need have been written, although it was observed."""

_WITHIN: Final = timedelta(seconds=1)


_GRAVEST: Final = ({LinkWord.OFFLINE.value, State.CRITICAL.value}, {State.STOPPED.value})


def gravity_rank(word: str) -> int:
    """Return how grave a word of the state or the connection is, 0 the gravest."""
    return next((rank for rank, words in enumerate(_GRAVEST) if word in words), len(_GRAVEST))


class Origin(StrEnum):
    """The origin of a line in the timeline. `seen`: a state that snapshots show; `nobody`: there are none."""

    OPERATOR = By.OPERATOR.value
    WATCHDOG = By.WATCHDOG.value
    AGENTS = By.AGENTS.value
    WATCHDESK = By.WATCHDESK.value
    SEEN = "seen"
    NOTE = "note"
    NOBODY = "nobody"


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline. `here`: it was done on this machine. `run`: the action's run, if it is one.

    `who` is empty where nobody did it. `what`: the kind and fields of an event of this machine.
    `word`: the beginning of `text` that is set off. `why`: its reason alone, which `text` has too. `action`: the name
    of the action it is, if it is one. `written_at`: when it was written, where that was later.
    """

    at: datetime
    origin: Origin
    text: str
    who: str = ""
    here: bool = True
    level: Level = Level.OK
    run: str = ""
    what: Change | None = None
    word: str = ""
    why: str = ""
    action: str = ""
    written_at: datetime | None = None

    @property
    def order(self) -> bool:
        """Return whether the line is about an action of an operator or a watchdog; one that wrote no row has no run."""
        return bool(self.run or self.action) and self.origin in {Origin.OPERATOR, Origin.WATCHDOG}


class StatePeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A word that held for a period of observation, and the reason it began."""

    word: str
    why: str
    since: datetime
    until: datetime

    @property
    def length_s(self) -> float:
        """The length in seconds."""
        return (self.until - self.since).total_seconds()


class AlertCourse(msgspec.Struct, frozen=True, kw_only=True):
    """One alert from its beginning to its end. `acked_at`: when its acknowledgement was first seen.

    `acked_before`: instead, where it was acknowledged before the first snapshot. `seen_until`: until when it was seen
    to fire; only with `resolved_at` is its end known. `well`: its condition did not hold when last seen. `began_at`:
    when its condition began to hold, and it was pending. `of_rows`: only rows of the project's log tell of it, and not
    whether it was acknowledged.
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
    began_at: datetime | None = None
    of_rows: bool = False


class SilenceCourse(msgspec.Struct, frozen=True, kw_only=True):
    """A silence that held, or one window of it. `until`: its end, or when it was seen to end. `words`: if weekly.

    `called`: what it is about, for people.
    """

    matcher: str
    called: str
    reason: str
    who: str
    since: datetime
    until: datetime
    words: str = ""


class BreakerCourse(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker from its opening, or hold, until it closed. `closed_at`: `None` if that was not seen."""

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


class IncidentStep(StrEnum):
    """The times by which an incident is measured, in the order in which they should come."""

    BEGAN = "began"
    DETECTED = "detected"
    TOLD = "told"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """One of the times of an incident. `at` is `None` where it is not known, or did not come: `how` says which."""

    step: IncidentStep
    at: datetime | None
    how: str
    who: str = ""


class TurningEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What turned an incident, in one sentence: its cause, or what came of it. `who`: who did it, if somebody did."""

    at: datetime
    text: str
    who: str = ""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How often a task was seen to fail, to be rejected and to complete; `exact` unless a server only estimated.

    It is the sum of the rises of the counts: a task that was requeued counts each time, and what came and went between
    two snapshots does not. `stuck`: the most tasks that were stuck at once.
    """

    stuck: int = 0
    failed: int = 0
    rejected: int = 0
    completed: int = 0
    exact: bool = True
    counted: bool = False
    """The tasks were counted at all: else nothing is known of the rise."""


class IncidentCourse(msgspec.Struct, frozen=True, kw_only=True):
    """An incident: what began it, what followed, and its times. `since`, `until`: when it was seen, at least.

    `worst`: the gravest word of the state or the connection, empty where nobody watched. `cut_off_s`: for how long the
    project did not answer. `failed`: how often the agents' work failed. `more`: how much else followed than `then`
    has. `tasks`: the rise of the counts from its beginning to its end.
    """

    since: datetime
    until: datetime
    cause: TurningEvent
    then: tuple[TurningEvent, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    worst: str = ""
    more: int = 0
    cut_off_s: float = 0.0
    failed: int = 0
    tasks: Tally = Tally()

    def at(self, step: IncidentStep) -> datetime | None:
        """Return when it was that far; `None` where that is not known, or never was."""
        return next((one.at for one in self.milestones if one.step is step), None)

    @property
    def length_s(self) -> float:
        """The length in seconds, as far as it was seen."""
        return (self.until - self.since).total_seconds()


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """The last snapshot in figures, as the screen showed them: state, tasks by status, success rate, alerts, stuck."""

    at: datetime
    state: str
    state_why: str
    tasks: str
    success_24h: str
    alerts: str


class ErrorCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often the agents' work failed with one error, given as it was first written."""

    error: str
    count: int


class When(StrEnum):
    """The position of a turning point in the incident."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class TurningPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A telling snapshot, with its title in words."""

    when: When
    what: str
    snapshot: Snapshot


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. `asked`: what is missing of the project's log and why, in words; empty if nothing is.

    `begins_at`: when the black box begins; it has nothing from before. `looks`: the observed periods; in between the
    box may have been off, without room or damaged, or no monitor ran. `states`, `links`: the oldest first. `unseen`:
    why the black box has nothing of the window, in words; empty if it has. `work`: what the task table says now, `None`
    where it could not be read. `addresses`: how many contacts and channels there were; `None` where that is not known.
    `errors`, `failed_at`: the most frequent errors of failed steps and tasks, and when each of those failed.
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
    states: tuple[StatePeriod, ...] = ()
    links: tuple[StatePeriod, ...] = ()
    tasks: Tally = Tally()
    work: WorkDone | None = None
    unseen: str = ""
    addresses: int | None = None
    errors: tuple[ErrorCount, ...] = ()
    failed_at: tuple[datetime, ...] = ()
    incidents: tuple[IncidentCourse, ...] = ()
    closing: Closing | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    alerts: tuple[AlertCourse, ...] = ()
    silences: tuple[SilenceCourse, ...] = ()
    breakers: tuple[BreakerCourse, ...] = ()
    kpis: tuple[KpiCourse, ...] = ()
    notes: tuple[Note, ...] = ()
    moments: tuple[TurningPoint, ...] = ()

    @property
    def incident(self) -> IncidentCourse | None:
        """The gravest incident, of those the longest, which the report is about; `None` where there was none."""
        return min(self.incidents, key=lambda one: (gravity_rank(one.worst), -one.length_s), default=None)

    @property
    def looked_s(self) -> float:
        """The observed time of the window, in seconds."""
        return sum((look.until - look.since).total_seconds() for look in self.looks)

    @property
    def gaps(self) -> tuple[WatchedSpan, ...]:
        """The periods without snapshots, the oldest first."""
        edges = [self.since, *(edge for look in self.looks for edge in (look.since, look.until)), self.until]
        gaps = tuple(WatchedSpan(began, ended) for began, ended in zip(edges[::2], edges[1::2], strict=True))
        return tuple(gap for gap in gaps if gap.until - gap.since > self._least(gap))

    def before_all(self, gap: WatchedSpan) -> bool:
        """Return whether the black box began only after this gap."""
        return self.begins_at is not None and gap.until <= self.begins_at

    def _least(self, gap: WatchedSpan) -> timedelta:
        """Return the shortest gap that counts: at the edges nothing need be written for a while."""
        return EDGE if gap.since == self.since or gap.until == self.until else _WITHIN
