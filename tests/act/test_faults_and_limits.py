"""Cases: each states what should be; on the code of 49df34d each of them fails for the reason in its name."""

import asyncio
import errno
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.alert.settings import AlertRules
from core.watch.rules import WatchRules
from tests.act.driving import Driven, agents_write_logs, audited, failures, running, statuses
from tests.alert.post import Alarming
from tests.running import Command, Running
from tests.wire import hang, wire


def flag(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT bool_or(emergency_stop) FROM autonomous_system_config")[0][0])


async def test_hanging_stays_down_while_the_next_check_is_open(sandbox: Running, tmp_path: Path) -> None:
    """The database hangs; each check says slow at its limit and critical when its question ends. In between it is not up."""
    rules = WatchRules(interval_s=300, limit_s=0.3, probe_s=0.2, hanging_s=1.2)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, watch=rules, autonomous=False).begin()
        alarms = driven.loops.alarms
        await alarms.restore()
        between.acts["/"] = hang
        driven.clock.advance(300)
        await driven.monitor.check()
        await asyncio.sleep(1.5)  # its question ends: hanging
        words = [driven.rooms.link.down]
        alerts = []
        for _ in range(2):
            driven.clock.advance(60)
            await alarms.evaluate()
            one = alarms._life.alerts["database_down:db"]
            alerts.append((one.stage.value, one.truth.value, round(one.held_s)))
        driven.clock.advance(60)
        await driven.monitor.check()  # the next one: slow for the moment
        words.append(driven.rooms.link.down)
        await alarms.evaluate()
        one = alarms._life.alerts["database_down:db"]
        alerts.append((one.stage.value, one.truth.value, round(one.held_s)))
        between.acts.clear()
        await driven.monitor.close()
    assert words == [True, True] and alerts[-1][0] == "pending", (words, alerts)


async def test_a_scheduled_check_of_a_hanging_database_counts_although_somebody_presses_c(
    sandbox: Running, tmp_path: Path
) -> None:
    rules = WatchRules(interval_s=300, limit_s=0.3, probe_s=0.2, hanging_s=1.2)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, watch=rules, autonomous=False).begin()
        driven.loops.ready = True
        between.acts["/"] = hang
        for _ in range(3):
            driven.clock.advance(300)
            checkup = await driven.monitor.check()
            await driven.autonomy.after(checkup, scheduled=True)
            await asyncio.sleep(0.1)
            unasked = await driven.monitor.check()  # c, or a refresh that failed
            await driven.autonomy.after(unasked, scheduled=False)
            await asyncio.sleep(1.6)
        count = driven.rooms.streak.count
        driven.loops.ready = False
        between.acts.clear()
        await driven.monitor.close()
    assert count == 3, count


async def test_no_route_after_it_was_sent_is_lost() -> None:
    from core.act.means import lost
    from core.backend.faults import Trace, transport_fault
    from core.resilience import NotLive

    error = httpx.ReadError("x")
    error.__cause__ = OSError(errno.EHOSTUNREACH, "No route to host")
    assert lost(NotLive(transport_fault(error, Trace(sent=True))))


async def test_dry_run_of_a_heal_whose_answer_is_lost_is_read_back(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    failures(sandbox)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        plan = await driven.monitor.plan_heal()
        between.lost.append("PATCH /rest/v1/autonomous_system_config")
        result = await driven.monitor.heal(plan)
        await driven.monitor.close()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]
    assert result.done and result.changed == 1, result


