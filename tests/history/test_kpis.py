"""Uptime with its coverage, incidents and recovery, percentiles, budget: on spans made by hand, and a told clock."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backend.target import Target
from core.base.store import Store
from core.checks.settings import WatchRules
from core.domain.counts import SuccessRate
from core.domain.kpis import Kpi
from core.domain.periods import HISTORY_KEPT
from core.domain.status import Truth
from core.history.availability import Record, SampleState, Span
from core.history.incidents import incidents, recovery, uptime
from core.history.kpis import KpiInputs, kpis, with_day
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from tests.clock import FakeClock
from tests.running import Command, Running

START = datetime(2026, 3, 1, tzinfo=UTC)
UP, CRITICAL, DOWN = SampleState.UP, SampleState.CRITICAL, SampleState.DOWN


def spans(*told: tuple[SampleState, float, float] | tuple[SampleState, float, float, int]) -> tuple[Span, ...]:
    """(what, from, to, samples), in seconds after the start."""
    return tuple(
        Span(
            seen=one[0],
            began=START + timedelta(seconds=one[1]),
            ended=START + timedelta(seconds=one[2]),
            samples=one[3] if len(one) == 4 else 10,
        )
        for one in told
    )


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def found(figures: tuple[Kpi, ...], name: str) -> Kpi:
    return next(kpi for kpi in figures if kpi.name == name)


def test_uptime_is_by_time_and_what_nobody_saw_is_neither() -> None:
    seen = uptime(spans((UP, 0, 600), (DOWN, 600, 700), (CRITICAL, 900, 1000)), at(0), at(1000))
    assert (seen.up_s, seen.down_s, seen.coverage) == (700, 100, 0.8)
    assert seen.percent == pytest.approx(87.5)


def test_no_second_counts_twice_where_the_wall_clock_was_set_back() -> None:
    seen = uptime(spans((UP, 0, 600), (DOWN, 300, 900)), at(0), at(900))
    assert (seen.up_s, seen.down_s) == (600, 300)


def test_less_than_ninety_percent_seen_is_a_dash() -> None:
    for ended, shown in ((899, "—"), (901, "100.000 %")):
        figures = kpis(spans((UP, 0, ended)), KpiInputs(), at(1000))
        assert found(figures, "uptime").text == shown


def test_less_than_five_minutes_seen_are_a_dash() -> None:
    for ended, shown in ((299, "—"), (300, "100.000 %")):
        assert found(kpis(spans((UP, 0, ended)), KpiInputs(), at(ended)), "uptime").text == shown


def test_ninety_nine_point_nine_nine_nine_nine_is_not_a_hundred() -> None:
    figures = kpis(spans((UP, 0, 999_999), (DOWN, 999_999, 1_000_000)), KpiInputs(), at(1_000_000))
    kpi = found(figures, "uptime")
    assert (kpi.text, kpi.good) == ("99.999 %", Truth.TRUE)
    assert not [one for one in figures if one.value is None and one.text != "—"]


def test_the_error_budget_is_of_thirty_days_and_its_burn_of_the_last_day() -> None:
    month = 30 * 86400
    figures = kpis(spans((UP, 0, month - 86400), (DOWN, month - 86400, month - 86270), (UP, month - 86270, month)),
                   KpiInputs(), at(month))  # fmt: skip
    kpi = found(figures, "error_budget")
    assert kpi.value == pytest.approx(100 * (1 - 130 / 259.2))
    assert kpi.note == "of 4.3 min in 30 d; burn rate 15.0 over 24 h"
    assert kpi.good is Truth.TRUE
    gone = found(kpis(spans((DOWN, 0, 300), (UP, 300, 86400)), KpiInputs(), at(86400)), "error_budget")
    assert (gone.good, gone.text) == (Truth.FALSE, "-16 % left")


def test_two_bad_samples_begin_an_incident_and_two_good_ones_end_it() -> None:
    one = incidents(spans((UP, 0, 100), (DOWN, 100, 105, 1), (UP, 105, 200), (DOWN, 200, 260), (UP, 260, 300)))
    assert [(i.began, i.ended, i.unsure) for i in one] == [(at(200), at(260), False)]
    still = incidents(spans((UP, 0, 100), (CRITICAL, 100, 200), (UP, 200, 205, 1), (DOWN, 205, 300), (UP, 300, 400)))
    assert [(i.began, i.ended) for i in still] == [(at(100), at(300))]  # one good sample ends nothing
    mixed = incidents(spans((UP, 0, 100), (DOWN, 100, 105, 1), (CRITICAL, 105, 110, 1), (UP, 110, 200)))
    assert [(i.began, i.ended) for i in mixed] == [(at(100), at(110))]  # both kinds are bad


def test_what_goes_on_has_no_end_and_a_gap_at_an_end_makes_it_at_least() -> None:
    going = incidents(spans((UP, 0, 100), (DOWN, 100, 200)))
    assert [i.ended for i in going] == [None]
    gap = incidents(spans((UP, 0, 50), (DOWN, 100, 200), (UP, 200, 300)))
    assert [i.unsure for i in gap] == [True]
    within = incidents(spans((UP, 0, 100), (DOWN, 100, 200), (UP, 260, 300)))
    assert [i.unsure for i in within] == [True]
    first = incidents(spans((DOWN, 100, 200), (UP, 200, 300)))
    assert [i.unsure for i in first] == [True]  # nobody saw it begin
    told = recovery([*gap, *incidents(spans((UP, 0, 1), (DOWN, 1, 301), (UP, 301, 400)))], START)
    assert told is not None
    assert (told.mean_s, told.median_s, told.count, told.at_least) == (200, 200, 2, True)
    figures = kpis(spans((UP, 0, 50), (DOWN, 100, 200), (UP, 200, 300), (DOWN, 300, 400)), KpiInputs(), at(400))
    assert found(figures, "mttr").text == "≥ 1.7 min"
    assert "one ongoing for 1.7 min" in found(figures, "mttr").note


def test_that_there_was_no_incident_is_said_of_what_was_seen() -> None:
    month = HISTORY_KEPT.total_seconds()

    def note(now: float, *told: tuple[SampleState, float, float]) -> str:
        return found(kpis(spans(*told), KpiInputs(), at(now)), "mttr").note

    assert note(0) == ""
    assert note(42, (UP, 0, 42)) == "none in <1 min observed"
    assert note(0.2 * month, (UP, 0, 0.2 * month)) == "none in 6 d observed"
    assert note(month, (UP, 0.05 * month, month)) == "no incident in 30 d"
    assert note(400, (UP, 0, 100), (DOWN, 100, 400)) == "none resolved yet; one ongoing for 5 min"
    assert note(month + 1000, (DOWN, 0, 300), (UP, 300, month + 1000)) == "no incident in 30 d"


def test_rates_of_fewer_than_five_are_not_numbers() -> None:
    for finished, value in ((4, None), (5, 100.0)):
        rate = SuccessRate(completed=finished, failed=0, window=timedelta(days=1))
        assert found(kpis((), KpiInputs(success_24h=rate), START), "success_24h").value == value
    empty = kpis((), KpiInputs(), START)
    assert all(kpi.value is None and kpi.text == "—" for kpi in empty)


async def record_at(home: Path, clock: FakeClock, *, keeps: bool = True) -> tuple[Record, Store]:
    state = Store(home, "s")
    await state.open()
    record = Record(clock, state, keeps=lambda: keeps)
    await record.restore()
    return record, state


async def test_equal_samples_are_one_span_and_it_holds_no_longer_than_it_may(tmp_path: Path) -> None:
    clock = FakeClock(START)
    record, state = await record_at(tmp_path, clock)
    for _ in range(13):
        record.holds(10)
        await record.sample(UP)
        clock.advance(5)
    clock.advance(100)
    (span,) = record.spans()
    assert (span.length_s, span.samples) == (70, 13)  # sixty seconds of samples, and ten that the last one speaks for
    await record.sample(UP)
    first, second = record.spans()
    assert (first.ended, second.began) == (at(70), at(165))
    await record.sample(None)
    clock.advance(50)
    assert record.spans()[-1].length_s == 0
    await state.close()


async def test_a_restart_goes_on_with_what_was_and_a_killed_process_loses_a_minute_at_most(tmp_path: Path) -> None:
    clock = FakeClock(START)
    record, state = await record_at(tmp_path, clock)
    for _ in range(20):
        record.holds(10)
        await record.sample(UP)
        clock.advance(5)
    await state.close()  # killed: nothing more is put down
    again, state = await record_at(tmp_path, clock)
    (span,) = again.spans()
    assert 35 <= span.length_s <= 95
    again.holds(10)
    await again.sample(DOWN)
    clock.advance(5)
    await again.sample(DOWN)
    assert [one.seen for one in again.spans()] == [UP, DOWN]
    await again.close()
    await state.close()
    third, state = await record_at(tmp_path, clock)
    assert [one.seen for one in third.spans()] == [UP, DOWN]
    await state.close()


async def test_who_does_not_own_the_state_writes_nothing_down(tmp_path: Path) -> None:
    clock = FakeClock(START)
    record, state = await record_at(tmp_path, clock, keeps=False)
    await record.sample(UP)
    await record.sample(DOWN)
    await record.close()
    assert await state.all("span", Span) == {}
    await state.close()


@given(st.lists(st.floats(0.001, 1.9, exclude_max=True)), st.integers(0, 40))
def test_a_check_that_timed_out_counts_with_the_time_it_waited(in_time_s: list[float], late: int) -> None:
    took_s = (*in_time_s, *(1.9,) * late)
    figures = kpis((), KpiInputs(checks_s=took_s, limit_s=1.9), START)
    for share in (50, 95):
        kpi = found(figures, f"check_p{share}")
        if not took_s:
            assert (kpi.value, kpi.note) == (None, "")
            continue
        assert kpi.note == f"of {len(took_s)}" + (f", {late} timed out" if late else "")
        exceeds = 100 * late > (100 - share) * len(took_s)  # more of them than the figure leaves out
        assert kpi.good is (Truth.FALSE if exceeds else Truth.TRUE)
        assert (kpi.text == "≥ 1900 ms") is exceeds


async def test_a_monitor_keeps_its_figures_and_the_command_line_shows_them(
    sandbox: Running, command: Command, tmp_path: Path
) -> None:
    sandbox.completed(20)
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, duration_ms, input_data)"
        " VALUES ('watchdog_healing', 'completed', 1500, '{\"order\": \"heal\"}')"
    )
    config = Config(
        target=Target(name="probe", url=sandbox.url, key=sandbox.service_key),
        refresh=RefreshRules(period_s=0.2),
        watch=WatchRules(interval_s=0.5),
    )
    monitor = Monitor(config, places=Places.within(tmp_path))
    await monitor.start()
    async with asyncio.timeout(60):
        while not monitor.snapshot.kpis or found(monitor.snapshot.kpis, "false_rescues").value is None:
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    figures = monitor.snapshot.kpis
    assert found(figures, "success_7d").text == "100.0 %"
    assert found(figures, "success_24h").text == "100.0 %"
    assert found(figures, "healing").text == "1.5 s"
    assert found(figures, "check_p95").good is Truth.TRUE
    await monitor.close()
    told = await asyncio.to_thread(command, "logs", "--stats", "--json", sandbox=sandbox)
    assert told.returncode == 0
    names = [kpi["name"] for kpi in json.loads(told.stdout)["kpis"]]
    assert names[:4] == ["uptime", "error_budget", "success_24h", "success_7d"]


@pytest.mark.parametrize(
    ("failed", "later_s", "good"),
    [(54, 60, Truth.UNKNOWN), (54, -60, Truth.TRUE), (1, 60, Truth.TRUE)],
    ids=["much fails since", "much failed before", "nothing fails"],
)
def test_the_rate_of_a_week_is_not_good_while_that_of_the_day_which_is_newer_is_bad(
    failed: int, later_s: float, good: Truth
) -> None:
    week = Kpi(name="success_7d", title="Success 7 d", value=96.5, text="96.5 %", good=Truth.TRUE, at=START)
    day = Kpi(name="success_24h", title="Success 24 h")
    rate = SuccessRate(completed=186, failed=failed, window=timedelta(days=1))
    told = with_day((day, week), rate, START + timedelta(seconds=later_s))
    assert found(told, "success_7d").good is good
    assert found(told, "success_7d").text == "96.5 %"
