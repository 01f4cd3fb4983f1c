"""How each figure stood in each of the last 24 hours: gaps are gaps, a restart goes on, nothing grows."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from core.backend.target import Target
from core.base.store import Store
from core.checks.settings import WatchRules
from core.history.hourly import HOURS, Hours, KeptHours
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from tests.running import Running

START = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_last_word_of_an_hour_counts_and_what_nobody_knew_is_a_gap() -> None:
    hours = Hours()
    hours.note({"success": 90.0, "checks": 0.5}, START - 3 * HOUR)
    hours.note({"success": 91.0}, START - 3 * HOUR + timedelta(minutes=40))
    hours.note({"checks": 0.7}, START)
    recent = hours.recent("success", START)
    assert len(recent) == HOURS
    assert recent[-4:] == (91.0, None, None, None)
    assert hours.recent("checks", START)[-4:] == (0.5, None, None, 0.7)
    assert hours.recent("nobody", START) == (None,) * HOURS


def test_an_hour_moves_on_with_the_clock_and_falls_out_after_a_day() -> None:
    hours = Hours()
    hours.note({"a": 1.0}, START)
    assert hours.recent("a", START + 23 * HOUR)[0] == 1.0
    assert hours.recent("a", START + 24 * HOUR) == (None,) * HOURS
    for back in range(100):
        hours.note({"a": float(back)}, START + back * HOUR)
    assert len(hours.kept().hours) == HOURS


def test_an_hour_is_the_same_in_every_zone() -> None:
    hours = Hours()
    hours.note({"a": 1.0}, START.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert hours.recent("a", START)[-1] == 1.0


def test_a_clock_set_back_shows_nothing_of_the_future() -> None:
    hours = Hours()
    hours.note({"a": 1.0}, START + 5 * HOUR)
    hours.note({"a": 2.0}, START)
    assert [value for value in hours.recent("a", START + 5 * HOUR) if value is not None] == [2.0]


def test_what_was_kept_fills_up_what_this_process_did_not_see() -> None:
    before = Hours()
    before.note({"a": 1.0}, START - HOUR)
    before.note({"a": 2.0, "b": 5.0}, START)
    hours = Hours()
    hours.note({"a": 3.0}, START)
    hours.restore(before.kept(), START)
    assert hours.recent("a", START)[-2:] == (1.0, 3.0)
    assert hours.recent("b", START)[-1] == 5.0


async def test_a_figures_course_survives_a_restart_and_an_outage(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(20)
    places = Places.within(tmp_path)
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    rules = {"refresh": RefreshRules(period_s=0.2), "watch": WatchRules(interval_s=0.5)}
    monitor = Monitor(Config(target=target, **rules), places=places)  # type: ignore[arg-type]  # as they are
    await monitor.start()
    await figure(monitor, "success_7d", 100.0)
    await monitor.close()

    state = Store(places.state, target.space)
    kept = await state.get("kpi", "hours", KeptHours)
    await state.close()
    assert kept is not None
    assert len(kept.hours) <= 2  # a test may see an hour begin

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
        state = Store(places.state, Target(name="probe", url=gone, key=sandbox.service_key).space)
        await state.put("kpi", "hours", kept)
        await state.close()
        config = Config(target=Target(name="probe", url=gone, key=sandbox.service_key), **rules)  # type: ignore[arg-type]  # passed on
        again = Monitor(config, places=places)
        await again.start()
        await figure(again, "success_7d", 100.0)
        kpi = next(one for one in again.snapshot.kpis if one.name == "success_7d")
        assert (kpi.value, kpi.text) == (None, "—")  # its course is known, how it stands is not
        await again.close()


async def figure(monitor: Monitor, name: str, value: float) -> None:
    """Until the newest hour that is known of a figure says so."""
    async with asyncio.timeout(60):
        while True:
            kpi = next((one for one in monitor.snapshot.kpis if one.name == name), None)
            if kpi is not None and [known for known in kpi.recent if known is not None][-1:] == [value]:
                return
            await asyncio.sleep(0.05)
