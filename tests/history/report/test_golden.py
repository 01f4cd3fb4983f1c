"""The night of 10 March: the report tells it in the right order with the right names. `golden/incident.md`."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from syrupy.assertion import SnapshotAssertion

from core.actions.acknowledge import ACKNOWLEDGE
from core.actions.breakers import RESET_BREAKER
from core.actions.dry_run import DRY_RUN_OFF
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.silence import SILENCE
from core.domain.actions import ResultPhase
from core.domain.snapshot import State
from core.history.report import Report, compose, kept, markdown
from core.resilience import BreakerState
from tests.history.report.incident import BEGAN, Host, Incident
from tests.running import SHAPES, Running
from tests.tui.conftest import utc
from tests.tui.drawn import Picture
from tui.app.app import WatchdeskApp
from tui.app.screenshots import draw

__all__ = ["utc"]

EDGE = "edge:ai-agent-poll:probe"
DEPLOY = "every task fails since the deploy of 02:55"


class Pages(Picture):
    """As pictures are kept, as what they are."""

    file_extension = "md"


async def storm(night: Incident) -> None:
    """The edge function is down, and what agents take up fails; the operator resets, notes, and stops it all."""
    here = night.host.monitor
    night.sandbox.fault("edge_down", True)
    await night.look(6)
    assert next(one.state for one in here.snapshot.breakers if one.key == EDGE) is BreakerState.OPEN
    night.agents_say("generate_patch", "failed", "the model's gateway answers 401", times=12)
    night.tasks("failed", *(f"Fix report {n}" for n in range(1, 25)), error="the model's gateway answers 401")
    night.tasks("pending", "Index the orders by customer", "Send the weekly report")
    await night.look(3)
    assert here.snapshot.state is State.CRITICAL
    night.advance(4)
    assert (await here.run(RESET_BREAKER, breaker=EDGE)).phase is ResultPhase.VERIFIED
    await here.parts.runner.close()
    night.advance(5)
    now = night.clock.now()
    night.box.note(now, "the deploy of 02:55 carries the wrong key", "operator jana@watch-1", now=now)
    await night.look()
    night.advance(3)
    there = await Host.named("bastion-2", "sam", night.sandbox, night.home / "there", night.clock)
    silenced = await there.monitor.run(
        SILENCE, matcher="degraded", lasts=timedelta(hours=1), reason="we know: jana is on it"
    )
    assert silenced.phase is ResultPhase.VERIFIED
    await there.monitor.close()
    await night.look()
    night.advance(6)
    assert (await here.run(ACKNOWLEDGE, alert="success_rate_critical", note="on it")).phase is ResultPhase.VERIFIED
    night.advance(7)
    assert (await here.run(EMERGENCY_STOP, reason=DEPLOY)).phase is ResultPhase.VERIFIED
    await night.look(3)


async def recovery(night: Incident) -> None:
    """The deploy is taken back, the stop lifted, and work is completed again."""
    here = night.host.monitor
    night.sandbox.fault("edge_down", False)
    await night.look(3)
    night.advance(4)
    assert (await here.run(RESUME, requeue=True)).phase is ResultPhase.VERIFIED
    await night.look()
    night.advance(5)
    assert (await here.run(DRY_RUN_OFF)).phase is ResultPhase.VERIFIED
    await night.look()
    night.advance(6)
    failed = await here.plan(RETRY_MATCHING, tasks=("status:failed",))
    assert (await here.run(RETRY_MATCHING, failed, reason="the deploy was taken back")).changed == 24
    await night.look()
    night.complete()
    await night.quiet(60)
    assert here.snapshot.state is State.HEALTHY


async def told(night: Incident) -> Report:
    """What there is of it, the log asked by the monitor itself."""
    since, until = BEGAN, night.clock.now() + timedelta(seconds=1)
    records = night.host.driven.parts.told
    rows, work = await records.rows(since, until, 1000), await records.work(since, until)
    found = kept(night.box, since, until, rows=rows)._replace(work=work)
    return compose(found, since=since, until=until, made_at=until, host="watch-1")


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("shape", SHAPES)
async def test_the_night_is_told_in_its_order_and_the_same_for_both_shapes(
    shape: str, lone_sandbox: Callable[..., Running], tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    night = await Incident(lone_sandbox(shape), tmp_path / "home").begin()
    night.agents_say("task_started", "started", "")
    night.tasks("completed", *(f"Fix ticket {n}" for n in range(1, 9)))
    night.tasks("in_progress", "Rename the column")
    await night.look(6)
    night.complete()
    await storm(night)
    await recovery(night)
    report = await told(night)
    drawn = {moment.when: await draw(WatchdeskApp, moment.snapshot) for moment in report.moments}
    page = re.sub(r"\b[0-9a-f]{8}\b", "an-id-01", markdown(report, drawn, ZoneInfo("UTC")))
    await night.end()
    assert page == snapshot(extension_class=Pages, name="incident")
