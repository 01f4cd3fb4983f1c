"""Time as people type it is the time they mean, wherever they are."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.time_input import coming_moment_of, last_moment_of, moment_of, span_of
from tui.time_travel.recorded import clock

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
"""A Tuesday, 7:30 in Berlin."""


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is one hour ahead in winter, two in summer."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("03:10", "2026-11-24T02:10:00+00:00"),
        ("3:10", "2026-11-24T02:10:00+00:00"),
        ("03:10:30", "2026-11-24T02:10:30+00:00"),
        ("22:00", "2026-11-23T21:00:00+00:00"),
        ("today 22:00", "2026-11-24T21:00:00+00:00"),
        ("yesterday 22:00", "2026-11-23T21:00:00+00:00"),
        (" Yesterday  3:10 ", "2026-11-23T02:10:00+00:00"),
        ("mon 22:00", "2026-11-23T21:00:00+00:00"),
        ("Monday, 22:00", "2026-11-23T21:00:00+00:00"),
        ("tue 22:00", "2026-11-17T21:00:00+00:00"),
        ("wednesday 3:00", "2026-11-18T02:00:00+00:00"),
        ("24 Nov 03:10:05", "2026-11-24T02:10:05+00:00"),
        ("24. november 2025 03:10", "2025-11-24T02:10:00+00:00"),
        ("1 dec 03:10", "2025-12-01T02:10:00+00:00"),
        ("2026-11-24 03:10", "2026-11-24T02:10:00+00:00"),
        ("2026-07-24 03:10", "2026-07-24T01:10:00+00:00"),
        ("2026-11-24T03:10:00z", "2026-11-24T03:10:00+00:00"),
        ("2026-11-24", "2026-11-23T23:00:00+00:00"),
        ("2h", "2026-11-24T04:30:00+00:00"),
        ("-2h", "2026-11-24T04:30:00+00:00"),
        ("30 min ago", "2026-11-24T06:00:00+00:00"),
        ("now", "2026-11-24T06:30:00+00:00"),
    ],
)
def test_a_time_is_understood(typed: str, meant: str) -> None:
    assert moment_of(typed, NOW) == last_moment_of(typed, NOW) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("typed", "now", "first", "last"),
    [
        ("02:30", "00:45", "00:30", "00:30"),  # 2:45 for the first time
        ("02:30", "01:15", "00:30", "00:30"),  # 2:15 for the second time
        ("02:30", "01:45", "00:30", "01:30"),  # 2:45 for the second time
        ("02:50", "01:45", "00:50", "00:50"),
        ("02:30", "09:00", "00:30", "01:30"),
        ("today 02:30", "09:00", "00:30", "01:30"),
        ("sun 02:30", "09:00", "00:30", "01:30"),
        ("25 oct 02:30", "09:00", "00:30", "01:30"),
        ("2026-10-25 02:30", "09:00", "00:30", "01:30"),
        ("2026-10-25T02:30", "00:45", "00:30", "00:30"),
        ("2026-10-25 02:30+02:00", "09:00", "00:30", "00:30"),
        ("03:00", "09:00", "02:00", "02:00"),
    ],
)
def test_what_clocks_show_twice_is_the_first_for_since_and_the_last_for_what_was(
    typed: str, now: str, first: str, last: str
) -> None:
    at = datetime.fromisoformat(f"2026-10-25T{now}:00+00:00")
    found = [meant(typed, at) for meant in (moment_of, last_moment_of)]
    assert found == [datetime.fromisoformat(f"2026-10-25T{told}:00+00:00") for told in (first, last)]


def test_what_clocks_leave_out_is_rather_too_early() -> None:
    now = datetime(2026, 3, 29, 7, tzinfo=UTC)
    for meant in (moment_of, last_moment_of):
        assert meant("02:30", now) == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


NO_TIMES = ["", "-", "ago", "soon", "25:00", "3:60", "3:1", "31 nov 3:10", "24 foo 3:10", "2026-13-01", "tomorrow 3:00"]


@pytest.mark.parametrize("typed", NO_TIMES)
def test_what_is_no_time_is_none(typed: str) -> None:
    assert moment_of(typed, NOW) is None


@pytest.mark.parametrize(
    "typed", ["9999-12-31 23:59+00:00", "9999-06-01", "31 dec 9999 23:59", "0001-01-01", "1969-12-31 23:00Z"]
)
@pytest.mark.parametrize("zone", ["Tokyo-9", "Niue+11", "UTC0"])
def test_a_year_that_no_clock_shows_is_none(typed: str, zone: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        assert moment_of(typed, NOW) is None


@pytest.mark.parametrize("zone", ["Tokyo-9", "Niue+11", "UTC0"])
@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_understood_can_be_shown_wherever_one_is(zone: str, at: datetime) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        found = moment_of(at.isoformat(), NOW)
        if found is not None:
            assert clock(found)
            assert clock(found + timedelta(days=1))
            assert clock(found - timedelta(days=1))


@given(st.text(max_size=30))
def test_nothing_that_is_typed_fails(typed: str) -> None:
    for found in (moment_of(typed, NOW), last_moment_of(typed, NOW)):
        assert found is None or found.tzinfo is not None


def test_a_length_is_a_number_and_its_unit() -> None:
    assert (span_of("90min"), span_of("2 W"), span_of("2")) == (timedelta(minutes=90), timedelta(weeks=2), None)
    assert span_of("999999w") == timedelta(days=3660)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("now", "2026-11-24T06:30:00+00:00"),
        ("2h", "2026-11-24T08:30:00+00:00"),
        ("in 30 min", "2026-11-24T07:00:00+00:00"),
        ("08:00", "2026-11-24T07:00:00+00:00"),
        ("7:00", "2026-11-25T06:00:00+00:00"),
        ("today 7:00", "2026-11-24T06:00:00+00:00"),
        ("tomorrow 7:00", "2026-11-25T06:00:00+00:00"),
        ("sun 02:00", "2026-11-29T01:00:00+00:00"),
        ("tue 7:00", "2026-12-01T06:00:00+00:00"),
        ("tuesday 8:00", "2026-11-24T07:00:00+00:00"),
        ("mon 02:00", "2026-11-30T01:00:00+00:00"),
        ("1 dec 03:10", "2026-12-01T02:10:00+00:00"),
        ("1 nov 03:10", "2027-11-01T02:10:00+00:00"),
        ("2026-12-06 02:00", "2026-12-06T01:00:00+00:00"),
        ("2026-12-06T02:00Z", "2026-12-06T02:00:00+00:00"),
    ],
)
def test_a_time_to_come_is_understood(typed: str, meant: str) -> None:
    assert coming_moment_of(typed, NOW) == coming_moment_of(typed, NOW, ZoneInfo("Europe/Berlin"))
    assert coming_moment_of(typed, NOW) == datetime.fromisoformat(meant)


def test_a_time_to_come_is_read_by_the_clocks_of_its_zone() -> None:
    assert coming_moment_of("sun 02:00", NOW, ZoneInfo("America/New_York")) == datetime(2026, 11, 29, 7, tzinfo=UTC)
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the night after, 02:00 to 03:00 are skipped in Berlin
    assert coming_moment_of("sun 02:30", before, ZoneInfo("Europe/Berlin")) == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)  # and here they are shown twice
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert coming_moment_of("sun 02:30", before, ZoneInfo("Europe/Berlin")) == first


@pytest.mark.parametrize(
    "typed", ["", "soon", "yesterday 3:00", "2h ago", "-2h", "25:00", "sun 2", "31 feb 02:00", "9999-12-31 23:00"]
)
def test_what_is_no_time_to_come_is_none(typed: str) -> None:
    assert coming_moment_of(typed, NOW) is None
