"""Rows that row level security lets nobody of us change: an order goes past them, and says so."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.actions.emergency_stop import EMERGENCY_STOP
from core.domain.actions import ResultPhase
from tests.actions.driving import Watchdog
from tests.running import Running


@pytest.fixture
async def foreign_rows(sandbox: Running) -> AsyncIterator[None]:
    """Tasks that are called `foreign` are nobody's to change who is signed in."""
    sandbox.sql(
        "CREATE POLICY foreigners ON autonomous_tasks AS RESTRICTIVE FOR UPDATE USING (description <> 'foreign')"
    )
    yield
    sandbox.sql("DROP POLICY foreigners ON autonomous_tasks")


def pending(sandbox: Running, description: str, first: str, count: int) -> None:
    """Tasks whose ids begin with `first`, which is the order they are read in."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (id, description)"
        " SELECT (%s || '0000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, %s"
        f" FROM generate_series(1, {count}) AS i",
        first,
        description,
    )


@pytest.mark.usefixtures("foreign_rows")
async def test_a_stop_goes_past_a_whole_batch_of_rows_that_are_not_ours(sandbox: Running, tmp_path: Path) -> None:
    pending(sandbox, "foreign", "0", 100)
    pending(sandbox, "ours", "f", 50)
    driven = await Watchdog.as_("master", sandbox, tmp_path, autonomous=False).begin()
    result = await driven.monitor.run(EMERGENCY_STOP, reason="fire")
    await driven.monitor.close()
    left = "SELECT description, count(*) FROM autonomous_tasks WHERE status = 'pending' GROUP BY 1"
    assert sandbox.sql(left) == [("foreign", 100)]
    assert (result.phase, result.changed, result.refused) == (ResultPhase.PARTLY, 50, 100), result