async def test_config_row_whose_answer_is_lost_is_read_back(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("DELETE FROM autonomous_system_config")
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        plan = await driven.monitor.plan_heal()
        between.lost.append("POST /rest/v1/autonomous_system_config")
        result = await driven.monitor.heal(plan)
        await driven.monitor.close()
    assert sandbox.sql("SELECT count(*) FROM autonomous_system_config") == [(1,)]
    assert result.done and result.changed == 1, result


async def test_a_stop_goes_past_rows_that_are_not_ours(sandbox: Running, tmp_path: Path) -> None:
    if sandbox.shape != "deployed":
        pytest.skip("one shape will do")
    sandbox.sql(
        "CREATE POLICY foreigners ON autonomous_tasks AS RESTRICTIVE FOR UPDATE USING (description <> 'foreign')"
    )
    try:
        sandbox.sql(
            "INSERT INTO autonomous_tasks (id, description) SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 'foreign' FROM generate_series(1, 100) i"
        )
        sandbox.sql(
            "INSERT INTO autonomous_tasks (id, description) SELECT ('f0000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 'ours' FROM generate_series(1, 50) i"
        )
        driven = await Driven.as_("master", sandbox, tmp_path, autonomous=False).begin()
        result = await driven.monitor.stop("r")
        await driven.monitor.close()
        left = dict(
            sandbox.sql("SELECT description, count(*) FROM autonomous_tasks WHERE status = 'pending' GROUP BY 1")
        )
        assert left == {"foreign": 100}, (left, result.text)
    finally:
        sandbox.sql("DROP POLICY foreigners ON autonomous_tasks")


async def test_all_running_are_seen_where_the_api_caps_reads_below_our_page(sandbox: Running, tmp_path: Path) -> None:
    running(sandbox, 250)
    async with wire(sandbox.url) as between:
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        calls = driven.rooms.urgent_queries._calls
        original = calls.rows

        async def rows(operation: str, build: Any, **more: Any) -> Any:
            return (await original(operation, build, **more))[:100]  # max-rows = 100

        calls.rows = rows  # type: ignore[method-assign]
        found = len(await driven.rooms.live.running_tasks())
        await driven.monitor.close()
    assert found == 250, found


async def test_restarting_the_watchdog_amid_a_heal_leaves_a_closed_audit(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(3)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path).begin()
        driven.clock.advance(1)
        await driven._look_around()
        checkup = await driven.monitor.check()
        between.delays["/rest/v1/autonomous_tasks?select=id&id=in"] = 0.5
        task = asyncio.create_task(driven.autonomy.after(checkup, scheduled=True))
        for _ in range(200):
            await asyncio.sleep(0.01)
            if statuses(sandbox).get("failed"):
                break
            if any(s.startswith("PATCH /rest/v1/autonomous_tasks") for s in between.seen):
                break
        task.cancel()  # what restart_watchdog does
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(1.0)
        now, trail = statuses(sandbox), [s for _, s in audited(sandbox, "heal")]
        between.delays.clear()
        await driven.monitor.close()
    assert not now.get("failed") or trail != ["started"], (now, trail)


async def test_a_projects_function_that_rejects_the_tasks_itself_and_requeue(sandbox: Running, tmp_path: Path) -> None:
    """As in the real DDL, but with the WHERE that safeupdate wants."""
    old = sandbox.sql("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'emergency_stop_autonomous_system'")
    hours = "p_duration_hours" if sandbox.shape == "deployed" else "p_hours"
    sandbox.sql("DROP FUNCTION IF EXISTS emergency_stop_autonomous_system")
    sandbox.sql(f"""CREATE FUNCTION public.emergency_stop_autonomous_system(p_reason text, {hours} integer DEFAULT 24) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = p_reason, emergency_stop_until = now() + make_interval(hours => {hours}) WHERE true;
      UPDATE autonomous_tasks SET status = 'rejected', error_message = 'Emergency stop: ' || p_reason WHERE status IN ('pending', 'in_progress');
      RETURN true; END $$""")
    sandbox.sql("NOTIFY pgrst, 'reload schema'")
    await asyncio.sleep(0.5)
    try:
        sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 5)")
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        result = await driven.monitor.stop("r")
        back = await driven.monitor.lift(requeue=True)
        await driven.monitor.close()
        now = statuses(sandbox)
        assert now == {"pending": 5}, (result.text, back.text, now)
    finally:
        sandbox.sql("DROP FUNCTION emergency_stop_autonomous_system")
        for (text,) in old:
            sandbox.sql(text)
        sandbox.sql("NOTIFY pgrst, 'reload schema'")


