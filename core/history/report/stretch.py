"""The window of the incident around a moment, from the black box. It reads files and blocks: call it in a thread."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from core.history.blackbox import Box, MarkKind
from core.history.report.incident_course import AROUND, LEAD, Trouble, joined
from core.history.report.turning_points import trouble

_REACH: Final = timedelta(hours=12)
_ALONE: Final = timedelta(hours=1)
"""What is shown on either side of a moment of calm."""

_MOST: Final = 200
"""The most changes of the state that are looked at, those closest to the moment."""

_TURNS: Final = {MarkKind.STATE, MarkKind.BEGAN, MarkKind.ENDED}


def stretch(box: Box, at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Return from when until when the incident was that a moment lies in or close to, with some time around it.

    That has nothing of the incidents before and after it. Without one it is an hour on either side. Never past `now`,
    and never before its own beginning.
    """
    since, until = at - _REACH, min(now, at + _REACH)
    turns = (mark.at for mark in box.marks(since, until) if not _TURNS.isdisjoint(mark.kinds))
    near = sorted(sorted(turns, key=lambda turn: abs(turn - at))[:_MOST])
    found = []
    for began, ended in pairwise((since, *near, until)):
        shown = box.at(began)
        if ended > began and shown is not None and trouble(shown):
            found.append(Trouble(began, ended))
    troubles = joined(found)
    close = [one for one in troubles if one.since - LEAD <= at <= one.until + LEAD]
    if not close:
        return at - _ALONE, max(at, min(now, at + _ALONE))
    its = min(close, key=lambda one: max(one.since - at, at - one.until, timedelta()))
    before = (one.until for one in troubles if one.until < its.since)
    after = (one.since for one in troubles if one.since > its.until)
    return max((its.since - LEAD, *before)), min((now, its.until + AROUND, *after))
