"""Since when the state is what it is: as this monitor saw it, and never earlier than anybody knows."""

import math
from datetime import datetime
from typing import Final

import msgspec

from core.base.clock import Clock
from core.domain.alerts import STOP_RULE, Severity
from core.domain.snapshot import CALM, STATE_LEVEL, LinkWord, Snapshot, State

_UNSEEN_S: Final = 120.0
"""The seconds without an answer after which a change may have been any time before."""


class StateSince:
    """Remembers when the state last changed. The calm ones, between which a project changes all day, count as one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._state: State | None = None
        self._at: datetime | None = None
        self._seen = False
        self._proven = -math.inf
        """The elapsed time at which it was last proven."""

    def told(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with the time since which its state holds, as far as that is known."""
        elapsed = self._clock.elapsed()
        state = None if snapshot.state is State.UNKNOWN else State.HEALTHY if snapshot.state in CALM else snapshot.state
        if state is not self._state:
            self._seen = self._state is not None and elapsed - self._proven < _UNSEEN_S
            self._state, self._at = state, snapshot.at
        if snapshot.link.word in {LinkWord.LIVE, LinkWord.OFFLINE}:
            self._proven = elapsed
        if state is None or self._at is None:
            return snapshot
        self._at = min([self._at, snapshot.at, *(() if self._seen else _known_before(snapshot))])
        return msgspec.structs.replace(snapshot, state_since=self._at, state_change_seen=self._seen)


def _known_before(snapshot: Snapshot) -> list[datetime]:
    """Return when alerts began by which the state was no better since."""
    if snapshot.state is State.STOPPED:
        of_state = [one for one in snapshot.alerts if one.rule == STOP_RULE]
    else:
        level = STATE_LEVEL[snapshot.state]
        calm = snapshot.state in CALM
        of_state = [one for one in snapshot.alerts if not calm and Severity(one.severity).level is level]
    return [one.began_at for one in of_state if one.is_so and one.began_at is not None]
