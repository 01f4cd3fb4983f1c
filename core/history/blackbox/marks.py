"""What happened from one picture to the next, as far as a frame's header tells it."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.snapshot import Snapshot
from core.history.blackbox.frame import Flag


class MarkKind(StrEnum):
    """Why a moment is worth a look. `began`, `ended`: somebody begins, or ceases, to look."""

    EVENT = "event"
    STATE = "state"
    ALERT = "alert"
    NOTE = "note"
    BEGAN = "began"
    ENDED = "ended"


class Mark(msgspec.Struct, frozen=True):
    """A moment at which something happened, and what."""

    at: datetime
    kinds: tuple[MarkKind, ...]


_KINDS: Final = {
    Flag.EVENT: MarkKind.EVENT,
    Flag.STATE: MarkKind.STATE,
    Flag.ALERT: MarkKind.ALERT,
    Flag.BEGAN: MarkKind.BEGAN,
    Flag.ENDED: MarkKind.ENDED,
}


def kinds_of(flags: int) -> tuple[MarkKind, ...]:
    """A header's flags in words; those of a later version are none."""
    return tuple(kind for flag, kind in _KINDS.items() if flags & flag)


def happened(old: Snapshot, new: Snapshot) -> Flag:
    """A new event, another state word, an alert that is not as it was; one that is only pending is none yet."""
    flags = Flag(0)
    if new.events != old.events and not set(new.events) <= set(old.events):
        flags |= Flag.EVENT
    if new.state is not old.state:
        flags |= Flag.STATE
    if new.alerts != old.alerts and _alerts(new) != _alerts(old):
        flags |= Flag.ALERT
    return flags


def must_stay(old: Snapshot, new: Snapshot) -> bool:
    """Whether `new` may not give way to a newer one: like `happened`, but cheap and rather yes than no."""
    return new.state is not old.state or new.events != old.events or _alerts(new) != _alerts(old)


def _alerts(snapshot: Snapshot) -> set[tuple[str, str, str]]:
    return {(one.key, one.episode, one.state) for one in snapshot.alerts if one.state != "pending"}
