"""A service that hangs, is killed, is another, or only looks: an order is carried out once, there or here, and said."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core.actions.carried import Order
from core.actions.delegated import KIND, DelegatedActions
from core.actions.dry_run import DRY_RUN_ON
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.process import CHECK_NOW
from core.actions.set_config import SET_CONFIG
from core.base.store import Store
from core.domain.actions import ResultPhase
from core.services import attachment, succession
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.service.beside import (
    Beside,
    Start,
    audited,
    beside,
    given,
    handed,
    orders,
    service,
    state_of,
    stop,
    until,
)

__all__ = ["beside", "service"]


async def test_a_stop_does_not_wait_for_a_service_that_hangs(
    sandbox: Running, command: Command, service: Start, beside: Beside
) -> None:
    there = service()
    monitor = await beside()
    sandbox.stuck(2)
    await stop(there, command)
    result = await monitor.run(EMERGENCY_STOP, reason="now")
    assert result.phase is ResultPhase.VERIFIED, result
    assert result.text.endswith(
        f"(here: the service, pid {there.process.pid}, did not answer within 2 s and had not taken it up)"
    ), result
    assert {row[2] for row in audited(sandbox, result.run)} == {os.getpid()}
    there.process.send_signal(signal.SIGCONT)
    while not (await monitor.run(CHECK_NOW)).text.endswith("(by the service and here)"):
        pass  # it wakes up
    assert orders(sandbox, EMERGENCY_STOP) == 1


@ONE_SHAPE
async def test_one_killed_before_it_took_it_up_changed_nothing_and_the_screen_does_it(
    sandbox: Running, command: Command, service: Start, beside: Beside
) -> None:
    there = service()
    monitor = await beside()
    sandbox.stuck(2)
    await stop(there, command)
    waiting = asyncio.create_task(given(monitor, HEAL))
    await handed(command)
    there.end(signal.SIGKILL)
    result = await waiting
    assert result.text == (
        f"2 changed (stuck tasks marked as failed: 2), 0 skipped, 0 refused"
        f" (here: the service, pid {there.process.pid}, ended and had not taken it up)"
    )
    assert {row[2] for row in audited(sandbox, result.run)} == {os.getpid()}
    assert orders(sandbox, HEAL) == 1
    await until(lambda: monitor.parts.ownership.mine and monitor.snapshot.service is None)
    await until(lambda: any("has ended: this screen takes over" in one.text for one in monitor.snapshot.events))


@ONE_SHAPE
async def test_of_one_killed_amid_it_the_audit_trail_tells_what_is_known(
    sandbox: Running, command: Command, service: Start, beside: Beside
) -> None:
    there = service()
    monitor = await beside()
    sandbox.stuck(2)
    plan = await monitor.plan(HEAL)
    sandbox.fault("slow", True)
    waiting = asyncio.create_task(monitor.run(HEAL, plan))
    await handed(command, "taken_at")
    there.end(signal.SIGKILL)
    sandbox.fault("slow", False)
    result = await waiting
    assert result.phase is ResultPhase.UNKNOWN
    assert "ended and may have started the action: outcome unknown (" in result.text
    assert "the audit trail" in result.text


@ONE_SHAPE
async def test_a_stop_that_was_killed_amid_is_gone_on_with_here_by_the_same_run(
    sandbox: Running, command: Command, service: Start, beside: Beside
) -> None:
    there = service()
    monitor = await beside()
    sandbox.stuck(2)
    sandbox.fault("slow", True)
    waiting = asyncio.create_task(monitor.run(EMERGENCY_STOP, reason="now"))
    await handed(command, "taken_at")
    there.end(signal.SIGKILL)
    sandbox.fault("slow", False)
    result = await waiting
    assert (result.phase, "(here: the service, pid" in result.text) == (ResultPhase.VERIFIED, True), result
    assert sandbox.sql("SELECT DISTINCT status FROM autonomous_tasks") == [("rejected",)]
    assert orders(sandbox, EMERGENCY_STOP) == 1


@ONE_SHAPE
async def test_an_answer_that_is_lost_is_found_in_the_audit_trail(
    sandbox: Running, command: Command, service: Start, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachment, "SILENT_S", 6.0)
    service()
    monitor = await beside()
    sandbox.stuck(2)
    plan = await monitor.plan(HEAL)
    sandbox.fault("slow", True)
    waiting = asyncio.create_task(monitor.run(HEAL, plan))
    await handed(command, "taken_at")

    def gone() -> bool:
        try:
            with state_of(command) as state:
                state.execute("DELETE FROM document WHERE kind = ?", (KIND,))
                state.commit()
        except sqlite3.OperationalError:
            return False
        return True

    await until(lambda: orders(sandbox, HEAL) == 1)  # it is begun
    await until(gone)
    sandbox.fault("slow", False)
    result = await waiting
    assert result.phase is ResultPhase.VERIFIED, result
    assert "(by the service, as the audit trail has it: the service" in result.text
    assert orders(sandbox, HEAL) == 1


@ONE_SHAPE
async def test_who_ordered_it_may_go_and_it_goes_on(
    sandbox: Running, command: Command, service: Start, beside: Beside
) -> None:
    service()
    monitor = await beside()
    sandbox.stuck(2)
    plan = await monitor.plan(HEAL)
    sandbox.fault("slow", True)
    waiting = asyncio.create_task(monitor.run(HEAL, plan))
    await handed(command, "taken_at")
    waiting.cancel()
    await asyncio.wait({waiting})
    await monitor.close()
    sandbox.fault("slow", False)
    query = "SELECT count(*) FROM autonomous_execution_logs WHERE input_data->>'order' = 'heal' AND step_status = %s"
    await until(lambda: sandbox.sql(query, "completed") == [(1,)])
    assert sandbox.sql("SELECT DISTINCT status FROM autonomous_tasks") == [("failed",)]


@ONE_SHAPE
async def test_one_that_is_started_again_acts_again(
    sandbox: Running, service: Start, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(succession, "_STEADY", timedelta(seconds=1))
    first = service()
    monitor = await beside()
    first.end(signal.SIGKILL)
    await until(lambda: monitor.parts.ownership.mine)
    result = await given(monitor, DRY_RUN_ON)
    assert "(by the service" not in result.text
    second = service()
    await until(lambda: monitor.snapshot.service is not None)
    assert monitor.snapshot.service is not None
    assert monitor.snapshot.service.pid == second.process.pid
    assert not monitor.parts.ownership.mine
    assert not monitor.parts.lease.valid()
    result = await given(monitor, SET_CONFIG, name="max_daily_tasks", value="77")
    assert result.text.endswith("(by the service)")
    await until(lambda: any("runs: this screen lets it act" in one.text for one in monitor.snapshot.events))
    assert second.end() == 0
    await until(lambda: monitor.parts.ownership.mine)


@ONE_SHAPE
async def test_one_that_reads_its_settings_again_stays_the_one_that_acts(
    sandbox: Running, service: Start, beside: Beside
) -> None:
    there = service()
    monitor = await beside()
    (before,) = [one.id for one in await monitor.running_here() if one.service]
    there.process.send_signal(signal.SIGHUP)
    await until(lambda: any(line["event"] == "reloaded" for line in there.lines))
    await until(lambda: (one := monitor.parts.succession.service) is not None and one.id != before)
    assert not monitor.parts.ownership.mine
    assert (await given(monitor, DRY_RUN_ON)).text.endswith("(by the service)")
    assert not any("has ended" in one.text for one in monitor.snapshot.events)


@ONE_SHAPE
async def test_a_screen_that_observes_orders_nothing(sandbox: Running, service: Start, beside: Beside) -> None:
    service()
    monitor = await beside(observe=True)
    assert monitor.snapshot.service is not None
    assert "actions run in this screen: this screen observes" in monitor.snapshot.notices[-1]
    assert monitor.carried_out_by(HEAL) == ""
    result = await monitor.run(DRY_RUN_ON)
    assert (result.phase, result.text) == (ResultPhase.REFUSED, "started with --observe: nothing is written")
    assert (await monitor.run(CHECK_NOW)).text == "checked"


@ONE_SHAPE
async def test_a_service_that_observes_is_given_nothing(sandbox: Running, service: Start, beside: Beside) -> None:
    service("--observe")
    monitor = await beside(attached=False)
    await until(lambda: monitor.parts.ownership.mine)
    assert monitor.snapshot.service is None
    sandbox.stuck(1)
    assert (await given(monitor, HEAL)).text == "1 changed (stuck tasks marked as failed: 1), 0 skipped, 0 refused"


@ONE_SHAPE
async def test_one_of_another_version_is_given_nothing_and_that_is_said(
    sandbox: Running, service: Start, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = service()
    monkeypatch.setattr(attachment, "__version__", "99.0")
    monitor = await beside()
    words = monitor.snapshot.notices[-1]
    assert words.startswith(f"the service, pid {there.process.pid}, acts for this project on this machine; actions run")
    assert words.endswith(", this screen of 99.0")
    assert monitor.carried_out_by(HEAL) == ""
    assert "(by the service" not in (await given(monitor, DRY_RUN_ON)).text


FOREIGN: dict[str, dict[str, Any]] = {
    "an action of a later version": {"action": "hibernate"},
    "an argument of a later version": {"arguments": {"gently": True}},
    "a plan of a later version": {"action": "heal", "shown": '[{"steps": 5}, ""]'},
    "a field of a later version": {"action": "heal", "shown": '[{}, "hibernate"]', "mood": "fine"},
}


@ONE_SHAPE
async def test_what_a_service_does_not_know_is_refused_in_words(
    sandbox: Running, command: Command, service: Start, beside: Beside
) -> None:
    there = service()
    monitor = await beside()
    (one,) = [one for one in await monitor.running_here() if one.service]
    store = Store(command.home / "state" / "watchdesk" / "state", monitor.parts.config.target.space)
    delegated = DelegatedActions(monitor.parts.clock, store)
    for case, fields in FOREIGN.items():
        asked = await delegated.ask(one.id, Order(action=CHECK_NOW), 30)
        body = msgspec.to_builtins(asked) | fields
        await delegated.withdraw(asked.id)
        await store.put(KIND, asked.id, body)
        await until(answered(command, asked.id))
        found = await delegated.look(asked.id)
        assert found is not None
        assert found.result is not None, case
        assert found.result.phase is ResultPhase.REFUSED, case
        assert found.result.text.startswith("nothing was changed: "), case
        await store.remove(KIND, asked.id)
    await store.close()
    assert (await monitor.run(CHECK_NOW)).text.endswith("(by the service and here)")
    assert there.process.poll() is None


def answered(command: Command, name: str) -> Callable[[], object]:
    def look() -> object:
        with state_of(command) as state:
            return state.execute("SELECT 1 FROM document WHERE key = ? AND body ->> 'result' > ''", (name,)).fetchall()

    return look
