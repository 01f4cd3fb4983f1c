"""What a circuit breaker is set to, and what it tells of itself: its state, a record of it, its changes."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from core.base.bounds import Count, Limit, Period, Share, Span


class BreakerState(StrEnum):
    """A breaker's state. `due`: open, but the next call probes. `held`: opened by a person; no result closes it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    DUE = "due"
    HELD = "held"

    @property
    def refuses(self) -> bool:
        """Return whether calls may be refused; of one that is due the next call goes out."""
        return self not in {BreakerState.CLOSED, BreakerState.DUE}


class BreakerCause(StrEnum):
    """Cause of a breaker's change. `reset`, `held` and `released` are a person's doing, `hold_ended` is the clock's.

    `due`: its time was over and a call came; `hurried`: another of its component was answered; `asked`: it is to probe
    with its next call. `expired`: nobody reported what became of the probe.
    """

    FAILURES = "failures"
    DUE = "due"
    HURRIED = "hurried"
    ASKED = "asked"
    PROBE_SUCCEEDED = "probe_succeeded"
    PROBE_FAILED = "probe_failed"
    EXPIRED = "expired"
    CHECK_ANSWERED = "check_answered"
    RESET = "reset"
    HELD = "held"
    RELEASED = "released"
    HOLD_ENDED = "hold_ended"

    @property
    def by_hand(self) -> bool:
        """Return whether a person ordered it."""
        return self in _BY_HAND


_BY_HAND: Final = frozenset({BreakerCause.RESET, BreakerCause.HELD, BreakerCause.RELEASED})


class BreakerRules(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds and durations of a breaker. Section `breaker` of the settings."""

    failures_to_open: Count = 5
    """The number of failures in a row that open it."""
    open_s: Period = 60.0
    """The time it refuses calls before one of them may probe."""
    open_jitter: Share = 0.1
    """The share by which that time varies, so that not all probe at once."""
    count_ages_out_s: Span = 300.0
    """After this time without a failure the count restarts at 0."""
    permit_s: Limit = 30.0
    """The longest time of a probe before another call may be one."""


PROBED_BY_NEXT_CALL: Final = "its next call is the probe"
"""What is so of a breaker that is due: it may stay so for as long as nobody calls."""


class BreakerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of a breaker. `opens_in_s` counts down to the next probe and is `None` unless open.

    `since` is when the state was entered, `not_closed_since` when the breaker was last closed or held.
    """

    key: str
    component: str
    state: BreakerState
    failures: int
    since: datetime
    not_closed_since: datetime | None = None
    opens_in_s: float | None = None
    due_at: datetime | None = None
    last_error: str = ""
    refused: int = 0
    held_by: str | None = None
    held_why: str | None = None
    held_until: datetime | None = None


class BreakerEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One change of state: its cause, who ordered it if anybody did, and why in words.

    A timer that merely ran out is no event: no call was there to notice it.
    """

    key: str
    before: BreakerState
    after: BreakerState
    cause: BreakerCause
    why: str
    at: datetime
    by: str = ""
