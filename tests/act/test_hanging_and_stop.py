"""Cases: each states what should be; on the code of 49df34d each of them fails for the reason in its name."""

import asyncio
from pathlib import Path

import pytest

from core.monitor.config import RefreshRules
from core.watch.rules import WatchRules
from tests.act.driving import Driven, failures, statuses
from tests.running import Running
from tests.wire import hang, wire


async def test_alert_of_a_hanging_database(sandbox: Running, tmp_path: Path) -> None:
    rules = WatchRules(interval_s=300, limit_s=0.3, probe_s=0.2, hanging_s=1.2)
    async with wire(sandbox.url) as between:
        driven = await Driven(
            between.url, sandbox.service_key, tmp_path, watch=rules, autonomous=False, refresh=RefreshRules(total_s=0.5)
        ).begin()
        alarms = driven.loops.alarms
        await alarms.restore()
        between.acts["/"] = hang
        driven.clock.advance(300)
        await driven.monitor.check()
        await asyncio.sleep(1.5)  # its question ends: hanging
        await driven.monitor.refresh(everything=True)
        words, alerts = [driven.rooms.link.picture(None).word.value], []

        async def evaluate() -> None:
            await alarms.evaluate()
            one = alarms._life.alerts["database_down:db"]
            alerts.append((one.stage.value, one.truth.value, round(one.held_s)))

        for minute in range(1, 13):
            driven.clock.advance(60)
            if minute in (4, 9):
                await driven.monitor.check()  # the next one: slow for the moment
                words.append(driven.rooms.link.picture(None).word.value)
                await evaluate()
                await asyncio.sleep(1.5)
            else:
                await evaluate()
        words.append(driven.rooms.link.picture(None).word.value)
        between.acts.clear()
        await driven.monitor.close()
    assert alerts[-1][0] == "firing" and set(words) == {"OFFLINE"}, (words, alerts)


async def test_a_retry_goes_not_on_after_a_stop_within_its_batch(sandbox: Running, tmp_path: Path) -> None:
    from core.listing import Listing, Table

    failures(sandbox, 250)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        plan = await driven.monitor.plan_retry_matching(Listing(table=Table.TASKS))
        between.delays["/rest/v1/autonomous_tasks"] = 2.0
        task = asyncio.create_task(driven.monitor.retry_matching(plan, "why"))
        for _ in range(300):
            await asyncio.sleep(0.01)
            if any(s.startswith("PATCH /rest/v1/autonomous_tasks") for s in between.seen):
                break
        between.delays = {}
        stopped = await driven.monitor.stop("burning")
        result = await task
        now = statuses(sandbox)
        await driven.monitor.close()
    assert stopped.done and result.changed <= 100, (stopped.text, result.text, now)


async def test_unusual_data(sandbox: Running, tmp_path: Path) -> None:
    """started_at null; future start; negative durations; year 9999 and infinity; nothing may raise."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, created_at, estimated_duration_minutes) VALUES"
        " ('a', 'in_progress', NULL, now() - interval '2 hours', -5), ('b', 'in_progress', now() + interval '3 years', now(), NULL),"
        " ('c', 'in_progress', 'infinity', now() - interval '2 hours', 1), ('d', 'in_progress', '-infinity', now(), 1), ('e', 'in_progress', '9999-12-31', now(), 0)"
    )
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at, completed_at) VALUES ('f', 'completed', now(), 'infinity'), ('g', 'failed', now(), '-infinity'), ('h', 'pending', 'infinity', NULL)"
    )
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, duration_ms, {sandbox.time_column}, input_data, output_data) VALUES"
        ' (\'watchdog_healing\', \'completed\', -2147483648, now(), \'{"order":"heal","run":"x","by":"operator","who":5}\', \'{"ids":[1,null,{}],"steps":[]}\'),'
        " ('watchdog_healing', 'completed', -1, 'infinity', '{\"order\":\"undo\",\"run\":5}', '{\"ids\":{\"a\":1}}'), ('watchdog_health_check', 'completed', -5, '9999-12-31', '[]', '\"x\"'),"
        " ('lease', 'started', 0, '-infinity', NULL, NULL), ('task_x', 'started', NULL, '0001-01-01', '5', 'null')"
    )
    sandbox.sql(
        "UPDATE autonomous_system_config SET emergency_stop_until = 'infinity', max_daily_tasks = -1, min_interval_minutes = 2147483647"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.loops.alarms.restore()
    for _ in range(2):
        _, done = await driven.round()
        await driven.loops.alarms.evaluate()
    await driven.loops.scores.measure()
    plan = await driven.monitor.plan_heal()
    result = await driven.monitor.heal(plan)
    await driven.monitor.close()
    print(done, plan, result)


@pytest.mark.parametrize("minutes", [355_000_000, 400_000_000])
async def test_bound_of_estimates(minutes: int, sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        f"INSERT INTO autonomous_tasks (description, status, started_at, estimated_duration_minutes) VALUES ('x', 'in_progress', now(), {minutes})"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    try:
        await driven.round()
    finally:
        await driven.monitor.close()
