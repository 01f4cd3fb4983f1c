"""What follows from an outage, as a monitor shows it: inhibited by it, not acknowledged with it, over with it."""

import asyncio
from pathlib import Path

from core.actions.acknowledge import ACKNOWLEDGE
from core.alerting.settings import AlertRules
from core.domain.alert_view import AlertView
from tests.alerting.mail_server import Alarming
from tests.running import ONE_SHAPE, Running


def shown(alarming: Alarming) -> dict[str, AlertView]:
    """The alerts of the snapshot, by rule."""
    return {one.rule: one for one in alarming.driven.monitor.snapshot.alerts}


@ONE_SHAPE
async def test_a_real_outage_takes_what_followed_from_it_along(sandbox: Running, tmp_path: Path) -> None:
    rules = AlertRules(breakers_s=60.0)
    alarming = await Alarming(sandbox, tmp_path, rules).begin()
    await alarming.minute()
    await asyncio.to_thread(sandbox.fault, "database_down", True)
    try:
        await alarming.minutes(9)
        assert (await alarming.driven.monitor.run(ACKNOWLEDGE, alert="database_down")).done
        await alarming.minute()
        found = shown(alarming)
        assert found["database_down"].state == "acknowledged"
        followers = [one for one in found.values() if one.word == "inhibited"]
        assert {"breakers", "degraded"} <= {one.rule for one in followers}
        for one in followers:
            assert one.acked == ""
            assert one.muted.endswith(": database down (acknowledged)")
    finally:
        await asyncio.to_thread(sandbox.fault, "database_down", False)
    is_so = {"database_down"}
    for _ in range(6):
        await alarming.minute()
        found = shown(alarming)
        is_so |= {name for name, one in found.items() if one.is_so}  # without it, too: a part that waits for its probe
        assert {name for name, one in found.items() if one.resolving} <= is_so
        assert "breakers" not in is_so
        for one in found.values():
            assert "database down" not in one.muted or found["database_down"].is_so or one.well
    assert shown(alarming)["database_down"].state == "resolved"
    assert "breakers" not in shown(alarming)
    await alarming.close()
