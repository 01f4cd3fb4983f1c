"""What the project's log is asked for: a storm pushes no order out, and a server that gives less gives all of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.backend.target import Target
from core.monitor import Config, Monitor, Places
from tests.running import ONE_SHAPE, Running

HOUR = timedelta(hours=1)


@pytest.fixture
def monitor(sandbox: Running, tmp_path: Path) -> Monitor:
    places = Places.within(tmp_path)
    return Monitor(Config(target=Target(name="probe", url=sandbox.url, key=sandbox.service_key)), places=places)


def wrote(sandbox: Running, step: str, status: str, count: int, minutes: float) -> None:
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
        f" SELECT %s, %s, now() - %s * interval '1 minute' - i * interval '1 ms' FROM generate_series(1, {count}) AS i",
        *(step, status, minutes),
    )


async def steps(monitor: Monitor, limit: int) -> list[tuple[str, str]]:
    now = datetime.now(UTC)
    return [(row.step, row.status) for row in await monitor._parts.told.rows(now - HOUR, now, limit)]


async def test_a_storm_of_failed_steps_leaves_every_order_in_its_place(sandbox: Running, monitor: Monitor) -> None:
    wrote(sandbox, "watchdog_healing", "completed", 3, 30)
    wrote(sandbox, "watchdog_healing", "failed", 1, 20)
    wrote(sandbox, "watchdog_health_check", "completed", 20, 10)
    wrote(sandbox, "patch", "failed", 40, 5)
    wrote(sandbox, "patch", "completed", 40, 5)
    assert await steps(monitor, 10) == [
        ("watchdog_healing", "failed"),
        *[("watchdog_healing", "completed")] * 3,
        *[("patch", "failed")] * 10,
    ]
    await monitor.close()


@ONE_SHAPE
async def test_a_server_that_gives_fewer_rows_than_asked_for_is_asked_on(sandbox: Running, monitor: Monitor) -> None:
    wrote(sandbox, "watchdog_healing", "completed", 25, 30)
    wrote(sandbox, "patch", "failed", 12, 5)
    sandbox.limits(max_rows=10)
    assert await steps(monitor, 1000) == [("watchdog_healing", "completed")] * 25 + [("patch", "failed")] * 12
    assert len(await steps(monitor, 11)) == 22
    kept = await monitor.logs(healing=True, since=None, limit=1000)
    assert len({row.id for row in kept}) == 25
    await monitor.close()
