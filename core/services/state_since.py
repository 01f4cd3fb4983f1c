"""Since when the state is what it is: as this monitor saw it, and never earlier than anybody knows."""

import math
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from core.base.clock import Clock
from core.domain.alerts import STOP_RULE
from core.domain.snapshot import CALM, LinkWord, Snapshot, State
from core.domain.status import Level
from core.domain.wrong import SUBJECT_OF_CHECK, Wrong, named, wrong_now

_UNSEEN_S: Final = 120.0
"""The seconds without an answer after which a change may have been any time before."""


_RUNS: Final = {State.CRITICAL: (State.CRITICAL, State.WARNING), State.WARNING: (State.WARNING,)}
"""What goes on while a state lasts: what is critical is worse than a warning."""


_LEVELS: Final = {Level.CRITICAL: (Level.CRITICAL, Level.WARNING), Level.WARNING: (Level.WARNING,)}


class Began(NamedTuple):
    """When something began. `seen`: that was seen; else it may have been earlier."""

    at: datetime
    seen: bool


class StateSince:
    """Remembers when the state last changed, and when each of what is wrong began.

    The calm states, between which a project changes all day, count as one. A state in which something is wrong holds
    since the first of what is as grave began, or since it was last better; what is named may have begun later. So its
    time never becomes a later one while something is wrong.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._state: State | None = None
        self._began: Began | None = None
        self._runs: dict[State, Began] = {}
        """Since when the state is critical, and since when it is that or a warning."""
        self._wrong: dict[tuple[str, Level], Began] = {}
        """When what is wrong began, by its subject, and by how grave it is at least."""
        self._proven = -math.inf
        """The elapsed time at which the state was last proven."""

    def told(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with the time since which its state holds, as far as that is known."""
        elapsed = self._clock.elapsed()
        state = None if snapshot.state is State.UNKNOWN else State.HEALTHY if snapshot.state in CALM else snapshot.state
        now = Began(snapshot.at, seen=self._state is not None and elapsed - self._proven < _UNSEEN_S)
        wrong = wrong_now(snapshot)
        self._note(snapshot, wrong, now)
        if state is not self._state:
            self._state, self._began = state, now
        if snapshot.link.word in {LinkWord.LIVE, LinkWord.OFFLINE}:
            self._proven = elapsed
        elif state is None and not now.seen:
            self._runs = {}  # it may have been well meanwhile
        if state is None or self._began is None:
            return snapshot
        self._began = _earliest(self._began, snapshot.at, *(() if self._began.seen else _stop_began(snapshot)))
        self._runs = {one: _earliest(self._runs.get(one, self._began), snapshot.at) for one in _RUNS.get(state, ())}
        cause = named(wrong)
        if cause is None or state not in _RUNS:
            return msgspec.structs.replace(snapshot, state_since=self._began.at, state_change_seen=self._began.seen)
        level = Level.CRITICAL if state is State.CRITICAL else Level.WARNING
        as_grave = [self._wrong[one.subject, level] for one in wrong if one.level is level and not one.over]
        at, seen = min((self._runs[state], *(as_grave or [self._wrong[cause.subject, Level.WARNING]])))
        self._runs = {one: min(began, Began(at, seen)) for one, began in self._runs.items()}
        own = cause.began_at if cause.alert else None
        new = self._wrong[cause.subject, cause.level].at if own is None else min(own, snapshot.at)
        return msgspec.structs.replace(
            snapshot, state_since=at, state_change_seen=seen, cause_since=new if new > at else None
        )

    def _note(self, snapshot: Snapshot, wrong: tuple[Wrong, ...], now: Began) -> None:
        """Note when everything that is wrong began."""
        unknown = _unknown(snapshot)
        kept = {name: began for name, began in self._wrong.items() if name[0] in unknown}
        for one in wrong:
            # What was seen to begin is as old as that: the screen said something milder before.
            known = () if now.seen or one.over or one.began_at is None else (one.began_at,)
            for level in _LEVELS[one.level]:
                name = one.subject, level
                began = kept.get(name, self._wrong.get(name, now))
                kept[name] = _earliest(began, snapshot.at, *known)
        self._wrong = kept


def _earliest(began: Began, *known: datetime) -> Began:
    return began._replace(at=min(began.at, *known))


def _unknown(snapshot: Snapshot) -> set[str]:
    """Return of what it is not known whether it still is wrong."""
    unknown = {one.name for one in snapshot.health.checks if one.level is Level.UNKNOWN}
    return {SUBJECT_OF_CHECK.get(name, name) for name in unknown}


def _stop_began(snapshot: Snapshot) -> list[datetime]:
    """Return when the alert about the stop in force began."""
    if snapshot.state is not State.STOPPED:
        return []
    return [one.began_at for one in snapshot.alerts if one.rule == STOP_RULE and one.is_so and one.began_at is not None]
