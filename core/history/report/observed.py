"""Pictures with how long each held, and the words that held through them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from core.domain.snapshot import Snapshot
from core.history.blackbox import WatchedSpan
from core.history.report.record import Stay


class ShownPicture(NamedTuple):
    """A picture, and from when until when it was so, as far as somebody looked. `anew`: nobody looked before it."""

    picture: Snapshot
    since: datetime
    until: datetime
    anew: bool


def seen(
    pictures: Iterable[Snapshot], looks: tuple[WatchedSpan, ...], since: datetime, until: datetime
) -> Iterator[ShownPicture]:
    """Each picture until the next one, or until nobody looked any more. Both the oldest first."""
    before: Snapshot | None = None
    ended: datetime | None = None
    for following in chain(pictures, (None,)):
        if before is not None:
            began = max(before.at, since)
            goes_on = until if following is None else max(began, following.at)
            reached = min(goes_on, _reach(looks, began))
            yield ShownPicture(before, began, max(began, reached), ended is None or began > ended)
            ended = max(began, reached)
        before = following


def _reach(looks: tuple[WatchedSpan, ...], at: datetime) -> datetime:
    """Until when it was looked at without a gap."""
    return next((look.until for look in looks if look.since <= at <= look.until), at)


class Words:
    """From when until when each word held."""

    def __init__(self) -> None:
        self._stays: list[Stay] = []

    def see(self, word: str, why: str, one: ShownPicture) -> None:
        """It held for as long as that picture did."""
        last = self._stays[-1] if self._stays else None
        if last is not None and last.word == word and not one.anew:
            self._stays[-1] = Stay(word=word, why=last.why, since=last.since, until=one.until)
        else:
            self._stays.append(Stay(word=word, why=why, since=one.since, until=one.until))

    def stays(self) -> tuple[Stay, ...]:
        """The oldest first; where two do not touch nobody looked."""
        return tuple(self._stays)
