"""Events: each kind says its sentence, comes back from the black box as it was, and old ones still can be read."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from core.domain.actions import Result, ResultPhase
from core.domain.alerts import Phase, Severity
from core.domain.checks import Check
from core.domain.events import (
    ActionEnded,
    AlertChanged,
    BreakerChanged,
    BreakerReopened,
    Change,
    CheckChanged,
    ContactTold,
    DegradationChanged,
    Event,
    Happening,
    Remark,
)
from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.history.blackbox.frame import Decoder, Encoder, Kind
from core.resilience import BreakerCause, BreakerEvent, BreakerState, DegradationEvent, DegradationLevel
from core.services.events import EventLog
from tests.clock import FakeClock
from tests.history.blackbox.pictures import NOON, picture

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
JANA = "operator jana@watch-1"
OPENED = BreakerEvent(
    key="db:read",
    before=BreakerState.CLOSED,
    after=BreakerState.OPEN,
    cause=BreakerCause.FAILURES,
    why="5 failures in a row: no route",
    at=AT,
)
STOPPED = Result(action="emergency_stop", phase=ResultPhase.VERIFIED, text="stopped (read back)", run="r")
FAILS = AlertChanged(
    key="success_rate",
    episode="e",
    phase=Phase.FIRING,
    severity=Severity.HIGH,
    title="many tasks fail",
    why="70 % of 30 failed",
)
replace = msgspec.structs.replace
BAD = Level.WARNING

TOLD: list[tuple[Happening, str, str, Level]] = [
    (BreakerChanged.of(OPENED), "watchdesk", "breaker db:read open: 5 failures in a row: no route", BAD),
    (
        BreakerChanged(
            key="db:read",
            before=BreakerState.DUE,
            after=BreakerState.HALF_OPEN,
            cause=BreakerCause.DUE,
            why="time for a probe",
        ),
        "watchdesk",
        "breaker db:read half-open: time for a probe",
        Level.WARNING,
    ),
    (
        BreakerChanged(
            key="db:read",
            before=BreakerState.OPEN,
            after=BreakerState.CLOSED,
            cause=BreakerCause.RESET,
            why=f"reset by {JANA}",
            by=JANA,
        ),
        "watchdesk",
        f"breaker db:read closed: reset by {JANA}",
        Level.OK,
    ),
    (
        BreakerReopened(key="db:read", after_s=20.0, by=JANA),
        "watchdesk",
        f"breaker db:read is open again 20 s after {JANA} reset it: the cause persists",
        Level.WARNING,
    ),
    (
        CheckChanged.of(Check(name="edge_function", level=Level.CRITICAL, text="no answer"), Level.OK),
        "watchdog",
        "edge function critical: no answer",
        Level.CRITICAL,
    ),
    (ActionEnded.of(STOPPED, JANA), JANA, "emergency stop: stopped (read back)", Level.OK),
    (ActionEnded.of(STOPPED, JANA, " too many\n"), JANA, "emergency stop: stopped (read back) (too many)", Level.OK),
    (
        ActionEnded.of(replace(STOPPED, phase=ResultPhase.REFUSED, text="observes"), JANA),
        JANA,
        "emergency stop: observes",
        Level.WARNING,
    ),
    (
        ActionEnded.of(replace(STOPPED, phase=ResultPhase.UNCHANGED, text="stopped already", already=True), JANA),
        JANA,
        "emergency stop: stopped already",
        Level.OK,
    ),
    (FAILS, "watchdesk", "alert firing, high: many tasks fail: 70 % of 30 failed", BAD),
    (
        replace(FAILS, severity=Severity.LOW, why=FAILS.title),
        "watchdesk",
        "alert firing, low: many tasks fail",
        Level.OK,
    ),
    (
        ContactTold(to="ann@example.org", phase=Phase.FIRING, subject="[probe] high: many tasks fail", how="by mail"),
        "watchdesk",
        "told ann@example.org: [probe] high: many tasks fail (by mail)",
        Level.OK,
    ),
    (replace(FAILS, phase=Phase.RESOLVED), "watchdesk", "alert resolved, high: many tasks fail", Level.OK),
    (
        DegradationChanged.of(
            DegradationEvent(
                before=DegradationLevel.NORMAL,
                after=DegradationLevel.PARTIAL,
                lost=("queue", "recent_logs"),
                at=AT,
            )
        ),
        "watchdesk",
        "partial degradation: queue, recent logs not live",
        Level.WARNING,
    ),
    (
        DegradationChanged(before=DegradationLevel.PARTIAL, after=DegradationLevel.NORMAL),
        "watchdesk",
        "all data live",
        Level.OK,
    ),
    (Remark(text="the log is written again"), "watchdesk", "the log is written again", Level.OK),
    (
        Remark(text="could not act", who="watchdog a@b", level=BAD),
        "watchdog a@b",
        "could not act",
        Level.WARNING,
    ),
]
EVENTS = tuple(Event.of(what, AT) for what, *_ in TOLD)


@pytest.mark.parametrize(("what", "who", "text", "level"), TOLD, ids=[text for _, _, text, _ in TOLD])
def test_each_kind_says_its_sentence(what: Happening, who: str, text: str, level: Level) -> None:
    event = Event.of(what, AT)
    assert (event.who, event.text, event.level, event.run) == (who, text, level, what.run)
    assert event.what == (None if isinstance(what, Remark) else what)


def test_every_kind_is_tried_here() -> None:
    assert {type(what) for what, *_ in TOLD} == {*Change.__args__, Remark}  # type: ignore[attr-defined]  # of a union


@pytest.mark.parametrize("event", EVENTS, ids=[event.text for event in EVENTS])
def test_each_comes_back_as_it_was(event: Event) -> None:
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Event) == event


def test_the_black_box_keeps_them_whole_and_as_changes() -> None:
    encoder, decoder = Encoder(), Decoder()
    for number in range(len(EVENTS) + 1):
        shown = picture(number, events=EVENTS[:number][::-1])
        kind, body = encoder.encode(shown)
        decoder.take(kind, body)
        assert decoder.snapshot(0) == shown
    assert kind is Kind.CHANGE


def old_tree(*events: dict[str, Any]) -> dict[str, Any]:
    """A picture as it was packed before events had kinds."""
    tree: dict[str, Any] = msgspec.msgpack.decode(msgspec.msgpack.encode(picture()))
    return tree | {"events": list(events)}


def test_a_picture_from_before_the_kinds_can_be_read_and_its_events_are_notes() -> None:
    text = "breaker db:read open: 5 failures in a row"
    old = {"at": NOON.isoformat(), "who": "watchdesk", "text": text, "level": "warning", "run": "", "row": ""}
    found = msgspec.convert(old_tree(old), Snapshot)
    assert found.events == (Event(at=NOON, who="watchdesk", text=text, level=Level.WARNING),)
    assert found.events[0].what is None


def test_the_log_of_events_takes_every_kind_and_words_alone() -> None:
    clock = FakeClock()
    log = EventLog(clock)
    for what, *_ in TOLD:
        log.add(what)
    log.say(JANA, "words", Level.WARNING, run="r")
    newest, *rest = log.events(())
    assert newest == Event(at=clock.now(), who=JANA, text="words", level=Level.WARNING, run="r")
    assert rest == [Event.of(what, clock.now()) for what, *_ in reversed(TOLD)]
