"""Reports of what is written by hand: pictures, events, rows of the log, looks. All moments are seconds after noon."""

from typing import Any

from core.domain.events import BreakerChanged, Event, Happening
from core.domain.records import LogEntry
from core.domain.snapshot import Link, LinkWord, Snapshot
from core.history.blackbox import WatchedSpan
from core.history.report import RecordedWindow, Report, compose
from core.resilience import BreakerCause, BreakerState
from tests.history.blackbox.pictures import NOON, after, picture

RUN = "3f0c7a52-7a43-4e6f-8f0e-2f7d5ad2b001"
JANA, SAM = "operator jana@watch-1", "operator sam@bastion-2"


def shot(seconds: float, **more: Any) -> Snapshot:
    return picture(seconds, **{"ready": True, "link": Link(word=LinkWord.LIVE)} | more)


def event(seconds: float, text: str, who: str = "watchdesk", **more: Any) -> Event:
    return Event(at=NOON + after(seconds), who=who, text=text, **more)


def happened(seconds: float, what: Happening) -> Event:
    return Event.of(what, NOON + after(seconds))


def breaker(
    seconds: float, key: str, state: BreakerState, why: str, cause: BreakerCause = BreakerCause.FAILURES
) -> Event:
    before = BreakerState.OPEN if state is BreakerState.CLOSED else BreakerState.CLOSED
    return happened(seconds, BreakerChanged(key=key, before=before, after=state, cause=cause, why=why))


def row(seconds: float, status: str, **more: Any) -> LogEntry:
    told = {"step": "watchdog_healing", "order": "emergency_stop", "actor": SAM, "run": RUN} | more
    return LogEntry(id=f"{seconds}{status}{told['step']}", at=NOON + after(seconds), status=status, **told)


def look(since: float, until: float) -> WatchedSpan:
    return WatchedSpan(NOON + after(since), NOON + after(until))


def of(*pictures: Snapshot, until: float = 600, looks: tuple[WatchedSpan, ...] | None = None, **more: Any) -> Report:
    found = RecordedWindow(pictures, (look(0, until),) if looks is None else looks, **more)
    return compose(found, since=NOON, until=NOON + after(until), made_at=NOON + after(until), host="watch-1")


def lines(report: Report) -> list[tuple[float, str, str]]:
    return [((one.at - NOON).total_seconds(), one.who, one.text) for one in report.timeline]
