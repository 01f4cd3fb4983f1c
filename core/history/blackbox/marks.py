"""The events between two snapshots, as far as a frame's header records them."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from core.domain.events import ActionEnded, Event
from core.domain.snapshot import CALM, CUT_OFF, Snapshot, State
from core.domain.status import Level
from core.history.blackbox.frame import Flag


class MarkKind(StrEnum):
    """The kind of event at a moment. `began`, `ended`: of observation; `action`: a stop, a heal or another is done."""

    EVENT = "event"
    STATE = "state"
    ALERT = "alert"
    NOTE = "note"
    BEGAN = "began"
    ENDED = "ended"
    ACTION = "action"


class Mark(msgspec.Struct, frozen=True):
    """A moment at which something happened, and the kinds of what happened."""

    at: datetime
    kinds: tuple[MarkKind, ...]


_KINDS: Final = {
    Flag.EVENT: MarkKind.EVENT,
    Flag.STATE: MarkKind.STATE,
    Flag.ALERT: MarkKind.ALERT,
    Flag.BEGAN: MarkKind.BEGAN,
    Flag.ENDED: MarkKind.ENDED,
    Flag.ACTION: MarkKind.ACTION,
}


@lru_cache(256)
def kinds_of(flags: int) -> tuple[MarkKind, ...]:
    """Return the kinds of a header's flags; unknown flags of a later version are ignored."""
    return tuple(kind for flag, kind in _KINDS.items() if flags & flag)


def happened(old: Snapshot, new: Snapshot) -> Flag:
    """Return flags for a new event, an action that is done, another state, and a changed alert.

    One that is only pending does not count, nor does a change between two states in which nothing is wrong. That the
    project is cut off, or answers again, counts as another state.
    """
    flags = Flag(0)
    if new.events != old.events and (told := set(new.events) - set(old.events)):
        flags |= Flag.EVENT
        flags |= Flag.ACTION if any(map(_acted, told)) else Flag(0)
    if new.state is not old.state and not {new.state, old.state} <= CALM:
        flags |= Flag.STATE
        flags |= Flag.ACTION if State.STOPPED in {new.state, old.state} else Flag(0)
    if _cut_off(new) != _cut_off(old):
        flags |= Flag.STATE
    if new.alerts != old.alerts and _alerts(new) != _alerts(old):
        flags |= Flag.ALERT
    return flags


def must_stay(old: Snapshot, new: Snapshot) -> bool:
    """Return whether `new` must not be dropped for a newer one: like `happened`, but cheap and rather yes than no."""
    return (
        new.state is not old.state
        or _cut_off(new) != _cut_off(old)
        or new.events != old.events
        or _alerts(new) != _alerts(old)
    )


def _cut_off(snapshot: Snapshot) -> bool:
    return snapshot.link.word in CUT_OFF


def _acted(event: Event) -> bool:
    """Return whether an action is done: one of this process, or of another by its row in the project's log."""
    return event.what.done if isinstance(event.what, ActionEnded) else bool(event.run) and event.level is Level.OK


def _alerts(snapshot: Snapshot) -> set[tuple[str, str, str]]:
    return {(one.key, one.episode, one.state) for one in snapshot.alerts if one.state != "pending"}
