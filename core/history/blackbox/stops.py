"""The stops on the way from incident to incident: where one began or ended, and where it grew worse. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

from core.domain.snapshot import CUT_OFF, LinkWord, Snapshot, State
from core.history.blackbox.marks import Mark, MarkKind
from core.history.blackbox.settings import GAP_S

APART: Final = timedelta(minutes=2)
"""The time without a change after which the next one is another incident."""

STARTS: Final = timedelta(seconds=GAP_S)
"""The time in which a monitor that was just started reads what it did not know: nothing changed in the project."""

_TURNS: Final = frozenset({MarkKind.STATE, MarkKind.ALERT})
_RANK: Final = {State.WARNING: 1, State.DISABLED: 1, State.UNKNOWN: 2, State.CRITICAL: 3, State.STOPPED: 3}
_CUT_OFF_RANK: Final = 4
_OF_THEIR_OWN: Final = frozenset({LinkWord.OFFLINE, State.STOPPED, State.CRITICAL})


class Gravity(NamedTuple):
    """How grave a moment is. `words`: what it has of an outage, a stop, CRITICAL: each is told beside the others."""

    rank: int = 0
    words: frozenset[str] = frozenset()


GravityAt: TypeAlias = Callable[[datetime], Gravity | None]
"""Returns the gravity of a moment; `None`: too many were read already."""


def gravity(snapshot: Snapshot | None) -> Gravity:
    """Return the gravity of a snapshot: none where there is no snapshot, or one of a monitor that only starts."""
    if snapshot is None or (snapshot.state is State.UNKNOWN and not snapshot.ready):
        return Gravity()
    rank = _CUT_OFF_RANK if snapshot.link.word in CUT_OFF else _RANK.get(snapshot.state, 0)
    return Gravity(rank, _OF_THEIR_OWN & {snapshot.link.word, snapshot.state})


def turns(marks: Iterable[Mark], gravity_at: GravityAt) -> Iterator[Mark]:
    """Yield the marks that incidents are made of, of marks the oldest first.

    What a monitor that was just started found out is one only where it is worse than what was seen shortly before.
    """
    began: datetime | None = None
    for mark in marks:
        began = mark.at if MarkKind.BEGAN in mark.kinds else began
        if _TURNS.isdisjoint(mark.kinds):
            continue
        starts = began is not None and mark.at - began <= STARTS
        if not starts or _worse(gravity_at(mark.at), (gravity_at(mark.at - APART),)):
            yield mark


def stops(marks: Iterable[Mark], gravity_at: GravityAt) -> Iterator[Mark]:
    """Yield where to stop among the marks of incidents, in their order: the oldest first, or the newest first.

    All that change with at most two minutes in between are one burst: the first is a stop, however many follow. In it
    each that is worse than all of the two minutes before is one as well, and each outage, stop and change to CRITICAL
    with none of its kind in them: what goes up and down is not.
    """
    for burst in _bursts(marks):
        forward = burst[0].at <= burst[-1].at
        run = burst if forward else burst[::-1]
        places = range(len(run)) if forward else reversed(range(len(run)))
        yield from (run[place] for place in places if place == 0 or _is_worse(run, place, gravity_at))


def _bursts(marks: Iterable[Mark]) -> Iterator[list[Mark]]:
    run: list[Mark] = []
    for mark in marks:
        if run and abs(mark.at - run[-1].at) > APART:
            yield run
            run = []
        run.append(mark)
    if run:
        yield run


def _is_worse(run: Sequence[Mark], place: int, gravity_at: GravityAt) -> bool:
    """Return whether a mark begins something worse than all that held in the two minutes before it, or of its own."""
    mark = run[place]
    if MarkKind.STATE not in mark.kinds:
        return False
    least = mark.at - APART
    changes = (one.at for one in reversed(run[:place]) if one.at > least and MarkKind.STATE in one.kinds)
    return _worse(gravity_at(mark.at), (gravity_at(at) for at in chain(changes, (least,))))


def _worse(now: Gravity | None, before: Iterable[Gravity | None]) -> bool:
    """Return whether a moment is graver than all before, or has a word of its own that none of them has.

    Of those no more are read than necessary.
    """
    if now is None:
        return False
    graver, words = now.rank > 0, now.words
    for one in before if graver else ():
        if one is None:
            return False
        graver, words = graver and now.rank > one.rank, words - one.words
        if not graver and not words:
            return False
    return graver or bool(words)
