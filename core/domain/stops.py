"""Stops told apart: the one in force, who ordered it, and what belongs to the last one. Pure."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.domain.markers import FUNCTION_MARK, STOPPED, Markers, function_marked
from core.domain.records import SystemConfig

MOST_RAN_BEFORE: Final = 100
"""The number of ids that fit into the URL of a request."""

_SAME_END: Final = timedelta(seconds=1)


class StopMark(msgspec.Struct, frozen=True, kw_only=True):
    """The identity of a stop on the config row: its reason and its end."""

    reason: str
    until: datetime | None = None

    @classmethod
    def of(cls, config: SystemConfig | None) -> "StopMark | None":
        """Return the mark of the stop in force; `None` without one."""
        if config is None or not config.emergency_stop:
            return None
        return cls(reason=config.stop_reason, until=config.stop_until)


class StopRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One stop that this product ordered, from its audit rows. `began_at`, `ended_at`: by the database's clock.

    `held`: the flag was seen set, `None` while no closing row says so. `until`: its end, as then read back. `whole`: a
    closing row says that nothing was left to do. `ran_before`: ids of tasks that were pending then although they had
    started once.
    """

    run: str
    actor: str = ""
    by: str = ""
    reason: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    held: bool | None = None
    until: datetime | None = None
    whole: bool = False
    ran_before: tuple[str, ...] = ()

    @property
    def told_at(self) -> datetime | None:
        """The time of its first row."""
        return self.began_at or self.ended_at

    def is_of(self, config: SystemConfig, *, exact: bool = True) -> bool:
        """Return whether the stop in force on the config row is this very one.

        `exact`: not only by its reason, but by its end and by when it was set, which others may have changed.
        """
        if not config.emergency_stop or self.held is False or self.reason != config.stop_reason:
            return False
        if not exact:
            return True
        if self.until is not None and config.stop_until is not None:
            return abs(self.until - config.stop_until) <= _SAME_END
        later = self.ended_at is not None and config.updated_at is not None and config.updated_at > self.ended_at
        return not later


class StopTrail(msgspec.Struct, frozen=True, kw_only=True):
    """The stops that this product ordered, newest first, and when stops were lifted, newest first."""

    stops: tuple[StopRecord, ...] = ()
    lifts: tuple[datetime, ...] = ()

    def standing(self, config: SystemConfig | None, *, exact: bool = False) -> StopRecord | None:
        """Return the record of the stop in force; `None` where somebody else set it. `exact` as for `is_of`."""
        if config is None or not config.emergency_stop:
            return None
        lifted_at = self.lifts[0] if self.lifts else None
        for stop in self.stops:
            if lifted_at is not None and stop.told_at is not None and stop.told_at < lifted_at:
                return None
            if stop.is_of(config, exact=exact):
                return stop
        return None

    def of_run(self, run: str) -> StopRecord | None:
        """Return the record of one run."""
        return next((stop for stop in self.stops if stop.run == run), None)

    def lifted_since(self, at: datetime | None) -> bool:
        """Return whether a stop was lifted after `at`, by the database's clock."""
        return bool(self.lifts) and at is not None and self.lifts[0] > at

    def unlifted(self) -> tuple[StopRecord, ...]:
        """Return the stops that were ordered since one was last lifted; newest first."""
        since = self.lifts[0] if self.lifts else None
        return tuple(
            stop
            for stop in self.stops
            if stop.held is not False and (since is None or stop.told_at is None or stop.told_at > since)
        )

    def episodes(self) -> tuple[tuple[StopRecord, ...], ...]:
        """Return the stops grouped by the resume that ended them, each with those ordered meanwhile; newest first."""
        held = [stop for stop in self.stops if stop.held is not False]
        found: dict[int, list[StopRecord]] = {}
        for stop in held:
            lifted = sum(1 for at in self.lifts if stop.told_at is not None and at > stop.told_at)
            found.setdefault(lifted, []).append(stop)
        return tuple(tuple(found[lifted]) for lifted in sorted(found))


def was_pending(run: str) -> str:
    """Return the mark of a task that a stop rejected while it was pending."""
    return f"{STOPPED}{run}: was pending"


def rejected_by(run: str) -> str:
    """Return the mark of every task that a stop rejected."""
    return f"{STOPPED}{run}"


def to_requeue(stops: tuple[StopRecord, ...], foreign: StopMark | None = None) -> Markers:
    """Return the marks of tasks that were pending when these stops, or one of somebody else, rejected them."""
    reasons = [stop.reason for stop in stops] + ([foreign.reason] if foreign is not None else [])
    return Markers(
        begins=tuple(was_pending(stop.run) for stop in stops),
        unstarted=tuple(dict.fromkeys(function_marked(reason) for reason in reasons)),
        pending=tuple(dict.fromkeys(name for stop in stops for name in stop.ran_before))[:MOST_RAN_BEFORE],
    )


def all_rejected(stops: tuple[StopRecord, ...], foreign: StopMark | None = None) -> Markers:
    """Return the marks of all tasks that these stops, or one of somebody else, rejected."""
    reasons = [stop.reason for stop in stops] + ([foreign.reason] if foreign is not None else [])
    return Markers(
        begins=tuple(rejected_by(stop.run) for stop in stops),
        patterns=tuple(dict.fromkeys(function_marked(reason) for reason in reasons)),
    )


ANY_STOP: Final = Markers(patterns=(f"{STOPPED}%: was pending%",), unstarted=(f"{FUNCTION_MARK}%",))
"""The marks of tasks that were pending when any stop at all rejected them."""
