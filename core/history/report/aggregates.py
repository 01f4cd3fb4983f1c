"""Sums over many snapshots: alerts, breakers, key figures, tasks. Each collector is fed the snapshots in order."""

from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

import msgspec

from core.domain.alert_view import AlertView
from core.domain.alerts import Silence
from core.domain.counts import TaskCounts
from core.domain.kpis import Kpi
from core.domain.maintenance import WeeklyWindow
from core.domain.silence_words import ends_at
from core.history.report.observed import ShownSnapshot
from core.history.report.record import AlertCourse, BreakerCourse, KpiCourse, SilenceCourse, Tally
from core.resilience import BreakerRecord, BreakerState
from core.resilience.reading import Source

_UNMEASURED: Final = "—"
_Name: TypeAlias = tuple[str, str]
"""An alert's key and its episode."""


class AlertCollector:
    """Collects every alert that fired, by its episode, with its first text. Those over before `since` are left out."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._found: dict[_Name, AlertCourse] = {}
        self._seen: dict[_Name, datetime] = {}
        self._going: frozenset[_Name] = frozenset()
        self._hidden: set[_Name] = set()
        """Alerts that were hidden when first seen: they fire for people once they are not."""
        self._last: tuple[AlertView, ...] = ()
        self._at: datetime | None = None

    def add(self, one: ShownSnapshot) -> None:
        """Add the alerts of a snapshot. A hidden one that fired before goes on; one that never fired does not count."""
        if one.snapshot.alerts != self._last:
            self._last = one.snapshot.alerts
            self._follow(one)
        self._seen |= dict.fromkeys(self._going, one.until)
        self._at = one.since

    def courses(self) -> tuple[AlertCourse, ...]:
        """Return the alerts, ordered by when they fired."""
        told = (
            msgspec.structs.replace(course, seen_until=self._seen.get(name))
            for name, course in self._found.items()
            if course.resolved_at is None or course.resolved_at >= self._since
        )
        return tuple(sorted(told, key=lambda one: (one.fired_at, one.key)))

    def _follow(self, one: ShownSnapshot) -> None:
        """Note the alerts of a snapshot as fired, and those it lacks as over, unless observation was interrupted."""
        named = {(alert.key, alert.episode): alert for alert in self._last if alert.state != "pending"}
        self._hidden |= {name for name, alert in named.items() if alert.state == "hidden" and name not in self._found}
        named = {name: alert for name, alert in named.items() if alert.state != "hidden" or name in self._found}
        for name, alert in named.items():
            self._found[name] = self._course(alert, self._found.get(name), one)
        for name in self._going - named.keys() if not one.anew else ():
            self._found[name] = msgspec.structs.replace(self._found[name], resolved_at=one.since)
        self._going = frozenset(name for name in named if self._found[name].resolved_at is None)

    def _course(self, alert: AlertView, before: AlertCourse | None, one: ShownSnapshot) -> AlertCourse:
        came_into_force = None if (alert.key, alert.episode) not in self._hidden else one.since
        fired_at = came_into_force or alert.fired_at or alert.began_at or one.since
        fired_at = fired_at if before is None else before.fired_at
        hidden = alert.state == "hidden"
        # A hidden alert shows the text of the one that hides it, and a silence after its end says nothing about it.
        muted = alert.muted if alert.fires else ""
        course = AlertCourse(
            key=alert.key,
            severity=alert.severity,
            title=alert.title,
            text=before.text if before is not None and before.text else alert.text,
            fired_at=fired_at,
            muted=muted or (before.muted if before is not None else ""),
            resolved_at=None if alert.fires or hidden else alert.resolved_at or one.since,
            well=alert.well,
            began_at=alert.began_at if before is None else before.began_at,
        )
        if before is not None and before.acked_by:
            replace = msgspec.structs.replace
            by = alert.acked_words or before.acked_by
            return replace(course, acked_by=by, acked_at=before.acked_at, acked_before=before.acked_before)
        if not alert.acked:
            return course
        watched = before is not None or (self._at is not None and fired_at >= self._at)
        if watched and not one.anew:
            return msgspec.structs.replace(course, acked_by=alert.acked_words, acked_at=one.since)
        return msgspec.structs.replace(course, acked_by=alert.acked_words, acked_before=one.since)


class SilenceCollector:
    """Collects the silences that held, each window of one by itself."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, datetime], SilenceCourse] = {}
        self._last: tuple[Silence, ...] = ()
        self._going: frozenset[tuple[str, datetime]] = frozenset()

    def add(self, one: ShownSnapshot) -> None:
        """Add the silences of a snapshot. One that is gone from a later one ended there, unless nobody watched."""
        named = {(each.id, _began(each)): each for each in one.snapshot.telling.silences}
        for name in self._going - named.keys() if not one.anew else ():
            course = self._found[name]
            self._found[name] = msgspec.structs.replace(course, until=min(course.until, one.since))
        for name, each in named.items() if one.snapshot.telling.silences != self._last else ():
            self._found[name] = SilenceCourse(
                matcher=each.matcher,
                called=each.called,
                reason=each.reason,
                who=each.who,
                since=name[1],
                until=ends_at(each),
                words=each.window.words if isinstance(each.window, WeeklyWindow) else "",
            )
        self._last, self._going = one.snapshot.telling.silences, frozenset(named)

    def courses(self) -> tuple[SilenceCourse, ...]:
        """Return them, ordered by when they began."""
        return tuple(sorted(self._found.values(), key=lambda one: (one.since, one.matcher, one.reason)))


