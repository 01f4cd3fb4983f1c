"""An operator's order that waits for the project is for what it was given for, and is not carried out twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.act.orders import Phase
from tests.act.driving import Driven
from tests.alert.post import lift, stop
from tests.running import Running
from tests.wire import Wire, reset, wire


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


def flag(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT emergency_stop FROM autonomous_system_config")[0][0])


async def keeping(between: Wire, sandbox: Running, home: Path, **more: Any) -> Driven:
    """A monitor that keeps its orders, as one that runs does."""
    driven = await Driven(between.url, sandbox.service_key, home, **more).begin()
    driven.loops.ready = True
    return driven


async def closed(driven: Driven) -> None:
    driven.loops.ready = False
    await driven.monitor.close()


async def test_a_waiting_lift_lifts_only_the_stop_it_was_meant_for(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    stop(sandbox, "the first stop")
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    between.acts["/"] = reset
    assert (await driven.monitor.lift(requeue=False)).phase is Phase.WAITING
    lift(sandbox)  # somebody else does it
    stop(sandbox, "a second stop, of another cause")
    between.acts.clear()
    await driven.round(3600)
    waiting = await driven.monitor.waiting()
    await closed(driven)
    told = sandbox.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config")
    assert told == [(True, "a second stop, of another cause")]
    assert waiting == ()


async def test_a_stop_that_held_and_was_lifted_is_not_carried_out_again(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """Its flag was set and nobody could read that back; another saw it and lifted it before our line was back."""
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    live = driven.rooms.live
    whole = live.config

    async def config() -> Any:
        if flag(sandbox):
            between.acts["/"] = reset
        return await whole()

    live.config = config  # type: ignore[method-assign]  # the line breaks once the flag is set
    result = await driven.monitor.stop("burning")
    live.config = whole  # type: ignore[method-assign]  # as it was
    assert result.phase is Phase.WAITING
    assert flag(sandbox)
    other = await Driven(sandbox.url, sandbox.service_key, tmp_path / "other", driven.clock, autonomous=False).begin()
    assert (await other.monitor.lift(requeue=False)).done
    await other.monitor.close()
    between.acts.clear()
    await driven.round(3600)
    said = [event.text for event in driven.monitor.snapshot.events]
    waiting = await driven.monitor.waiting()
    await closed(driven)
    assert not flag(sandbox), said
    assert waiting == ()


async def test_with_observing_lifted_a_stop_that_waits_is_carried_out(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await keeping(between, sandbox, tmp_path, observe=True)
    driven.monitor.lift_observe()
    between.acts["/"] = reset
    assert (await driven.monitor.stop("burning")).phase is Phase.WAITING
    between.acts.clear()
    await driven.round(10)
    await closed(driven)
    assert flag(sandbox)
