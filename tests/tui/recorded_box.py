"""A box that a real recorder wrote: work, an outage, hours in which nobody looked, and work again."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from core.domain.events import Event
from core.domain.snapshot import Link, LinkWord, Snapshot
from core.history.blackbox import BlackboxRules, Box, Recorder
from tests.clock import FakeClock
from tests.tui.pictures import LATER, OFFLINE, WARNING
from tests.tui.well import ACTIVE, changed

NOW: Final = LATER + timedelta(hours=4)
LIVE: Final = changed(WARNING, at=NOW, link=Link(word=LinkWord.LIVE, since=NOW, latency_s=0.06))
DOWN_AT: Final = LATER - timedelta(seconds=40)
"""When the outage is first in a picture; the last of it is at `LATER`."""
BACK_AT: Final = LATER + timedelta(seconds=10)
LAST_AT: Final = LATER + timedelta(seconds=30)
"""From here on nobody looked, until shortly before `NOW`."""
AGAIN_AT: Final = NOW - timedelta(seconds=20)


def _event(at: datetime, text: str) -> Event:
    return Event(at=at, who="watchdesk", text=text)


def outage() -> list[Snapshot]:
    """Six pictures of work, five of the outage, three of work again."""
    began = DOWN_AT - timedelta(minutes=1)
    found = [working(began + timedelta(seconds=10 * n)) for n in range(6)]
    for n in range(5):
        at = DOWN_AT + timedelta(seconds=10 * n)
        link = Link(word=LinkWord.OFFLINE, since=DOWN_AT, tries=n + 1, next_at=at + timedelta(seconds=20))
        found.append(changed(OFFLINE, at=at, link=link, events=(_event(DOWN_AT, "database down"), *OFFLINE.events)))
    return [*found, *(working(BACK_AT + timedelta(seconds=10 * n)) for n in range(3))]


def working(at: datetime) -> Snapshot:
    """At work, and just read."""
    link = Link(word=LinkWord.LIVE, since=at, latency_s=0.04 + at.second / 10_000)
    return changed(ACTIVE, at=at, link=link)


def written(place: Path) -> Box:
    """All of it, by two processes one after the other."""
    for course in (outage(), [changed(LIVE, at=AGAIN_AT + timedelta(seconds=5 * n)) for n in range(4)]):
        recorder = Recorder(place, BlackboxRules(), FakeClock(course[0].at))
        for one in course:
            recorder.record(one)
        recorder.close(course[-1].at)
    return Box(place)