class BreakerCollector:
    """Collects the periods in which a breaker did not let calls through."""

    def __init__(self) -> None:
        self._open: dict[str, BreakerCourse] = {}
        self._closed: list[BreakerCourse] = []
        self._last: tuple[BreakerRecord, ...] = ()

    def add(self, one: ShownSnapshot) -> None:
        """Add the breakers of a snapshot. After a restart they all start closed, which is no observed closing."""
        if one.anew:
            self._closed += self._open.values()
            self._open = {}
        if one.snapshot.breakers == self._last and not one.anew:
            return
        self._last = one.snapshot.breakers
        for record in self._last:
            course = self._open.get(record.key)
            if record.state is BreakerState.CLOSED and course is not None:
                self._closed.append(msgspec.structs.replace(course, closed_at=record.since))
                del self._open[record.key]
            elif record.state is not BreakerState.CLOSED:
                self._open[record.key] = BreakerCourse(
                    key=record.key,
                    since=course.since if course is not None else record.not_closed_since or record.since,
                    held_by=record.held_by or (course.held_by if course is not None else ""),
                    why=record.held_why or record.last_error or (course.why if course is not None else ""),
                )

    def courses(self) -> tuple[BreakerCourse, ...]:
        """Return the periods, ordered by when they began."""
        return tuple(sorted((*self._closed, *self._open.values()), key=lambda one: (one.since, one.key)))


class KpiCollector:
    """Collects the key figures at the beginning, at their worst and at the end."""

    def __init__(self) -> None:
        self._first: dict[str, Kpi] = {}
        self._worst: dict[str, Kpi] = {}
        self._last: dict[str, Kpi] = {}

    def add(self, one: ShownSnapshot) -> None:
        """Add the key figures of a snapshot."""
        for kpi in one.snapshot.kpis:
            self._first.setdefault(kpi.name, kpi)
            self._last[kpi.name] = kpi
            worst = self._worst.get(kpi.name)
            if kpi.value is not None and (worst is None or worst.value is None or _worse(kpi, worst.value)):
                self._worst[kpi.name] = kpi

    def courses(self) -> tuple[KpiCourse, ...]:
        """Return the figures in the order of display."""
        return tuple(
            KpiCourse(
                name=name,
                title=last.title,
                target=last.target,
                first=self._first[name].text,
                worst=self._worst[name].text if name in self._worst else _UNMEASURED,
                last=last.text,
            )
            for name, last in self._last.items()
        )


class StuckSpan(NamedTuple):
    """A time through which so many tasks were stuck."""

    since: datetime
    until: datetime
    tasks: int


class TaskCollector:
    """Collects the rises of the task counts from each live snapshot to the next, and how many were stuck."""

    def __init__(self) -> None:
        self._last: TaskCounts | None = None
        self._rises: list[tuple[datetime, Tally]] = []
        self._stuck: list[StuckSpan] = []

    def add(self, one: ShownSnapshot) -> None:
        """Add the rise since the last counted snapshot, including any time without observation."""
        stuck = len(one.snapshot.tasks.stuck)
        if self._stuck and self._stuck[-1].tasks == stuck:
            self._stuck[-1] = self._stuck[-1]._replace(until=one.until)
        else:
            self._stuck.append(StuckSpan(one.since, one.until, stuck))
        counts = one.snapshot.tasks.counts
        if counts.source is not Source.LIVE or counts.value is None or counts.value == self._last:
            return
        before, now = self._last, counts.value
        self._last = now
        if before is None:
            return
        rise = Tally(
            failed=_gained(before, now, "failed"),
            rejected=_gained(before, now, "rejected"),
            completed=_gained(before, now, "completed"),
            exact=before.exact and now.exact,
        )
        self._rises.append((one.since, rise))

    def tally(self, since: datetime, until: datetime) -> Tally:
        """Return the sums of what was counted from `since` to `until`."""
        rises = [rise for at, rise in self._rises if since <= at <= until]
        return Tally(
            failed=sum(one.failed for one in rises),
            rejected=sum(one.rejected for one in rises),
            completed=sum(one.completed for one in rises),
            exact=all(one.exact for one in rises),
            counted=self._last is not None,
            stuck=max((one.tasks for one in self._stuck if one.since <= until and one.until >= since), default=0),
        )


def _gained(before: TaskCounts, now: TaskCounts, status: str) -> int:
    return max(0, now.of(status) - before.of(status))


def _began(silence: Silence) -> datetime:
    return silence.period.since if silence.period is not None else silence.at


def _worse(kpi: Kpi, than: float) -> bool:
    """Return whether a figure is worse than a value it had."""
    value = kpi.value if kpi.value is not None else than
    return value < than if kpi.high_is_good else value > than