async def test_a_machine_that_slept_is_not_blind_before_it_has_looked(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(2)
    alarming.clock.advance(8 * 3600)  # the machine slept; the alerts' loop wakes first
    await alarming.alarms.evaluate()
    fired = [a.rule for a in alarming.alarms.firing()]
    rows = sandbox.sql(
        "SELECT output_data->>'text' FROM autonomous_execution_logs WHERE execution_step LIKE 'watchdog_alert%' AND output_data->>'text' LIKE '%blind%'"
    )
    await alarming.close()
    assert "blind" not in fired, (fired, rows)


def test_settings_have_bounds(sandbox: Running, command: Command) -> None:
    agents_write_logs(sandbox)
    got = command("heal", "--dry-run", sandbox=sandbox, WATCHDESK_HEAL_KEEP_LOGS_DAYS="-1")
    assert got.returncode == 2, (got.returncode, got.stdout, got.stderr)


async def test_a_spoilt_lease_row_is_no_failing_database(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(1)
    sandbox.sql("UPDATE autonomous_execution_logs SET input_data = '{}' WHERE execution_step = 'lease'")
    for _ in range(12):
        await alarming.minute()
    bad = [(b.key, b.state.value) for b in alarming.driven.rooms.breakers.all() if b.state.value != "closed"]
    fired = [a.key for a in alarming.alarms.firing() if a.severity.value == "critical"]
    valid = alarming.driven.rooms.lease.valid()
    await alarming.close()
    assert not bad and not fired and valid, (bad, fired, valid)


async def test_silence_proves_nothing_where_only_other_tasks_logs_are_visible(sandbox: Running, tmp_path: Path) -> None:
    """Logs are company-scoped: one row of our own is visible, those of a living task of another company are not."""
    if sandbox.shape != "deployed":
        pytest.skip("one shape will do")
    sandbox.sql("CREATE POLICY mine ON autonomous_execution_logs AS RESTRICTIVE FOR SELECT USING (task_id IS NULL)")
    try:
        agents_write_logs(sandbox)
        running(sandbox, 5)
        sandbox.stuck(1)
        sandbox.sql(
            f"INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, {sandbox.time_column}) SELECT id, 'task_step', 'started', now() FROM autonomous_tasks WHERE description = 'stuck 1'"
        )
        driven = await Driven.as_("master", sandbox, tmp_path).begin()
        _, done = await driven.round()
        await driven.monitor.close()
        assert not statuses(sandbox).get("failed"), done
    finally:
        sandbox.sql("DROP POLICY mine ON autonomous_execution_logs")


async def test_an_empty_log_under_a_key_that_sees_all(sandbox: Running, tmp_path: Path) -> None:
    running(sandbox, 5)
    sandbox.stuck(1)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    _, done = await driven.round()
    checkup = await driven.monitor.check()
    await driven.monitor.close()
    assert statuses(sandbox).get("failed") == 1, (done, checkup.of("stuck_tasks").text)


async def test_our_own_clean_up_does_not_end_healing(sandbox: Running, tmp_path: Path) -> None:
    """Agents that wrote their last row 31 days ago: our clean-up deletes it, and from then on nothing is stuck any more."""
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column}) VALUES ('task_started', 'started', now() - interval '31 days')"
    )
    running(sandbox, 5)
    sandbox.stuck(1)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    _, first = await driven.round()
    sandbox.stuck(1)
    _, second = await driven.round()
    await driven.monitor.close()
    assert statuses(sandbox).get("failed") == 2, (first, second)


async def test_a_retry_goes_not_on_after_a_stop_within_its_batch(sandbox: Running, tmp_path: Path) -> None:
    from core.listing import Listing, Table

    failures(sandbox, 250)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        plan = await driven.monitor.plan_retry_matching(Listing(table=Table.TASKS))
        between.delays["/rest/v1/autonomous_tasks?select=id&id=in"] = 2.0
        task = asyncio.create_task(driven.monitor.retry_matching(plan, "why"))
        for _ in range(300):
            await asyncio.sleep(0.01)
            if any(s.startswith("PATCH /rest/v1/autonomous_tasks") for s in between.seen):
                break
        between.delays.clear()
        stopped = await driven.monitor.stop("burning")
        result = await task
        await driven.monitor.close()
    assert stopped.done and result.changed <= 100, (stopped.text, result.text, statuses(sandbox))
