"""Which orders are under way: whoever ends the program then is told, for they would be left half done."""

import asyncio
from pathlib import Path

import pytest

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.domain.plans import HealPlan, PlanChanged
from tests.actions.driving import Driven, agents_write_logs, running
from tests.running import ONE_SHAPE, Running


@ONE_SHAPE
async def test_an_operators_orders_count_until_they_are_over_however_that_is(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(3)
    monitor = (await Driven.as_("service_role", sandbox, tmp_path).begin()).monitor
    assert monitor.under_way() == ()
    healing = asyncio.create_task(monitor.run(HEAL, await monitor.plan(HEAL)))
    stopping = asyncio.create_task(monitor.run(EMERGENCY_STOP, reason="fire"))
    await asyncio.sleep(0)
    assert monitor.under_way() == ("heal", "emergency stop")
    await asyncio.gather(healing, stopping, return_exceptions=True)
    assert monitor.under_way() == ()
    sandbox.stuck(1)
    with pytest.raises(PlanChanged):
        await monitor.run(HEAL, HealPlan())
    assert monitor.under_way() == ()
    lifting = asyncio.create_task(monitor.run(RESUME))
    await asyncio.sleep(0)
    assert monitor.under_way() == ("resume",)
    lifting.cancel()
    await asyncio.gather(lifting, return_exceptions=True)
    assert monitor.under_way() == ()
    await monitor.close()


@ONE_SHAPE
async def test_what_the_watchdog_does_by_itself_counts_and_says_so(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(3)
    driven = await Driven.as_("service_role", sandbox, tmp_path).begin()
    seen = set()
    monkeypatch.setattr(driven.autopilot.heals, "beat", lambda: seen.add(driven.monitor.under_way()))
    _, done = await driven.round()
    assert done.startswith("3 changed")
    assert ("heal by the watchdog",) in seen
    assert driven.monitor.under_way() == ()
    await driven.monitor.close()
