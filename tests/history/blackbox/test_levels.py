"""The course of the state, from the indexes alone: what it claims was recorded, and nothing of that is left out."""

import tempfile
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.actions import ResultPhase
from core.domain.events import ActionEnded, Event
from core.domain.snapshot import STATE_LEVEL, State
from core.domain.status import Level
from core.history.blackbox import BlackboxRules, Box, LevelSpan, MarkKind, Recorder
from core.history.blackbox.ring import listing
from core.history.blackbox.segment import Contents, read
from core.history.blackbox.segment_index import index_frame, marked
from core.history.blackbox.settings import GAP_S
from tests.clock import FakeClock
from tests.history.blackbox.pictures import DAY, NOON, after, busy, kill, picture, record

STEPS = st.lists(
    st.tuples(
        st.sampled_from([1.0, 5.0, 9.0, 20.0, 24.0, 60.0, 1800.0, 4000.0]),
        st.sampled_from(State),
        st.sampled_from(["", "", "", "close", "kill"]),
    ),
    min_size=1,
    max_size=25,
)


def levels(box: Box) -> tuple[LevelSpan, ...]:
    """All of them."""
    return box.levels(NOON - DAY, NOON + 30 * DAY)


def told(box: Box) -> list[tuple[float, float, str]]:
    """The same, in seconds after noon."""
    return [((one.since - NOON).total_seconds(), (one.until - NOON).total_seconds(), one.level) for one in levels(box)]


@settings(deadline=None, max_examples=120)
@given(STEPS, st.integers(0, 2))
def test_what_is_claimed_was_recorded_and_what_was_recorded_is_claimed(
    steps: list[tuple[float, State, str]], sets_back: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        rules = BlackboxRules(megabytes=2)
        recorder = Recorder(place, rules, FakeClock(NOON))
        at, kept = 0.0, [(0.0, State.HEALTHY)]
        recorder.record(picture(0.0, state=State.HEALTHY))
        for number, (seconds, state, ends) in enumerate(steps):
            at += seconds
            if sets_back and number % 7 == 6:
                at -= 50.0 * sets_back
            recorder.record(picture(at, state=state, braked=f"{number}"))
            kept.append((at, state))
            if ends == "close":
                recorder.close(NOON + after(at))
            if ends == "kill":
                kill(recorder)
            if ends:
                recorder = Recorder(place, rules, FakeClock(NOON + after(at)))
        box = Box(place)
        found = levels(box)
        assert all(one.since <= one.until for one in found)
        assert all(one.until <= other.since for one, other in pairwise(found))
        times = {seconds for seconds, _ in kept}
        doubled = {moment for moment, many in Counter(seconds for seconds, _ in kept).items() if many > 1}
        for one in found:
            began = (one.since - NOON).total_seconds()
            if one.since == one.until and (began in doubled or (sets_back and began - GAP_S in times)):
                continue  # a clock that was set back dated two pictures alike, or one for as long as another: either
            for share in (0.1, 0.5, 0.9):
                shown = box.at(one.since + share * (one.until - one.since))
                assert shown is not None, one
                assert STATE_LEVEL[shown.state] is one.level, one
        for seconds, _ in kept:
            if seconds in doubled or (sets_back and seconds - GAP_S in times):
                continue  # up to and with that moment the picture of before stands, by whichever clock
            moment = NOON + after(seconds)
            shown = box.at(moment)
            if shown is None:  # a file that a wrong clock dated ahead was deleted
                assert sets_back
                continue
            level = STATE_LEVEL[shown.state]
            here = [one.level for one in found if one.since <= moment <= one.until]
            assert level in here or level is Level.UNKNOWN or (sets_back and not here), (seconds, level, here)
        assert box.levels(NOON - 2 * DAY, NOON - DAY) == ()


def test_gaps_are_left_out_and_a_start_that_knows_nothing_yet_is_none(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON))
    record(recorder, [picture(0, state=State.UNKNOWN), picture(3), picture(10, state=State.CRITICAL), picture(20)])
    recorder.close(NOON + after(25))
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON + after(100)))
    record(recorder, [picture(100 + 10 * n, state=State.UNKNOWN) for n in range(5)])
    record(recorder, [picture(150, state=State.STOPPED), picture(155, state=State.DISABLED)])
    kill(recorder)
    assert told(Box(tmp_path)) == [
        (3, 10, Level.OK),
        (10, 20, Level.CRITICAL),
        (20, 25, Level.OK),
        (100, 150, Level.UNKNOWN),
        (150, 155, Level.CRITICAL),
        (155, 155, Level.WARNING),
    ]


def test_hours_of_files_are_read_by_their_indexes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON))
    states = {700: State.WARNING, 701: State.CRITICAL, 1500: State.HEALTHY}
    state = State.HEALTHY
    for number in range(2200):
        state = states.get(number, state)
        recorder.record(busy(number, state=state))
    kill(recorder)
    parts = listing(tmp_path)
    assert len(parts) > 2
    opened: list[Path] = []

    def counted(path: Path) -> Contents:
        opened.append(path)
        return read(path)

    monkeypatch.setattr("core.history.blackbox.segment_cache.read", counted)
    assert told(Box(tmp_path)) == [
        (0, 3500, Level.OK),
        (3500, 3505, Level.WARNING),
        (3505, 7500, Level.CRITICAL),
        (7500, 2199 * 5, Level.OK),
    ]
    assert opened == [parts[-1].path]  # which is being written


def test_files_of_an_earlier_version_tell_when_they_were_written_and_no_state(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON))
    record(recorder, [picture(10.0 * n, state=State.CRITICAL if n == 5 else State.HEALTHY) for n in range(10)])
    kill(recorder)
    part = listing(tmp_path)[0]
    contents = read(part.path)
    entries = [entry._replace(flags=entry.flags & 31) for entry in contents.entries]
    old = [(entry.at, entry.flags) for entry in entries if entry.flags]
    whole = contents.salvage() + index_frame(old, entries[-1])
    assert marked(entries) != tuple(old)
    part.path.write_bytes(whole)
    assert told(Box(tmp_path)) == [(0, 90, Level.UNKNOWN)]


def test_actions_and_stops_are_marked_and_what_failed_is_not(tmp_path: Path) -> None:
    def ended(seconds: float, *, done: bool) -> Event:
        phase = ResultPhase.VERIFIED if done else ResultPhase.REFUSED
        what = ActionEnded(who="ann", action="heal", phase=phase, outcome="2 changed", done=done)
        return Event.of(what, NOON + after(seconds))

    refused, healed = ended(10, done=False), ended(20, done=True)
    by_another = Event(at=NOON + after(30), who="bob", text="heal completed", run="r1", row="7")
    waits = Event(at=NOON + after(5), who="watchdog ann", text="waits: a stop", run="2", level=Level.CRITICAL)
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON))
    record(
        recorder,
        [
            picture(0),
            picture(5, events=(waits,)),
            picture(10, events=(refused, waits)),
            picture(20, events=(healed, refused, waits)),
            picture(30, events=(by_another, healed, refused, waits)),
            picture(40, events=(by_another, healed, refused, waits), state=State.STOPPED),
            picture(50, events=(by_another, healed, refused, waits), state=State.STOPPED, braked="x"),
            picture(60, events=(by_another, healed, refused, waits)),
        ],
    )
    marks = Box(tmp_path).marks(NOON, NOON + timedelta(hours=1))
    assert [(one.at - NOON).total_seconds() for one in marks if MarkKind.ACTION in one.kinds] == [20, 30, 40, 60]
    assert all(one.kinds for one in marks)
