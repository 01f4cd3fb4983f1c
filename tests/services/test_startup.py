"""The start: whatever becomes of one step, it is shown as that, and the loops run."""

import asyncio
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

import core.services.startup
from core.actions.lease import LeaseRules
from core.backend.target import Target
from core.base.store import NotKept
from core.checks.settings import WatchRules
from core.domain.snapshot import LinkWord
from core.domain.status import Level
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from tests.running import ONE_SHAPE, Running
from tests.until import until

STEPS = {
    "held breakers": "_parts.holds.restore",
    "key figures": "_parts.kpis.restore",
    "taking over": "_scheduler._take_over",
    "telling other shells": "_parts.processes.register",
    "waiting actions": "_parts.waiting.all",
    "alerts": "_parts.alerts.restore",
    "state": "_scheduler._load_state",
    "connect": "_parts.backend.connect",
    "schema": "_parts.checks.discover",
    "lease": "_parts.lease.round",
    "first refresh": "_parts.checks.refresh",
    "first check": "_parts.checks.check",
    "policies": "_parts.checks.look_at_policies",
    "heal": "_parts.autopilot.after",
}
"""Each step of the start, and what of the monitor it goes by."""

ALONE_OR_NOT = tuple(step for step in STEPS if step not in {"lease", "heal"})
"""Those that are taken whatever became of those before."""

SOME = ("held breakers", "waiting actions", "lease", "first refresh", "heal")
OTHERS = (
    "key figures",
    "taking over",
    "telling other shells",
    "alerts",
    "connect",
    "first check",
    "state",
    "schema",
    "policies",
)


def monitor_at(sandbox: Running, place: Path) -> Monitor:
    config = Config(
        target=Target(name="probe", url=sandbox.url, key=sandbox.service_key),
        watch=WatchRules(interval_s=0.3),
        refresh=RefreshRules(period_s=0.3),
        lease=LeaseRules(renew_s=0.5, retry_s=0.5),
    )
    return Monitor(config, places=Places.within(place), jitter=False)


async def broken(step: str, *_: Any, **__: Any) -> Any:
    raise OverflowError(f"{step}: date value out of range")


async def hanging(*_: Any, **__: Any) -> Any:
    await asyncio.Event().wait()


def spoil(monitor: Monitor, where: str, how: Callable[..., Any]) -> Callable[[], None]:
    """Let a part of the monitor fail. Gives what mends it."""
    room, _, name = where.rpartition(".")
    owner = attrgetter(room)(monitor)
    whole = getattr(owner, name)
    setattr(owner, name, how)
    return lambda: setattr(owner, name, whole)


@ONE_SHAPE
@pytest.mark.parametrize("steps", [ALONE_OR_NOT, SOME, OTHERS], ids=["together", "some", "the others"])
async def test_steps_that_fail_unforeseen_are_shown_as_that_and_the_loops_run(
    steps: tuple[str, ...], sandbox: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Many together, and then some and the others, so that each fails where its neighbours do not."""
    monitor = monitor_at(sandbox, tmp_path)
    mends = [spoil(monitor, STEPS[step], partial(broken, step)) for step in steps]
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    assert {*SOME, *OTHERS} == {*STEPS}
    shown = {one.name: (one.level, one.text) for one in monitor.snapshot.start if one.name in steps}
    assert shown == dict.fromkeys(steps, (Level.WARNING, "failed (OverflowError); see the log file"))
    assert [step for step in steps if f"{step}: date value out of range" not in caplog.text] == []
    for mend in mends:
        mend()
    looked, seen = monitor.snapshot.health.last_at, monitor.snapshot.at
    await until(lambda: monitor.snapshot.link.word is LinkWord.LIVE and monitor.snapshot.at > seen)
    await until(lambda: monitor.snapshot.health.last_at not in {None, looked})
    await until(lambda: monitor.snapshot.lease.mine)
    await until(lambda: monitor.snapshot.health.running)  # a check that takes two intervals, as here it may, is no life
    await monitor.close()


@ONE_SHAPE
async def test_steps_that_hang_are_given_up_and_the_loops_run(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.services.startup, "STEP_S", 0.3)
    monitor = monitor_at(sandbox, tmp_path)
    steps = ["schema", "first refresh", "first check", "state"]
    mends = [spoil(monitor, STEPS[step], hanging) for step in steps]
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    shown = {one.name: one.text for one in monitor.snapshot.start if one.name in steps}
    assert [step for step in steps if not shown[step].endswith("given up")] == []
    for mend in mends:
        mend()
    await until(lambda: monitor.snapshot.link.word is LinkWord.LIVE)
    await monitor.close()


@ONE_SHAPE
async def test_a_state_that_cannot_be_written_while_a_hold_ends_does_not_end_the_start(
    sandbox: Running, tmp_path: Path
) -> None:
    monitor = monitor_at(sandbox, tmp_path)

    async def full(*_: Any) -> int:
        raise NotKept("no space left on device")

    spoil(monitor, "_parts.holds.restore", full)
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    await until(lambda: monitor.snapshot.link.word is LinkWord.LIVE)
    await monitor.close()
