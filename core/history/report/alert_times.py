"""The times of alerts as the timeline has them, so that one firing has one time in the whole report."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from core.domain.alerts import Phase
from core.domain.events import AlertChanged
from core.domain.records import LogEntry
from core.history.report.record import AlertCourse, TimelineEntry

_SAME: Final = timedelta(minutes=1)
"""The time between a change of an alert and its line in the timeline, at most: an evaluation asks before it tells."""

_BEGINS: Final = frozenset({Phase.FIRING.value, Phase.FLAPPING.value})
_ENDS: Final = frozenset({Phase.RESOLVED.value})
_Told: TypeAlias = tuple[datetime, str, str]
"""When the timeline tells of an alert, the alert's key, and the phase."""


def as_told(
    courses: Iterable[AlertCourse], entries: Iterable[TimelineEntry], rows: Iterable[LogEntry]
) -> tuple[AlertCourse, ...]:
    """Return the alerts with the times of this machine's events, else of the rows that others wrote."""
    ours = [(one.at, one.what.key, one.what.phase.value) for one in entries if isinstance(one.what, AlertChanged)]
    theirs = [(at, row.alert.key, row.alert.phase) for row in rows if row.alert and (at := row.happened_at) is not None]
    told = (ours, theirs)
    return tuple(
        msgspec.structs.replace(
            one,
            fired_at=_nearest(told, one, _BEGINS, one.fired_at),
            resolved_at=None if one.resolved_at is None else _nearest(told, one, _ENDS, one.resolved_at),
        )
        for one in courses
    )


def _nearest(told: Iterable[Sequence[_Told]], alert: AlertCourse, phases: frozenset[str], moment: datetime) -> datetime:
    for some in told:
        near = [at for at, key, phase in some if key == alert.key and phase in phases and abs(at - moment) <= _SAME]
        if near:
            return min(near, key=lambda at: abs(at - moment))
    return moment
