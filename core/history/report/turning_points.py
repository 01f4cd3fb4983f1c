"""The snapshots that show an incident best: the last good one before it, the worst, the first good one after it."""

from typing import Final

from core.domain.snapshot import CUT_OFF, Snapshot, State
from core.domain.status import Level
from core.history.report.observed import ShownSnapshot
from core.history.report.record import TurningPoint, When
from core.resilience import BreakerState

_RANK: Final = {State.WARNING: 1, State.STOPPED: 2, State.UNKNOWN: 2, State.CRITICAL: 3}


def trouble(snapshot: Snapshot) -> tuple[int, ...]:
    """Return how bad a snapshot is, for comparison; empty: not at all. Alerts come last: they outlast the cause."""
    lost = snapshot.link.word in CUT_OFF
    rank = max(_RANK.get(snapshot.state, 0), 2 if lost else 0)
    if not rank or (snapshot.state is State.UNKNOWN and not snapshot.ready):  # a monitor that only starts
        return ()
    levels = [check.level for check in snapshot.health.checks]
    opened = sum(record.state is not BreakerState.CLOSED for record in snapshot.breakers)
    firing = sum(alarm.fires for alarm in snapshot.alerts)
    return (rank, levels.count(Level.CRITICAL), levels.count(Level.WARNING) + opened, firing)


class TurningPointCollector:
    """Finds the turning points in one pass over the snapshots, and holds no more than four."""

    def __init__(self) -> None:
        self._good: Snapshot | None = None
        self._before: Snapshot | None = None
        self._worst: tuple[tuple[int, ...], Snapshot] | None = None
        self._after: Snapshot | None = None
        self._last: Snapshot | None = None

    def add(self, one: ShownSnapshot) -> None:
        """Take one snapshot into account, unless it is still starting."""
        snapshot = one.snapshot
        if not snapshot.ready:
            return
        self._last, bad = snapshot, trouble(snapshot)
        if not bad:
            self._good = snapshot
            self._after = self._after or snapshot
            return
        if self._worst is None:
            self._before = self._good
        self._after = None
        if self._worst is None or bad > self._worst[0]:
            self._worst = (bad, snapshot)

    def found(self) -> tuple[TurningPoint, ...]:
        """Return the turning points in the order of time."""
        if self._last is None:
            return ()
        if self._worst is None:
            return (
                TurningPoint(
                    when=When.AFTER, what="the last snapshot; nothing was wrong in the window", snapshot=self._last
                ),
            )
        found = []
        if self._before is not None:
            found.append(
                TurningPoint(when=When.BEFORE, what="the last good snapshot before it began", snapshot=self._before)
            )
        worst = self._worst[1]
        found.append(TurningPoint(when=When.DURING, what="the worst of it", snapshot=worst))
        if self._after is not None:
            found.append(TurningPoint(when=When.AFTER, what="the first good snapshot after it", snapshot=self._after))
        elif self._last is not worst:
            found.append(TurningPoint(when=When.AFTER, what="the last snapshot: it has not ended", snapshot=self._last))
        return tuple(found)
