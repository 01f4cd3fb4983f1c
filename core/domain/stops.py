"""Which stop is which: the one that stands, who ordered it, and what belongs to the last one. Pure."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.domain.markers import FUNCTION_MARK, Markers, function_marked
from core.domain.records import SystemConfig

STOPPED: Final = "watchdesk:stopped:"
"""What the error text of a task rejected by a stop begins with; the run id and the previous status follow."""

MOST_RAN_BEFORE: Final = 100
"""So many ids have room in the address of a request."""

_SAME_END: Final = timedelta(seconds=1)


class StopMark(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one stop from another on the config row: its reason and its end."""

    reason: str
    until: datetime | None = None

    @classmethod
    def of(cls, config: SystemConfig | None) -> "StopMark | None":
        """That of the stop that stands; `None` without one."""
        if config is None or not config.emergency_stop:
            return None
        return cls(reason=config.stop_reason, until=config.stop_until)


class StopRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One stop that this product ordered, as its audit rows tell it. `began_at`, `ended_at`: by the database's clock.

    `held`: whether the flag was seen set, `None` while no closing row says so. `until`: its end, as then read back.
    `whole`: whether a closing row says that nothing was left to do. `ran_before`: ids of tasks that were pending then
    although they had started once.
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
        """When its rows first tell of it."""
        return self.began_at or self.ended_at

    def is_of(self, config: SystemConfig, *, exact: bool = True) -> bool:
        """Whether the stop that stands on the config row is this very one.

        `exact`: not only by its reason, but by its end and by when it was set, which another hand may have changed.
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
        """The record of the stop that stands; `None` where another hand set it. `exact` as for `is_of`."""
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
        """The record of one run."""
        return next((stop for stop in self.stops if stop.run == run), None)

    def lifted_since(self, at: datetime | None) -> bool:
        """Whether a stop was lifted after `at`, by the database's clock."""
        return bool(self.lifts) and at is not None and self.lifts[0] > at

    def unlifted(self) -> tuple[StopRecord, ...]:
        """The stops that were ordered since one was last lifted; newest first."""
        since = self.lifts[0] if self.lifts else None
        return tuple(
            stop
            for stop in self.stops
            if stop.held is not False and (since is None or stop.told_at is None or stop.told_at > since)
        )

    def episodes(self) -> tuple[tuple[StopRecord, ...], ...]:
        """The stops between two lifts each: one, and those ordered beside it or while it stood; newest first."""
        held = [stop for stop in self.stops if stop.held is not False]
        found: dict[int, list[StopRecord]] = {}
        for stop in held:
            lifted = sum(1 for at in self.lifts if stop.told_at is not None and at > stop.told_at)
            found.setdefault(lifted, []).append(stop)
        return tuple(tuple(found[lifted]) for lifted in sorted(found))


def was_pending(run: str) -> str:
    """The mark of a task that a stop rejected while it was pending."""
    return f"{STOPPED}{run}: was pending"


def rejected_by(run: str) -> str:
    """The mark of every task that a stop rejected."""
    return f"{STOPPED}{run}"


def to_requeue(stops: tuple[StopRecord, ...], foreign: StopMark | None = None) -> Markers:
    """Return the marks of what was pending when these stops, or one of another hand, rejected it."""
    reasons = [stop.reason for stop in stops] + ([foreign.reason] if foreign is not None else [])
    return Markers(
        begins=tuple(was_pending(stop.run) for stop in stops),
        unstarted=tuple(dict.fromkeys(function_marked(reason) for reason in reasons)),
        pending=tuple(dict.fromkeys(name for stop in stops for name in stop.ran_before))[:MOST_RAN_BEFORE],
    )


def all_rejected(stops: tuple[StopRecord, ...], foreign: StopMark | None = None) -> Markers:
    """Return the marks of all that these stops, or one of another hand, rejected."""
    reasons = [stop.reason for stop in stops] + ([foreign.reason] if foreign is not None else [])
    return Markers(
        begins=tuple(rejected_by(stop.run) for stop in stops),
        patterns=tuple(dict.fromkeys(function_marked(reason) for reason in reasons)),
    )


ANY_STOP: Final = Markers(patterns=(f"{STOPPED}%: was pending%",), unstarted=(f"{FUNCTION_MARK}%",))
"""What was pending when any stop at all rejected it, whoever's."""
