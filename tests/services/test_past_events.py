"""What happened in the past of a real project: one small read tells it, and this machine knows more."""

import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.backend.client import RequestLimits
from core.backend.reads import trends as trend_reads
from core.backend.target import Target
from core.domain.events import CheckChanged, Event
from core.domain.log_steps import AUDIT
from core.domain.status import Level
from core.history.blackbox import BlackboxRules, Recorder
from core.history.trend_events import TrendEventKind
from core.history.trends import Window
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from tests.clock import FakeClock
from tests.running import Running
from tests.tui.pictures import WARNING
from tests.tui.well import changed
from tests.wire import wire


@contextlib.asynccontextmanager
async def looking(url: str, key: str, home: Path) -> AsyncIterator[Monitor]:
    """A monitor that looks when it is asked."""
    target = Target(name="probe", url=url, key=key)
    rules = RefreshRules(period_s=0.2)
    monitor = Monitor(Config(target=target, limits=RequestLimits(), refresh=rules), places=Places.within(home))
    try:
        yield monitor
    finally:
        await monitor.close()


def written(sandbox: Running, step: str, status: str, ago: str, count: int = 1, **told: object) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, output_data,"
        f' {sandbox.time_column}) SELECT %s, %s, %s, \'{{"text": "so it was"}}\','
        " now() - %s::interval - i * interval '1 minute' FROM generate_series(1, %s) AS i",
        step,
        status,
        json.dumps(told),
        ago,
        count,
    )


def acted(sandbox: Running, order: str, ago: str, status: str = "completed", count: int = 1) -> None:
    written(sandbox, AUDIT, status, ago, count, order=order, who="operator jana@bastion")


async def kinds(monitor: Monitor, window: Window = Window.DAY) -> list[TrendEventKind]:
    await monitor.fill_trends(window)
    return [event.kind for event in (await monitor.trends(window)).events]


async def test_actions_alerts_and_notes_are_told_by_one_request(sandbox: Running, tmp_path: Path) -> None:
    acted(sandbox, "emergency_stop", "5 hours")
    acted(sandbox, "lift", "4 hours")
    acted(sandbox, "heal", "3 hours", "failed")
    acted(sandbox, "heal", "3 hours", "started")
    acted(sandbox, "acknowledge", "3 hours")
    written(sandbox, "watchdog_alert_critical", "started", "2 hours", alert="database_down", phase="firing")
    written(sandbox, "watchdog_alert_critical", "completed", "1 hours", alert="database_down", phase="resolved")
    written(sandbox, "watchdog_alert_critical", "started", "1 hours", alert="stuck_tasks", phase="firing")
    written(sandbox, "watchdog_alert_medium", "started", "1 hours", alert="review_waits", phase="firing")
    written(sandbox, "watchdog_health_check", "completed", "1 hours", count=400)
    acted(sandbox, "heal", "3 days")
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        now = datetime.now(UTC)
        monitor.box.note(now - timedelta(minutes=30), "deploy 4.2", "jana")
        monitor.box.note(now - timedelta(days=2), "an old one", "jana")
        await monitor.discover()
        line.seen.clear()
        expected = ["stop", "resume", "heal", "outage", "alert", "deploy"]
        assert await kinds(monitor) == expected
        assert len([one for one in line.seen if "firing" in one]) == 1
        line.seen.clear()
        monitor.parts.trends._filled.clear()  # five minutes later
        assert await kinds(monitor) == expected
        assert len([one for one in line.seen if "firing" in one]) == 1
        assert await kinds(monitor, Window.WEEK) == ["heal", "note", *expected]
        line.seen.clear()
        assert await kinds(monitor, Window.SIX_HOURS) == expected


async def test_more_than_are_read_say_since_when_they_are_all_known(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trend_reads, "MOST_EVENTS", 120)
    monkeypatch.setattr("core.services.past_events.MOST_EVENTS", 120)
    acted(sandbox, "heal", "1 minute", count=200)
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        assert len(await kinds(monitor)) == 120
        shown = await monitor.trends(Window.DAY)
        assert shown.events_since == shown.events[0].at
        hour = await monitor.trends(Window.HOUR)
        assert hour.events_since is None


async def test_who_sees_no_row_is_told_of_nothing_and_of_no_fault(sandbox: Running, tmp_path: Path) -> None:
    acted(sandbox, "heal", "3 hours")
    async with looking(sandbox.url, sandbox.publishable_key, tmp_path) as monitor:
        await kinds(monitor)
        shown = await monitor.trends(Window.DAY)
    assert shown.events == () or {event.kind for event in shown.events} == {TrendEventKind.HEAL}


async def test_while_nobody_answers_what_was_read_stays_and_it_is_said(sandbox: Running, tmp_path: Path) -> None:
    acted(sandbox, "heal", "3 hours")
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        assert await kinds(monitor) == ["heal"]
        sandbox.fault("database_down", True)
        monitor.parts.trends._filled.clear()
        assert await kinds(monitor) == ["heal"]
        shown = await monitor.trends(Window.DAY)
        assert len(shown.faults) == 1
        assert shown.told_at is not None
        assert shown.told_at < shown.at


async def test_the_black_box_tells_what_earlier_processes_saw(sandbox: Running, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        box = monitor.box._segments._directory  # type: ignore[attr-defined]  # where it lies
        for hours, why in ((30, "long ago"), (8, "no answer"), (5, "connection refused")):
            at = now - timedelta(hours=hours)
            down = Event.of(CheckChanged(check="database", before=Level.OK, after=Level.CRITICAL, why=why), at)
            recorder = Recorder(box, BlackboxRules(), FakeClock(at))
            recorder.record(changed(WARNING, at=at + timedelta(seconds=30), events=(down,)))
            recorder.close(at + timedelta(seconds=30))
        shown = await monitor.trends(Window.DAY)
        assert [event.text for event in shown.events] == [
            "database critical: no answer",
            "database critical: connection refused",
        ]
        assert len((await monitor.trends(Window.WEEK)).events) == 3
