"""Windows of maintenance, against a naive reading of the clocks of their zones, minute by minute."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.alerting.silences import in_snapshot
from core.domain.alerts import Silence
from core.domain.maintenance import (
    NO_ZONE,
    OnceWindow,
    SilencePeriod,
    WeeklyWindow,
    at_zone,
    looks_weekly,
    weekly_text,
)
from core.domain.silence_words import goes_on, next_window, shown_soon, silence_line

MINUTE = timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANGES = {
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    "Asia/Beirut": (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 21, tzinfo=UTC)),
    "Africa/Casablanca": (datetime(2026, 2, 15, 2, tzinfo=UTC), datetime(2026, 3, 22, 2, tzinfo=UTC)),
    "Pacific/Apia": (datetime(2011, 12, 30, 10, tzinfo=UTC),),
    "Asia/Kathmandu": (datetime(2026, 6, 1, tzinfo=UTC),),
    "UTC": (datetime(2026, 12, 31, tzinfo=UTC),),
}
"""Zones with moments at which their clocks are set, if ever."""


def silence(window: OnceWindow | WeeklyWindow | None, at: datetime, **more: object) -> Silence:
    made = Silence(id="s1", matcher="*", reason="backup", who="operator jana@ops", at=at, until=at, window=window)
    return msgspec.structs.replace(made, **more)


def weekly(text: str, zone: str = "Europe/Berlin", until: datetime | None = None) -> WeeklyWindow:
    return WeeklyWindow(text=weekly_text(text), zone=zone, until=until)


def naively(days: frozenset[int], begins: int, ends: int, zone: str, at: datetime) -> bool:
    """Whether a clock on the wall shows a time of the window."""
    local = at.astimezone(ZoneInfo(zone))
    shown, today, before = local.hour * 60 + local.minute, local.weekday(), (local.weekday() - 1) % 7
    if begins < ends:
        return today in days and begins <= shown < ends
    return (today in days and shown >= begins) or (before in days and shown < ends)


@settings(deadline=None, max_examples=120)
@given(
    st.sampled_from(sorted(CHANGES)),
    st.sets(st.integers(0, 6), min_size=1, max_size=7),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.data(),
)
def test_a_weekly_window_holds_while_clocks_show_a_time_within_it(
    zone: str, days: set[int], begins: int, ends: int, data: st.DataObject
) -> None:
    if begins == ends or (len(days) == 7 and (begins, ends) == (0, 1440)):
        return
    changed = data.draw(st.sampled_from(CHANGES[zone]))
    if data.draw(st.booleans()):  # near midnight or the hour at which clocks are set
        local = changed.astimezone(ZoneInfo(zone))
        begins = (local.hour * 60 + local.minute + data.draw(st.integers(-90, 90))) % 1440
        ends = (begins + data.draw(st.integers(1, 120))) % 1440 or 1440
    typed = f"{','.join(NAMES[day] for day in days)} {begins // 60}:{begins % 60:02d}-{ends // 60}:{ends % 60:02d}"
    since = changed - timedelta(minutes=data.draw(st.integers(0, 2000)))
    one = silence(weekly(typed, zone), since - timedelta(days=30))
    periods = list(one.periods(since))
    minutes = [since.replace(second=0) + n * MINUTE for n in range(2 * 1440)]
    so = frozenset(days)
    for at in minutes:
        assert any(held.since <= at < held.until for held in periods) is naively(so, begins, ends, zone, at), at
    for before, after in pairwise(periods):
        assert before.until < after.since  # those that touch are one
    at = data.draw(st.sampled_from(minutes))
    held = one.holding(at)
    assert one.holds(at) is naively(so, begins, ends, zone, at)
    assert held is None or (held in periods or held.since < periods[0].since)  # whenever it is asked, it is the same


@given(st.text(alphabet="sunmofrtehdaiyw,- :0123456789", max_size=40))
def test_whatever_is_typed_is_days_and_times_or_one_sentence(typed: str) -> None:
    text = why = ""
    try:
        text = weekly_text(typed)
    except ValueError as error:
        why = str(error)
    assert bool(text) is not (10 < len(why) < 100)
    assert not text or (looks_weekly(text) and weekly_text(text) == text)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("Sunday 2:00 - 4:00", "sun 02:00-04:00"),
        ("sat,sun 22:00-02:00", "sat,sun 22:00-02:00"),
        ("mon, tue, wed 01:00-02:00", "mon-wed 01:00-02:00"),
        ("fri-mon 10:00-12:00", "mon,fri-sun 10:00-12:00"),
        ("mondays 22:00-0:00", "mon 22:00-24:00"),
        ("mon-sun 01:00-02:00", "daily 01:00-02:00"),
        ("daily 1:00-2:00", "daily 01:00-02:00"),
    ],
)
def test_days_and_times_are_kept_in_one_way(typed: str, text: str) -> None:
    assert weekly_text(typed) == text


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "must be days and times such as sun 02:00-04:00"),
        ("sun", "must be days and times"),
        ("02:00-04:00", "must be days and times"),
        ("sun 02:00", "must be days and times"),
        ("sun 02:00-04:00 Europe/Berlin", "must be days and times"),
        ("su 02:00-04:00", "must begin with days"),
        ("foo 02:00-04:00", "must begin with days"),
        ("mon-foo 02:00-04:00", "must begin with days"),
        ("sun 02:60-04:00", "must have times from 00:00 to 24:00"),
        ("sun 23:00-25:00", "must have times from 00:00 to 24:00"),
        ("sun 02:00-02:00", "at different times"),
        ("sun 24:00-02:00", "at different times"),
        ("daily 00:00-24:00", "must leave a time of the week"),
    ],
)
def test_what_is_no_window_is_said_in_one_sentence(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        weekly_text(typed)


def held(text: str, at: datetime, zone: str = "Europe/Berlin") -> list[tuple[datetime, datetime]]:
    """The periods of two days, UTC."""
    periods = silence(weekly(text, zone), at).periods(at)
    return [(one.since, one.until) for one in periods if one.since < at + timedelta(days=2)]


def test_times_that_clocks_skip_do_not_occur() -> None:
    """In Berlin 02:00 to 03:00 of 29 March 2026 are skipped, at 01:00 UTC."""
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert held("sun 02:30-03:30", saturday) == [(change, change + timedelta(minutes=30))]
    assert held("sun 02:15-02:45", saturday) == []  # that day; the next one is a week later
    assert next(silence(weekly("sun 02:15-02:45"), saturday).periods(saturday)).since == datetime(
        2026, 4, 5, 0, 15, tzinfo=UTC
    )
    assert held("sun 01:00-04:00", saturday) == [(change - timedelta(hours=1), change + timedelta(hours=1))]


def test_times_that_clocks_show_twice_occur_twice() -> None:
    """In Berlin 02:00 to 03:00 of 25 October 2026 are shown twice, from 00:00 and from 01:00 UTC."""
    saturday = datetime(2026, 10, 24, 12, tzinfo=UTC)
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    first, again = change - 3 * quarter, change + quarter
    assert held("sun 02:15-02:30", saturday) == [(first, first + quarter), (again, again + quarter)]
    hour = timedelta(hours=1)
    assert held("sun 02:00-03:00", saturday) == [(change - hour, change + hour)]
    assert at_zone(first, "Europe/Berlin") == "2026-10-25 02:15 CEST"
    assert at_zone(again, "Europe/Berlin") == "2026-10-25 02:15 CET"


def test_days_that_follow_on_one_another_are_one_window() -> None:
    friday = datetime(2026, 6, 5, 12, tzinfo=UTC)
    (first, *_) = silence(weekly("sat,sun 00:00-24:00", "UTC"), friday).periods(friday)
    assert first == SilencePeriod(datetime(2026, 6, 6, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC))


def test_a_weekly_one_begins_no_earlier_than_it_was_made_and_ends_when_it_was_said() -> None:
    at = datetime(2026, 6, 7, 1, tzinfo=UTC)  # a Sunday, 03:00 in Berlin
    last = datetime(2026, 6, 14, 1, tzinfo=UTC)
    one = silence(weekly("sun 02:00-04:00", until=last), at)
    hour = timedelta(hours=1)
    assert list(one.periods(at)) == [SilencePeriod(at, at + hour), SilencePeriod(last - hour, last)]
    assert (one.over(last - MINUTE), one.over(last)) == (False, True)
    assert silence(weekly("sun 02:00-04:00"), at).over(at + timedelta(days=3650)) is False


def test_a_window_in_force_when_it_was_made_is_in_force_by_a_clock_that_is_behind() -> None:
    at = datetime(2026, 6, 7, 1, tzinfo=UTC)
    one = silence(weekly("sun 02:00-04:00"), at)
    behind = at - timedelta(seconds=2)
    assert one.holding(behind) == SilencePeriod(behind, at + timedelta(hours=1))
    assert in_snapshot([one], behind)[1] == ()


def test_one_window_is_ended_and_the_next_one_holds() -> None:
    at = datetime(2026, 6, 7, 1, tzinfo=UTC)
    one = silence(weekly("sun 02:00-04:00"), at - timedelta(days=3))
    window = one.holding(at)
    assert window is not None
    skipped = msgspec.structs.replace(one, skipped=window.until)
    assert skipped.holding(at) is None
    assert skipped.holding(at + timedelta(days=7)) is not None
    assert one.with_word(skipped) == skipped.with_word(one) == skipped


def test_a_zone_that_is_not_known_here_silences_nothing_and_is_said() -> None:
    at = datetime(2026, 6, 7, 1, tzinfo=UTC)
    one = silence(WeeklyWindow(text="sun 00:00-24:00", zone="Mars/Olympus"), at)
    assert (one.holding(at), one.over(at), next_window(one)) == (None, False, NO_ZONE)
    assert silence_line(one, at) == f"maintenance (sun 00:00-24:00 Mars/Olympus; {NO_ZONE}): backup"


def test_a_version_that_knows_no_windows_takes_it_for_over() -> None:
    class Before(msgspec.Struct, frozen=True, kw_only=True):
        id: str
        matcher: str
        until: datetime
        ended_at: datetime | None = None

    at = datetime(2026, 6, 7, 1, tzinfo=UTC)
    for window in (weekly("sun 02:00-04:00"), OnceWindow(since=at, until=at + timedelta(hours=1), zone="UTC")):
        read = msgspec.convert(msgspec.to_builtins(silence(window, at)), Before)
        assert not at < read.until


def shown(one: Silence, at: datetime) -> Silence:
    return msgspec.structs.replace(one, period=next(one.periods(at), None))


def test_a_window_is_told_before_within_and_between() -> None:
    made = datetime(2026, 6, 3, tzinfo=UTC)
    one = silence(weekly("sun 02:00-04:00"), made)
    begins = datetime(2026, 6, 7, tzinfo=UTC)
    for at, line, soon in (
        (begins - timedelta(days=2), "sun 02:00-04:00 Europe/Berlin, next 2026-06-07 02:00", False),
        (begins - timedelta(minutes=25), "in 25 min (sun 02:00-04:00 Europe/Berlin)", True),
        (begins + timedelta(minutes=25), "until 04:00 (sun 02:00-04:00 Europe/Berlin)", True),
    ):
        assert silence_line(shown(one, at), at) == f"maintenance {line}: backup"
        assert shown_soon(shown(one, at), at) is soon
    assert goes_on(one) == "until ended"
    assert goes_on(silence(weekly("sun 02:00-04:00", until=begins), made)) == "until 2026-06-07 02:00"
    once = OnceWindow(since=begins, until=begins + timedelta(hours=2), zone="Europe/Berlin")
    planned = shown(silence(once, made, matcher="stuck_tasks"), made)
    assert silence_line(planned, made) == ("maintenance of stuck_tasks 2026-06-07 02:00 to 04:00 Europe/Berlin: backup")
    assert silence_line(planned, begins) == "maintenance of stuck_tasks until 04:00 Europe/Berlin: backup"


@pytest.mark.parametrize(
    "zone", ["", "..", "../../etc/passwd", "/etc/passwd", "a" * 9000, "\x00", "Europe", "posixrules", "right/UTC"]
)
def test_a_hostile_zone_is_no_zone(zone: str) -> None:
    at = datetime(2026, 6, 7, 1, tzinfo=UTC)
    assert silence(WeeklyWindow(text="sun 00:00-24:00", zone=zone), at).holding(at) is None
