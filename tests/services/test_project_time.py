"""Database time decides every cut-off; where it is not known nothing is called stuck, and the clock is the alert."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.actions.heal import HEAL
from core.alerting.settings import AlertRules
from core.backend.client import Backend
from core.backend.faults import Trace
from core.domain.status import Level
from tests.actions.driving import Driven, agents_write_logs, running, statuses
from tests.alerting.mail_server import Alarming
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy whose `Date` is an hour ahead."""
    whole = Backend._note_date

    def note(self: Backend, trace: Trace) -> None:
        whole(self, trace)
        if self._server_date is not None:
            date, at = self._server_date
            real = datetime.now(UTC).replace(microsecond=0)
            self._server_date = (real + timedelta(hours=1) if date < real + timedelta(minutes=1) else date, at)

    monkeypatch.setattr(Backend, "_note_date", note)


def _alive(sandbox: Running, minutes: int = 50) -> None:
    """A task that began so long ago and says nothing: within its hour."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at)"
        f" VALUES ('alive', 'in_progress', now() - interval '{minutes} minutes')"
    )


@pytest.mark.usefixtures("ahead")
async def test_a_date_an_hour_ahead_makes_no_living_task_stuck(sandbox: Running, tmp_path: Path) -> None:
    _alive(sandbox)
    sandbox.stuck(1)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False, timed=False).begin()
    assert driven.parts.time.cut_off() is None
    checkup = await driven.monitor.check()
    assert checkup.of("stuck_tasks").level is Level.UNKNOWN
    assert "the database's time is not known" in checkup.of("stuck_tasks").text
    plan = await driven.monitor.plan(HEAL)
    assert plan.empty
    assert "nothing is treated as stuck" in plan.notes[0]
    await driven.monitor.run(HEAL, plan)
    assert statuses(sandbox) == {"in_progress": 2}
    await driven.monitor.close()


@pytest.mark.usefixtures("ahead")
async def test_who_writes_a_health_row_knows_the_databases_own_time(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 5)
    _alive(sandbox)
    sandbox.stuck(1)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, timed=False).begin()
    _, done = await driven.round()
    now = driven.parts.time.cut_off()
    assert now is not None
    assert abs((now - datetime.now(UTC)).total_seconds()) < 30
    assert statuses(sandbox) == {"in_progress": 6, "failed": 1}, done
    await driven.monitor.close()


@ONE_SHAPE
@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_clock_of_our_own_that_is_wrong_is_an_alert_and_nothing_is_stuck(
    hours: int, sandbox: Running, tmp_path: Path
) -> None:
    _alive(sandbox, 58 if hours > 0 else 61)
    clock = FakeClock(datetime.now(UTC) + timedelta(hours=hours))
    alarming = Alarming(sandbox, tmp_path, AlertRules(), clock, autonomous=False, timed=False)
    await alarming.begin()
    await alarming.minutes(2)
    checks = {check.name: check.level for check in alarming.driven.monitor.snapshot.health.checks}
    assert checks["stuck_tasks"] is Level.UNKNOWN
    assert checks["database"] is Level.OK
    assert "clock_skew" in {alert.rule for alert in alarming.alarms.firing()}
    await alarming.close()


@ONE_SHAPE
async def test_within_thirty_seconds_the_date_counts(sandbox: Running, tmp_path: Path) -> None:
    for behind_s, known in ((-25, True), (25, True), (-40, False), (40, False)):
        clock = FakeClock(datetime.now(UTC) - timedelta(seconds=behind_s))
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, clock, autonomous=False, timed=False).begin()
        assert (driven.parts.time.cut_off() is not None) is known, behind_s
        await driven.monitor.close()


@ONE_SHAPE
@pytest.mark.parametrize("hours", [-2, 2])
async def test_windows_that_are_shown_end_at_the_servers_time(hours: int, sandbox: Running, tmp_path: Path) -> None:
    """Two hours behind, a window of our own would have two hours more; ahead, two less."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at, completed_at) SELECT 'c', 'completed',"
        " now() - interval '3 days', now() - i * interval '1 hour' FROM unnest(ARRAY[1, 23, 25]) AS i"
    )
    clock = FakeClock(datetime.now(UTC) + timedelta(hours=hours))
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, clock, autonomous=False, timed=False).begin()
    await driven.monitor.refresh(everything=True)
    rate = driven.parts.readings.values["success_24h"].value
    assert rate.completed == 2
    told = await driven.monitor.statistics(datetime.now(UTC) - timedelta(hours=24))
    assert told.success.completed == 2
    await driven.monitor.close()


async def test_the_hours_of_a_skewed_clock_hide_no_row_of_another_monitor(sandbox: Running, tmp_path: Path) -> None:
    """Rows are stamped by the database: what is heard is cut off by its time, not by ours."""
    clock = FakeClock(datetime.now(UTC) + timedelta(hours=2))
    alarming = await Alarming(sandbox, tmp_path, AlertRules(), clock, timed=False).begin()
    await alarming.minutes(1)
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data) VALUES ('watchdog_healing',"
        " 'completed', jsonb_build_object('order', 'silence', 'plan', jsonb_build_object('id', 's', 'matcher', 'x',"
        " 'reason', 'r', 'who', 'w', 'at', now(), 'until', now() + interval '5 days')))"
    )
    await alarming.minutes(1)
    assert [one.id for one in alarming.alarms.store.silences] == ["s"]
    await alarming.close()
