"""Uptime and incidents, derived from the spans: two bad samples begin an incident, two good ones end it."""

import statistics
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from core.domain.incidents import Incident
from core.history.availability import SampleState, Span

_TWO: Final = 2


class Uptime(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds up and down within a window of `window_s`; the rest was not observed."""

    up_s: float
    down_s: float
    window_s: float

    @property
    def percent(self) -> float | None:
        """The share of observed time that was up, 0..100; `None`: nothing was observed."""
        seen = self.up_s + self.down_s
        return None if not seen else 100.0 * self.up_s / seen

    @property
    def coverage(self) -> float:
        """The share of the window that was observed, 0..1."""
        return 0.0 if not self.window_s else min(1.0, (self.up_s + self.down_s) / self.window_s)


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """Mean and median time to recover, seconds, over `count` incidents; `at_least`: some outlasted observation."""

    mean_s: float
    median_s: float
    count: int
    at_least: bool


def uptime(spans: Iterable[Span], since: datetime, until: datetime) -> Uptime:
    """Return time up and down from `since` to `until`. Where the wall clock was set back, no second counts twice."""
    up = down = 0.0
    reached = since
    for span in spans:
        began, ended = max(span.began, reached), min(span.ended, until)
        if ended <= began:
            continue
        length = (ended - began).total_seconds()
        reached = ended
        if span.seen is SampleState.DOWN:
            down += length
        else:
            up += length
    return Uptime(up_s=up, down_s=down, window_s=max(0.0, (until - since).total_seconds()))


def incidents(spans: Iterable[Span]) -> tuple[Incident, ...]:
    """Return every incident, the oldest first."""
    found: list[Incident] = []
    run: _Run | None = None
    current: Incident | None = None
    before: Span | None = None
    for span in spans:
        gap = before is not None and (span.began - before.ended).total_seconds() > 0.5
        run = _Run(span) if run is None or run.bad is not span.bad or gap else run.and_then(span)
        if current is not None and gap:
            current = msgspec.structs.replace(current, unsure=True)
        enough = run.samples >= _TWO
        if current is None and span.bad and enough:
            current = Incident(began=run.began, unsure=before is None or gap, down=run.down)
        elif current is not None and not span.bad and enough:
            found.append(msgspec.structs.replace(current, ended=run.began))
            current = None
        elif current is not None and span.seen is SampleState.DOWN and not current.down:
            current = msgspec.structs.replace(current, down=True)
        before = span
    return (*found, current) if current is not None else tuple(found)


def recovery(found: Iterable[Incident], since: datetime) -> Recovery | None:
    """Return the recovery of incidents that ended after `since`; `None` where there was none."""
    closed = [one for one in found if one.ended is not None and one.ended >= since]
    lengths = [length for one in closed if (length := one.length_s) is not None]
    if not lengths:
        return None
    return Recovery(
        mean_s=statistics.fmean(lengths),
        median_s=statistics.median(lengths),
        count=len(lengths),
        at_least=any(one.unsure for one in closed),
    )


class _Run:
    """Spans in a row without a gap that are all bad, or all good: when the first began, and their totals."""

    __slots__ = ("bad", "began", "down", "samples")

    def __init__(self, first: Span) -> None:
        self.began = first.began
        self.bad = first.bad
        self.samples = first.samples
        self.down = first.seen is SampleState.DOWN

    def and_then(self, span: Span) -> "_Run":
        """Return the same run, one span longer."""
        self.samples += span.samples
        self.down = self.down or span.seen is SampleState.DOWN
        return self
