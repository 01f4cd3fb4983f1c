"""A breaker of a running monitor, as it is told to other processes of this machine."""

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.base.text import clean
from core.resilience import BreakerRecord, BreakerState

_WORD: Final = 200
_SAME: Final = timedelta(seconds=1)
"""Moments that are counted from another clock differ by less each time they are told."""

Moment = Annotated[datetime, Meta(tz=True)]
Word = Annotated[str, Meta(max_length=_WORD)]
Whole = Annotated[int, Meta(ge=0, le=10**9)]


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
            due_at=steady(record.due_at, before.due_at if before is not None else None),
            last_error=clean(record.last_error, _WORD),
            held_by=clean(record.held_by, _WORD),
            held_why=clean(record.held_why, _WORD),
            held_until=record.held_until,
        )


def steady(moment: datetime | None, before: datetime | None) -> datetime | None:
    """Return the moment as it was told last, if it is the same but for what counting it anew makes of it."""
    if moment is not None and before is not None and abs(moment - before) < _SAME:
        return before
    return moment
