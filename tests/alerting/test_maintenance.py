"""Maintenance: what is sent before, within and after a window, and how monitors agree on it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core.alerting.silences import in_snapshot, titled
from core.alerting.sync import ended_again, heard, of_order, said_again
from core.domain.alerts import Silence
from core.domain.maintenance import OnceWindow, WeeklyWindow
from core.domain.status import Level
from tests.alerting.timeline import START, Lives, phases

DAY = timedelta(days=1)
NIGHTLY = WeeklyWindow(text="daily 04:30-05:00", zone="Europe/Berlin")
"""From 30 to 60 minutes after the start, which is a Sunday, 04:00 there."""


def maintenance(lives: Lives, window: OnceWindow | WeeklyWindow = NIGHTLY, matcher: str = "*", **more: Any) -> Silence:
    at = lives.now
    given: dict[str, Any] = {"id": f"m{len(lives.silences)}", "who": "operator anna@ops", "reason": "backup"} | more
    made = Silence(matcher=matcher, at=at, until=at, window=window, **given)
    lives.silences.append(made)
    return made


def once(lives: Lives, after_min: float, minutes: float) -> OnceWindow:
    since = lives.now + timedelta(minutes=after_min)
    return OnceWindow(since=since, until=since + timedelta(minutes=minutes), zone="UTC")


@pytest.mark.parametrize(
    ("matcher", "called"),
    [
        ("Stuck_Tasks", '"tasks are stuck"'),
        ("database_down", '"database down"'),
        ("database_down:db", '"database down"'),
        ("breakers:db", '"calls to the database fail"'),
        ("breakers", "breakers"),
        ("db", "db"),
        ("stuck_*", "stuck_*"),
        ("critical", "critical"),
        ("*", "*"),
    ],
)
def test_a_silence_of_one_alert_is_called_by_its_title_and_a_pattern_by_itself(matcher: str, called: str) -> None:
    one = Silence(id="s", matcher=matcher, reason="r", who="anna", at=START, until=START + timedelta(hours=1))
    assert titled(one).called == called
    ((shown,), _) = in_snapshot((one,), START)
    assert shown.called == called
    assert msgspec.to_builtins(one)["title"] == ""  # what is kept and told to others is the matcher


@pytest.mark.parametrize("weekly", [True, False])
def test_what_fires_and_resolves_within_a_window_is_sent_to_nobody(weekly: bool) -> None:
    lives = Lives()
    maintenance(lives, NIGHTLY if weekly else once(lives, 30, 30))
    lives.minutes(31)
    lives.minutes(20, stopped=True)
    assert lives.stage("emergency_stop") == "firing"  # its state stays what it is
    lives.minutes(60)
    assert lives.stage("emergency_stop") != "firing"
    assert lives.told() == []


@pytest.mark.parametrize("weekly", [True, False])
def test_what_still_fires_at_the_end_of_a_window_is_sent_at_once(weekly: bool) -> None:
    lives = Lives()
    maintenance(lives, NIGHTLY if weekly else once(lives, 30, 30))
    lives.minutes(31)
    lives.minutes(28, stopped=True)
    assert lives.told() == []
    lives.minutes(3, stopped=True)
    assert lives.told() == [(60.0, "firing", (0,))]


def test_a_window_to_come_silences_nothing_yet() -> None:
    lives = Lives()
    maintenance(lives)
    maintenance(lives, once(lives, 40, 60))
    lives.minute(stopped=True)
    assert lives.told() == [(1.0, "firing", (0,))]


def test_what_was_sent_as_firing_is_sent_as_resolved_within_a_window() -> None:
    lives = Lives()
    maintenance(lives)
    lives.minutes(35, stopped=True)
    lives.minutes(5)
    assert phases(lives.told())[-1] == "resolved"
    assert 30 < lives.told()[-1][0] < 60


def test_nothing_is_repeated_or_escalated_within_a_window_and_it_goes_on_after_it() -> None:
    lives = Lives(contacts=3)
    maintenance(lives, once(lives, 5, 60))
    lives.minutes(64, stopped=True)
    assert lives.told() == [(1.0, "firing", (0,))]
    lives.minutes(2, stopped=True)
    assert lives.told()[1:] == [(65.0, "escalated", (1,))]


def test_an_acknowledgement_within_a_window_holds_after_it() -> None:
    lives = Lives()
    maintenance(lives)
    lives.minutes(31)
    lives.minutes(5, stopped=True)
    lives.ack("emergency_stop")
    lives.minutes(60, stopped=True)
    assert lives.told() == []
    assert lives.alert("emergency_stop").acked == "anna"


def test_only_what_it_matches_is_silenced_and_a_rise_is_sent_if_it_matches_that_no_more() -> None:
    lives = Lives()
    maintenance(lives, once(lives, 1, 90), matcher="high")
    lives.minutes(50, failure_rate=Level.WARNING)
    assert lives.told() == []
    lives.minute(failure_rate=Level.CRITICAL)
    assert phases(lives.told()) == ["firing"]


def test_it_holds_again_every_day_and_between_two_windows_it_does_not() -> None:
    lives = Lives()
    maintenance(lives)
    lives.minutes(70)
    lives.minutes(5, stopped=True)
    lives.minutes(5)
    assert phases(lives.told()) == ["firing", "resolved"]
    lives.minute(23 * 3600.0)  # 04:20 of the next day
    lives.minutes(15)
    lives.minutes(5, stopped=True)
    assert lives.silences[0].holds(lives.now)
    lives.minutes(5)
    assert phases(lives.told()) == ["firing", "resolved"]


def test_one_window_that_is_ended_sends_at_once_and_the_next_one_holds() -> None:
    lives = Lives()
    made = maintenance(lives)
    lives.minutes(31)
    lives.minutes(5, stopped=True)
    held = made.holding(lives.now)
    assert held is not None
    lives.silences = [msgspec.structs.replace(made, skipped=held.until)]
    lives.minute(stopped=True)
    assert lives.told() == [(37.0, "firing", (0,))]
    assert lives.silences[0].holds(lives.now + DAY)


# What monitors tell each other


def row(silence: Silence) -> dict[str, Any]:
    return of_order("silence", silence, "", by="operator", who="w", host="h", now=silence.at).told


def told(lives: Lives, rows: Iterable[dict[str, Any]]) -> tuple[Silence, ...]:
    return heard([msgspec.json.decode(msgspec.json.encode(one)) for one in rows], lives.rules, lives.now).silences


def test_a_window_is_heard_as_it_was_said() -> None:
    lives = Lives()
    for window in (NIGHTLY, once(lives, 40, 60), msgspec.structs.replace(NIGHTLY, until=lives.now + 30 * DAY)):
        made = maintenance(lives, window)
        assert told(lives, [row(made)]) == (made,)


def test_rows_of_one_silence_are_one_word_in_whatever_order_they_come() -> None:
    lives = Lives()
    made = maintenance(lives)
    skipped = msgspec.structs.replace(made, skipped=lives.now + DAY)
    ended = msgspec.structs.replace(made, ended_at=lives.now)
    rows = [row(made), row(skipped), row(ended)]
    assert len({one["run"] for one in rows}) == 3  # each is a row of its own
    for some in (rows, rows[::-1], [rows[1], rows[0], rows[2]]):
        (one,) = told(lives, some)
        assert (one.skipped, one.ended_at) == (lives.now + DAY, lives.now)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "weekly", "text": "whenever", "zone": "UTC"},
        {"type": "weekly", "text": "daily 00:00-24:00", "zone": "UTC"},
        {"type": "weekly", "text": 5, "zone": "UTC"},
        {"type": "weekly", "text": "sun 02:00-04:00"},
        {"type": "monthly", "text": "1 02:00-04:00", "zone": "UTC"},
        {"type": "once", "zone": "UTC"},
        "sun 02:00-04:00",
        [],
    ],
)
def test_a_window_that_is_none_silences_nothing(wrong: Any) -> None:
    lives = Lives()
    said = row(maintenance(lives))
    said["plan"] = msgspec.to_builtins(said["plan"]) | {"window": wrong}
    assert told(lives, [said]) == ()


def test_a_hostile_window_is_bounded() -> None:
    lives = Lives()
    endless = OnceWindow(since=lives.now - 900 * DAY, until=lives.now + 900 * DAY, zone="\x1b]52;c;Zg==\x07" * 20)
    far = OnceWindow(since=lives.now + 900 * DAY, until=lives.now + 901 * DAY, zone="UTC")
    first, second = told(lives, [row(maintenance(lives, endless)), row(maintenance(lives, far))])
    assert isinstance(first.window, OnceWindow)
    assert first.window.until - first.window.since == 7 * DAY
    assert "\x1b" not in first.window.words
    assert len(first.window.zone) <= 60
    assert isinstance(second.window, OnceWindow)
    assert second.window.since == lives.now + 30 * DAY
    late = msgspec.structs.replace(maintenance(lives), at=lives.now + DAY)
    assert told(lives, [row(late)]) == ()
    years = msgspec.structs.replace(maintenance(lives), at=lives.now - 4000 * DAY)
    assert [one.holds(lives.now + timedelta(minutes=31)) for one in told(lives, [row(years)])] == [True]


def test_a_weekly_one_is_told_again_before_nobody_reads_back_so_far_and_every_monitor_tells_it_alike() -> None:
    lives = Lives()
    made = maintenance(lives)
    assert said_again(made, START + 4 * DAY, who="watchdog a@a", host="a") is None
    first = said_again(made, START + 6 * DAY, who="watchdog a@a", host="a")
    second = said_again(made, START + 9 * DAY, who="watchdog b@b", host="b")
    later = said_again(made, START + 11 * DAY, who="watchdog b@b", host="b")
    assert first is not None
    assert second is not None
    assert later is not None
    assert first.id == second.id != later.id
    lives.passed = 6 * 86_400.0
    assert told(lives, [first.told]) == (made,)
    ended = msgspec.structs.replace(made, ended_at=START + DAY)
    assert said_again(ended, START + 6 * DAY, who="w", host="h") is None
    assert told(lives, [ended_again(ended, lives.now, who="w", host="h").told]) == (ended,)


def test_in_a_snapshot_each_has_its_window_and_what_is_over_is_gone() -> None:
    lives = Lives()
    nightly = maintenance(lives)
    planned = maintenance(lives, once(lives, 10, 30))
    lives.silence("x", minutes=5)
    assert [[one.id for one in some] for some in in_snapshot(lives.silences, lives.now)] == [
        [lives.silences[2].id],
        [planned.id, nightly.id],
    ]
    holding, coming = in_snapshot(lives.silences, lives.now + timedelta(minutes=35))
    assert {one.id for one in holding} == {planned.id, nightly.id}
    assert coming == ()
    assert all(one.period is not None and one.period.since <= lives.now + timedelta(minutes=35) for one in holding)
    assert in_snapshot(lives.silences[1:], lives.now + DAY) == ((), ())
