"""A running monitor as it tells other processes of this machine about itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.base.text import clean
from core.domain.service_view import ServiceView
from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.resilience import BreakerRecord, BreakerState

_WORD: Final = 200
_MOST_BREAKERS: Final = 200
_SAME: Final = timedelta(seconds=1)
"""Moments that are counted from another clock differ by less each time they are told."""

Moment = Annotated[datetime, Meta(tz=True)]
Word = Annotated[str, Meta(max_length=_WORD)]
Whole = Annotated[int, Meta(ge=0, le=10**9)]
Name = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
"""The name of a process or of an action: it becomes part of a file's name."""


class BreakerView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One breaker of a running monitor; see `BreakerRecord`."""

    key: Word
    state: BreakerState
    since: Moment
    failures: Whole = 0
    due_at: Moment | None = None
    last_error: Word = ""
    held_by: Word = ""
    held_why: Word = ""
    held_until: Moment | None = None

    @classmethod
    def of(cls, record: BreakerRecord, before: "BreakerView | None") -> "BreakerView":
        """Return a breaker as it is told; `before`: as it was told last."""
        return cls(
            key=clean(record.key, _WORD),
            state=record.state,
            since=record.since,
            failures=record.failures,
            due_at=_steady(record.due_at, before.due_at if before is not None else None),
            last_error=clean(record.last_error, _WORD),
            held_by=clean(record.held_by, _WORD),
            held_why=clean(record.held_why, _WORD),
            held_until=record.held_until,
        )

    def record(self) -> BreakerRecord:
        """Return it as a breaker of this process would be shown."""
        return BreakerRecord(
            key=self.key,
            component=self.key.partition(":")[0],
            state=self.state,
            failures=self.failures,
            since=self.since,
            due_at=self.due_at,
            last_error=clean(self.last_error, _WORD),
            held_by=clean(self.held_by, _WORD) or None,
            held_why=clean(self.held_why, _WORD) or None,
            held_until=self.held_until,
        )


class MonitorProcess(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One running monitor of a project. `id` is its own, never used again. `acts`: it does what only one here may do.

    `told_at`: when it last told of itself, which it does when something changed. `only_looks`: it refuses every action.
    What a file holds beyond the bounds of these fields is no such record.
    """

    id: Name
    pid: Annotated[int, Meta(ge=1, le=2**31)]
    host: Word
    started_at: Moment
    version: Word
    told_at: Moment
    observes: bool = False
    only_looks: bool = False
    service: bool = False
    """It runs without a screen."""
    acts: bool = False
    consecutive_failures: Whole = 0
    """Its critical checks in a row."""
    last_check_at: Moment | None = None
    next_check_at: Moment | None = None
    verdicts: Annotated[dict[Word, Level], Meta(max_length=100)] = {}
    """What each check found last."""
    breakers: Annotated[tuple[BreakerView, ...], Meta(max_length=_MOST_BREAKERS)] = ()

    def telling(self, snapshot: Snapshot, *, acts: bool) -> "MonitorProcess":
        """Return the process as it tells of itself at a snapshot; equal to this one where nothing changed."""
        health = snapshot.health
        known: Mapping[str, BreakerView] = {one.key: one for one in self.breakers}
        breakers = sorted(snapshot.breakers, key=lambda one: one.state is BreakerState.CLOSED)[:_MOST_BREAKERS]
        now = msgspec.structs.replace(
            self,
            acts=acts,
            consecutive_failures=health.critical_in_a_row,
            last_check_at=health.last_at,
            next_check_at=_steady(health.next_at, self.next_check_at),
            verdicts={check.name: check.level for check in health.checks if check.at is not None},
            breakers=tuple(BreakerView.of(one, known.get(one.key)) for one in breakers),
        )
        return self if now == self else msgspec.structs.replace(now, told_at=snapshot.at)

    def age_s(self, now: datetime) -> float:
        """Return the seconds since it told of itself."""
        return max(0.0, (now - self.told_at).total_seconds())

    @property
    def may_act(self) -> bool:
        """Return whether it may do more than look."""
        return not (self.observes or self.only_looks)

    def as_service(self, not_taken: str) -> ServiceView:
        """Return it as a screen beside it shows it. `not_taken`: why it is given no actions."""
        breakers = tuple(one.record() for one in self.not_closed)
        return ServiceView(pid=self.pid, told_at=self.told_at, breakers=breakers, not_taken=not_taken)

    @property
    def not_closed(self) -> tuple[BreakerView, ...]:
        """Return its breakers that are not closed."""
        return tuple(one for one in self.breakers if one.state is not BreakerState.CLOSED)


def _steady(moment: datetime | None, before: datetime | None) -> datetime | None:
    """Return the moment as it was told last, if it is the same but for what counting it anew makes of it."""
    if moment is not None and before is not None and abs(moment - before) < _SAME:
        return before
    return moment
