"""Availability over time: each live refresh is a sample, equal ones in a row are a span, unobserved time is a gap."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from core.base.clock import Clock
from core.base.store import NotKept, Store, Transaction
from core.domain.periods import HISTORY_KEPT

_SERIES: Final = "span"
_KIND: Final = "span"
_OPEN: Final = "open"
_KEEP_EVERY_S: Final = 60.0
_JUMP_S: Final = 5.0
_MOST: Final = 50_000


class SampleState(StrEnum):
    """The state that one sample found. `critical` counts as up, but bad."""

    UP = "up"
    CRITICAL = "critical"
    DOWN = "down"


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Equal samples in a row, from the time of the first until the last one stopped being valid. Wall time."""

    seen: SampleState
    began: datetime
    ended: datetime
    samples: int = 1

    @property
    def bad(self) -> bool:
        """Return whether the state is critical or down."""
        return self.seen is not SampleState.UP

    @property
    def length_s(self) -> float:
        """The length in seconds."""
        return max(0.0, (self.ended - self.began).total_seconds())


class Record:
    """Spans of one project as this machine saw it, for 30 days. The current span is written to the disk once a minute.

    `keeps`: this process is the one that writes.
    """

    def __init__(self, clock: Clock, store: Store, *, keeps: Callable[[], bool]) -> None:
        self._clock = clock
        self._store = store
        self._keeps = keeps
        self._closed: list[Span] = []
        self._open: Span | None = None
        self._sampled = 0.0
        self._kept = 0.0
        self._holds_s = 0.0

    async def restore(self) -> None:
        """Load the spans of earlier processes. Nothing is known of the time between them and this one."""
        now = self._clock.now()
        found = await self._store.samples(_SERIES, now - HISTORY_KEPT, now + HISTORY_KEPT, Span)
        self._closed = [span for _, span in found][-_MOST:]
        last = await self._store.get(_KIND, _OPEN, Span)
        if last is not None:
            self._closed.append(last)

    def spans(self) -> tuple[Span, ...]:
        """Return all spans, the oldest first; between two that do not touch nothing was observed."""
        last = () if self._open is None else (self._reaching(self._open),)
        return (*self._closed, *last)

    def holds(self, seconds: float) -> None:
        """Set how long the last sample stays valid without another: until the next is due, and one period more."""
        self._holds_s = seconds

    async def sample(self, seen: SampleState | None) -> None:
        """Add the result of one refresh, `None` if it could not tell. Never raises."""
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
        """Write the current span to the disk."""
        if self._open is not None:
            await self._keep(None)

    def _steady(self, span: Span, now: datetime, gap_s: float) -> bool:
        """Return whether the wall clock advanced as elapsed time did; if it was set, another span begins."""
        return abs((now - span.ended).total_seconds() - gap_s) < _JUMP_S

    def _until(self, span: Span, now: datetime, gap_s: float) -> Span:
        """Return the span with its end when something else is seen: then, or when its last sample expired."""
        held = span.ended + timedelta(seconds=min(gap_s, self._holds_s))
        return msgspec.structs.replace(span, ended=min(held, now) if now > span.ended else span.ended)

    def _reaching(self, span: Span) -> Span:
        held_s = min(self._clock.elapsed() - self._sampled, self._holds_s)
        return msgspec.structs.replace(span, ended=span.ended + timedelta(seconds=held_s))

    async def _keep(self, closed: Span | None) -> None:
        if not self._keeps():
            return
        span, before = self._open, self._clock.now() - HISTORY_KEPT
        self._kept = self._clock.elapsed()

        def work(transaction: Transaction) -> None:
            left = transaction.get(_KIND, _OPEN, Span)
            ours = {one.began for one in (span, closed) if one is not None}
            if left is not None and left.began not in ours:
                transaction.append(_SERIES, left.began, left)  # the unfinished span of an earlier process
            if closed is not None:
                transaction.append(_SERIES, closed.began, closed)
                transaction.trim(_SERIES, before)
            if span is None:
                transaction.remove(_KIND, _OPEN)
            else:
                transaction.put(_KIND, _OPEN, span)

        try:
            await self._store.change(work)
        except NotKept:
            return  # the store reports it itself
