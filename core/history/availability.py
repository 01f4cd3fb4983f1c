"""Up or down over time: each live refresh is a sample, equal ones in a row are a span, what nobody saw is a gap."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from core.base.clock import Clock
from core.base.store import NotKept, Store, Transaction

KEPT: Final = timedelta(days=30)

_SERIES: Final = "span"
_KIND: Final = "span"
_OPEN: Final = "open"
_KEEP_EVERY_S: Final = 60.0
_JUMP_S: Final = 5.0
_MOST: Final = 50_000


class SampleState(StrEnum):
    """What one sample found. `critical` is up, and bad all the same."""

    UP = "up"
    CRITICAL = "critical"
    DOWN = "down"


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """So many equal samples in a row, from the first one's moment until the last one held no longer. Wall time."""

    seen: SampleState
    began: datetime
    ended: datetime
    samples: int = 1

    @property
    def bad(self) -> bool:
        """Critical or down."""
        return self.seen is not SampleState.UP

    @property
    def length_s(self) -> float:
        """How long, in seconds."""
        return max(0.0, (self.ended - self.began).total_seconds())


class Record:
    """What this machine saw of one project, 30 days of it. The span under way is on the disk once a minute.

    `keeps`: whether this process is the one that writes it down.
    """

    def __init__(self, clock: Clock, state: Store, *, keeps: Callable[[], bool]) -> None:
        self._clock = clock
        self._state = state
        self._keeps = keeps
        self._closed: list[Span] = []
        self._open: Span | None = None
        self._sampled = 0.0
        self._kept = 0.0
        self._holds_s = 0.0

    async def restore(self) -> None:
        """What earlier processes saw. Nothing is known of the time between them and us."""
        now = self._clock.now()
        found = await self._state.samples(_SERIES, now - KEPT, now + KEPT, Span)
        self._closed = [span for _, span in found][-_MOST:]
        last = await self._state.get(_KIND, _OPEN, Span)
        if last is not None:
            self._closed.append(last)

    def spans(self) -> tuple[Span, ...]:
        """All spans, the oldest first; between two that do not touch nobody looked."""
        last = () if self._open is None else (self._reaching(self._open),)
        return (*self._closed, *last)

    def holds(self, seconds: float) -> None:
        """For how long the last sample speaks unless another one comes: until that was due, and a period more."""
        self._holds_s = seconds

    async def sample(self, seen: SampleState | None) -> None:
        """One refresh is over: what it saw, `None` if it could not tell. Never raises."""
        elapsed, now, before = self._clock.elapsed(), self._clock.now(), self._open
        gap_s = elapsed - self._sampled
        self._sampled = elapsed
        if before is not None and before.seen is seen and gap_s <= self._holds_s and self._steady(before, now, gap_s):
            self._open = msgspec.structs.replace(before, ended=now, samples=before.samples + 1)
            if elapsed - self._kept >= _KEEP_EVERY_S:
                await self._keep(None)
            return
        closed = None if before is None else self._until(before, now, gap_s)
        self._open = None if seen is None else Span(seen=seen, began=now, ended=now)
        if closed is not None:
            self._closed.append(closed)
            del self._closed[:-_MOST]
        if closed is not None or self._open is not None:
            await self._keep(closed)

    async def close(self) -> None:
        """Put down what is under way."""
        if self._open is not None:
            await self._keep(None)

    def _steady(self, span: Span, now: datetime, gap_s: float) -> bool:
        """Whether the wall clock went on as fast as time does: set back or forward, another span begins."""
        return abs((now - span.ended).total_seconds() - gap_s) < _JUMP_S

    def _until(self, span: Span, now: datetime, gap_s: float) -> Span:
        """The span as it stands when something else is seen: it held until then, or as long as it could."""
        held = span.ended + timedelta(seconds=min(gap_s, self._holds_s))
        return msgspec.structs.replace(span, ended=min(held, now) if now > span.ended else span.ended)

    def _reaching(self, span: Span) -> Span:
        held_s = min(self._clock.elapsed() - self._sampled, self._holds_s)
        return msgspec.structs.replace(span, ended=span.ended + timedelta(seconds=held_s))

    async def _keep(self, closed: Span | None) -> None:
        if not self._keeps():
            return
        span, before = self._open, self._clock.now() - KEPT
        self._kept = self._clock.elapsed()

        def work(transaction: Transaction) -> None:
            left = transaction.get(_KIND, _OPEN, Span)
            ours = {one.began for one in (span, closed) if one is not None}
            if left is not None and left.began not in ours:
                transaction.append(_SERIES, left.began, left)  # what an earlier process had under way
            if closed is not None:
                transaction.append(_SERIES, closed.began, closed)
                transaction.trim(_SERIES, before)
            if span is None:
                transaction.remove(_KIND, _OPEN)
            else:
                transaction.put(_KIND, _OPEN, span)

        try:
            await self._state.change(work)
        except NotKept:
            return  # the state says so itself
