"""Snapshots with their validity, and the states that lasted through them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from core.domain.snapshot import Snapshot
from core.history.blackbox import WatchedSpan
from core.history.report.record import StatePeriod


class ShownSnapshot(NamedTuple):
    """A snapshot and the period in which it was observed to be valid. `anew`: nothing was observed just before it."""

    snapshot: Snapshot
    since: datetime
    until: datetime
    anew: bool


def seen(
    snapshots: Iterable[Snapshot], looks: tuple[WatchedSpan, ...], since: datetime, until: datetime
) -> Iterator[ShownSnapshot]:
    """Yield each snapshot until the next one, or until observation ended. Both inputs the oldest first."""
    before: Snapshot | None = None
    ended: datetime | None = None
    for following in chain(snapshots, (None,)):
        if before is not None:
            began = max(before.at, since)
            goes_on = until if following is None else max(began, following.at)
            reached = min(goes_on, _reach(looks, began))
            yield ShownSnapshot(before, began, max(began, reached), ended is None or began > ended)
            ended = max(began, reached)
        before = following


def _reach(looks: tuple[WatchedSpan, ...], at: datetime) -> datetime:
    """Return until when observation lasted without a gap."""
    return next((look.until for look in looks if look.since <= at <= look.until), at)


class PeriodCollector:
    """Periods in which each word held."""

    def __init__(self) -> None:
        self._periods: list[StatePeriod] = []

    def add(self, word: str, why: str, one: ShownSnapshot) -> None:
        """Add a word that held as long as that snapshot did."""
        last = self._periods[-1] if self._periods else None
        if last is not None and last.word == word and one.since <= last.until:
            self._periods[-1] = StatePeriod(word=word, why=last.why, since=last.since, until=one.until)
        else:
            self._periods.append(StatePeriod(word=word, why=why, since=one.since, until=one.until))

    def periods(self) -> tuple[StatePeriod, ...]:
        """Return the periods, the oldest first; between two that do not touch nothing was observed."""
        return tuple(self._periods)
