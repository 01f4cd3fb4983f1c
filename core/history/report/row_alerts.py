"""Alerts that only the project's log tells of: those that fired while no monitor of this machine kept a record."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec

from core.domain.alerts import Phase
from core.domain.log_steps import ALERTS
from core.domain.records import LogEntry
from core.history.report.record import AlertCourse

_SAME: Final = timedelta(minutes=10)
"""The time between a row and what a snapshot says of the same alert, at most."""


def alerts_in_rows(rows: Iterable[LogEntry], known: tuple[AlertCourse, ...]) -> tuple[AlertCourse, ...]:
    """Return the alerts that rows tell of and that are not `known`, by when they fired. `rows`: the oldest first."""
    going: dict[str, AlertCourse] = {}
    over: list[AlertCourse] = []
    for row in rows:
        at = row.happened_at
        if row.alert is None or at is None or _told_by(known, row):
            continue
        key, phase = row.alert.key, row.alert.phase
        text = row.summary.removeprefix(f"{phase}: ")
        course = going.get(key)
        if phase == Phase.RESOLVED and course is not None:
            over.append(msgspec.structs.replace(_titled(course, text), resolved_at=at))
            del going[key]
        elif phase == Phase.TOLD and course is not None:
            going[key] = _titled(course, text)
        elif phase not in {Phase.RESOLVED, Phase.TOLD}:
            severity = row.step.removeprefix(ALERTS)
            began = course if course is not None else AlertCourse(
                key=key, severity=severity, title=text, text=text, fired_at=at, of_rows=True
            )  # fmt: skip
            going[key] = msgspec.structs.replace(began, text=text, severity=severity, seen_until=at)
    return tuple(sorted((*over, *going.values()), key=lambda one: (one.fired_at, one.key)))


def _titled(course: AlertCourse, title: str) -> AlertCourse:
    """Return an alert with its title, which the row of its beginning has together with its text."""
    if not title:
        return course
    return msgspec.structs.replace(course, title=title, text=course.text.removeprefix(f"{title}: "))


def _told_by(known: tuple[AlertCourse, ...], row: LogEntry) -> bool:
    """Return whether a snapshot tells of the alert of a row."""
    at = row.happened_at
    if row.alert is None or at is None:
        return False
    return any(
        one.key == row.alert.key
        and one.fired_at - _SAME <= at <= (one.resolved_at or one.seen_until or one.fired_at) + _SAME
        for one in known
    )
