"""Whether waiting work moves: how long the oldest may wait goes by the agents' own interval, twice."""

from pathlib import Path

import pytest

from core.domain.status import Level
from tests.actions.driving import Driven
from tests.running import Running


@pytest.mark.parametrize(
    ("interval_min", "waits_min", "level"),
    [(45, 80, Level.OK), (45, 95, Level.WARNING), (10, 55, Level.OK), (10, 65, Level.WARNING)],
)
async def test_twice_the_agents_interval_is_waited_for_and_an_hour_at_least(
    interval_min: int, waits_min: int, level: Level, sandbox: Running, tmp_path: Path
) -> None:
    sandbox.sql(f"UPDATE autonomous_system_config SET enabled = true, min_interval_minutes = {interval_min}")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at)"
        f" VALUES ('waits', 'pending', now() - interval '{waits_min} minutes')"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    checkup = await driven.monitor.check()
    assert checkup.of("activity").level is level, checkup.of("activity").text
    oldest = driven.monitor.snapshot.tasks.oldest_pending_at  # the dashboard names it
    assert oldest is not None
    assert oldest == sandbox.sql("SELECT created_at FROM autonomous_tasks")[0][0]
    await driven.monitor.close()
