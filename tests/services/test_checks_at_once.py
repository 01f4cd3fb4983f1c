"""A check that our function answers at once comes to the same verdicts as one that asks each thing by itself."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

import core.backend.reads.overview
from core.backend.client import RequestLimits
from core.backend.optional_sql import script
from core.backend.reads.probes import DATABASE_PROBE
from core.backend.schema import LOGS, TASKS, Shape
from core.checks.settings import WatchRules
from core.domain.checks import Checkup
from core.domain.snapshot import LinkWord
from core.domain.status import Level
from core.resilience import BreakerState, DegradationLevel
from core.resilience.fault import Counts
from core.resilience.reading import Source
from core.services.config import RefreshRules
from tests.actions.driving import Driven, agents_write_logs, failures, running
from tests.backend.rows.spoiling import lenient
from tests.checks.test_database import SLOW
from tests.running import ONE_SHAPE, Running
from tests.services.test_overview import FAILING, dropped, fill, function
from tests.wire import Wire, hang, wire

PATIENT: Final = WatchRules(limit_s=60.0, probe_s=50.0)
OVERVIEW: Final = "/rest/v1/rpc/watchdesk_overview"


def waiting(sandbox: Running, hours: float) -> None:
    """One pending task that was created so long ago."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at)"
        f" VALUES ('w', 'pending', now() - interval '{hours} hours')"
    )


def newer(sandbox: Running, status: str = "rejected") -> None:
    """More tasks than a page holds, created just now."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at)"
        " SELECT 'n', %s, now() - interval '1 minute' FROM generate_series(1, 60)",
        status,
    )


def done_just_now(sandbox: Running) -> None:
    sandbox.completed(3)
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now() - interval '10.5 minutes' WHERE status = 'completed'")


def stuck_and_slow(sandbox: Running) -> None:
    sandbox.stuck(3)
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status)"
        " SELECT id, 'step', 'started' FROM autonomous_tasks LIMIT 1"
    )


def both(*steps: Callable[[Running], object]) -> Callable[[Running], object]:
    return lambda sandbox: [step(sandbox) for step in steps]


ROWS: Final[dict[str, tuple[Callable[[Running], object], tuple[str, ...]]]] = {
    # what there is, and the tables that are read beside the answer by an account that sees all
    "nothing": (lambda _: None, ()),
    "all is done": (lambda s: s.completed(7), ()),
    "some run": (lambda s: running(s, 3), ()),
    "some run, older than the newest": (both(lambda s: running(s, 3), newer), ()),
    "some are stuck": (stuck_and_slow, (TASKS, TASKS, LOGS, LOGS)),
    "stuck, and older than the newest": (both(stuck_and_slow, newer), (TASKS, TASKS, LOGS, LOGS)),
    "one waits too long": (lambda s: waiting(s, 3.2), (TASKS,)),  # how many were begun today
    "one waits too long, older than the newest": (both(lambda s: waiting(s, 3.2), newer), (TASKS,)),
    "one waits, and others are done": (both(lambda s: waiting(s, 3.2), done_just_now), ()),
    "one waits since tomorrow": (lambda s: waiting(s, -24.2), ()),
    "one waits, the day is over": (
        both(
            lambda s: waiting(s, 3.2),
            lambda s: running(s, 3),
            lambda s: s.sql("UPDATE autonomous_system_config SET max_daily_tasks = 3"),
        ),
        (TASKS,),
    ),
    "half of them fail": (both(lambda s: failures(s, 6), lambda s: s.completed(4)), ()),
    "all of them fail": (lambda s: failures(s, 20), ()),
    "more is done than is counted": (lambda s: failures(s, 130), (TASKS,)),
    "of everything some": (fill, (TASKS, TASKS, TASKS, LOGS)),
    "pending, more than a page": (lambda s: newer(s, "pending"), ()),
}


def verdicts(checkup: Checkup) -> dict[str, tuple[Level, str, bool]]:
    return {check.name: (check.level, check.text, check.answered) for check in checkup.checks}


def let_ask_singly(driven: Driven, singly: bool) -> None:
    """Leave the function alone, as if it had just failed; or not."""
    driven.parts.readings._overview._again_at = math.inf if singly else 0.0


async def looked(driven: Driven, *, singly: bool) -> dict[str, tuple[Level, str, bool]]:
    let_ask_singly(driven, singly)
    found = verdicts(await driven.monitor.check())
    assert driven.parts.checks.refreshed is not singly
    return found


def asked(between: Wire, *what: str) -> list[str]:
    return [one for one in between.seen if any(word in one for word in what)]


@pytest.mark.parametrize("account", ["service_role", "master", "viewer"])
async def test_the_verdicts_are_the_same(account: str, sandbox: Running, tmp_path: Path) -> None:
    few = script("stats", Shape(sandbox.shape)).replace("50000", "100")
    with lenient(sandbox), function(sandbox, few):
        async with wire(sandbox.url) as between:
            driven = await Driven.as_(
                account, sandbox, tmp_path, url=between.url, observe=True, watch=PATIENT, timed=False
            ).begin()
            for name, (put, read_beside) in ROWS.items():
                sandbox.reset()
                driven.parts.backend.visibility._shown.clear()
                driven.parts.backend.visibility._looked.clear()
                agents_write_logs(sandbox)
                put(sandbox)
                await driven.monitor.refresh(everything=True)
                singly = await looked(driven, singly=True)
                between.seen.clear()
                at_once = await looked(driven, singly=False)
                assert at_once == singly, name
                assert len(asked(between, OVERVIEW)) == 1, name
                if account == "service_role":
                    beside = [one.partition("?")[0].rpartition("/")[2] for one in asked(between, "/v1/autonomous_")]
                    assert sorted(beside) == sorted(read_beside), name
            await driven.monitor.close()


@ONE_SHAPE
async def test_of_another_window_the_rate_is_asked_by_itself(sandbox: Running, tmp_path: Path) -> None:
    failures(sandbox, 20, "now() - interval '3 hours'")
    with function(sandbox):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
        msgspec.structs.force_setattr(driven.parts.config.failures, "window_h", 1.0)
        try:
            assert (await looked(driven, singly=False))["failure_rate"][0] is Level.OK
        finally:
            msgspec.structs.force_setattr(driven.parts.config.failures, "window_h", 24.0)
        assert (await looked(driven, singly=False))["failure_rate"][0] is Level.CRITICAL
        await driven.monitor.close()


@ONE_SHAPE
async def test_of_very_many_that_run_each_is_looked_at_by_itself(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.backend.reads.overview, "MOST_RUNNING", 2)
    with function(sandbox, script("stats", Shape(sandbox.shape)).replace("LIMIT 1000 + 1", "LIMIT 2 + 1")):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
        for tasks in (2, 5):
            sandbox.reset()
            running(sandbox, tasks)
            assert (await looked(driven, singly=False))["stuck_tasks"][1] == f"none of {tasks} running"
        await driven.monitor.close()


@ONE_SHAPE
async def test_it_is_measured_now_and_refreshes_the_panels(sandbox: Running, tmp_path: Path) -> None:
    with function(sandbox):
        async with wire(sandbox.url) as between:
            driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
            running(sandbox, 2)
            between.seen.clear()
            checkup = await driven.monitor.check()
            assert checkup.of("stuck_tasks").text == "none of 2 running"
            snapshot = driven.monitor.snapshot
            assert snapshot.tasks.counts.value is not None
            assert snapshot.tasks.counts.value.of("in_progress") == 2
            assert len(snapshot.tasks.newest.value or ()) == 2
            assert len(between.seen) == 2, between.seen  # that, and the agents' function
            await driven.monitor.close()


@ONE_SHAPE
async def test_all_of_it_now_is_one_question(sandbox: Running, tmp_path: Path) -> None:
    with function(sandbox):
        async with wire(sandbox.url) as between:
            driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
            running(sandbox, 2)
            between.seen.clear()
            await driven.monitor.check_now()
            assert len(asked(between, OVERVIEW)) == 1, between.seen
            counts = driven.monitor.snapshot.tasks.counts.value
            assert counts is not None
            assert counts.of("in_progress") == 2
            let_ask_singly(driven, singly=True)
            between.seen.clear()
            await driven.monitor.check_now()
            assert not asked(between, OVERVIEW)
            assert asked(between, "autonomous_system_config", "autonomous_tasks")
            await driven.monitor.close()


async def test_the_next_refresh_is_due_a_period_after_the_check_that_was_one(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with function(sandbox):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
        scheduler, clock, paused = driven.scheduler, driven.clock, list[float]()

        async def wait(_: asyncio.Event, pause: float) -> bool:
            paused.append(pause)
            if len(paused) == 1:
                clock.advance(2)
                scheduler.next_check = clock.elapsed()
                await scheduler._watch_turn()
                clock.advance(3)
            else:
                clock.advance(pause)
            return False

        monkeypatch.setattr(scheduler, "_wait", wait)
        await scheduler._refresh_turn()
        assert paused[0] == pytest.approx(5)
        assert paused[1] <= 0  # the check was due
        assert paused[2:] == [pytest.approx(2)]
        await driven.monitor.close()


@ONE_SHAPE
async def test_where_the_function_fails_each_is_asked_by_itself(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(2)
    with function(sandbox):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
        expected = await looked(driven, singly=True)
        for failing in FAILING.keys() - {"it takes too long"}:
            sandbox.sql(FAILING[failing]) if FAILING[failing] else dropped(sandbox)
            let_ask_singly(driven, False)
            found = verdicts(await driven.monitor.check())
            assert not driven.parts.checks.refreshed, failing
            assert found == expected, failing
            assert driven.monitor.snapshot.tasks.newest.live  # what was known is not taken back
        await driven.monitor.close()


@ONE_SHAPE
async def test_one_that_hangs_is_not_waited_for_and_its_answer_is_taken_when_it_comes(
    sandbox: Running, tmp_path: Path
) -> None:
    with function(sandbox):
        async with wire(sandbox.url) as between:
            long: dict[str, Any] = {"limits": RequestLimits(request_s=60.0), "refresh": RefreshRules(total_s=60.0)}
            rules = WatchRules(limit_s=8.0, probe_s=7.0)
            driven = Driven(between.url, sandbox.service_key, tmp_path, observe=True, watch=rules, **long)
            await driven.begin()
            driven.parts.readings._overview.took_s = 0.0
            held = between.holds[OVERVIEW] = asyncio.Event()
            checkup = await driven.monitor.check()
            assert checkup.of("database").text == "answers"
            assert asked(between, "select=id&limit=1")
            assert not driven.parts.checks.refreshed
            sandbox.stuck(2)
            held.set()
            async with asyncio.timeout(60):
                while len(driven.monitor.snapshot.tasks.newest.value or ()) < 2:
                    await asyncio.sleep(0.01)
            await driven.monitor.close()


@ONE_SHAPE
async def test_a_database_that_hangs_is_proven_down_all_the_same(sandbox: Running, tmp_path: Path) -> None:
    with function(sandbox):
        async with wire(sandbox.url) as between:
            driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
            assert driven.parts.readings.tells_at_once(math.inf)
            rules = driven.parts.config.watch
            for name, seconds in SLOW.items():
                msgspec.structs.force_setattr(rules, name, seconds)
            try:
                between.acts["/"] = hang
                database = (await driven.monitor.check()).of("database")
                assert (database.level, database.text[:15]) == (Level.WARNING, "slow: connected")
                async with asyncio.timeout(60):
                    while driven.parts.checks.asking:
                        await asyncio.sleep(0.01)
                assert driven.parts.connection.down
                await driven.monitor.close()
            finally:
                for name in SLOW:
                    msgspec.structs.force_setattr(rules, name, getattr(WatchRules(limit_s=60, probe_s=50), name))


@ONE_SHAPE
async def test_what_is_in_question_is_asked_by_itself(sandbox: Running, tmp_path: Path) -> None:
    """A breaker of what checks read closes by an answer to just that."""
    with function(sandbox):
        async with wire(sandbox.url) as between:
            driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
            await looked(driven, singly=False)
            breaker = driven.parts.breakers.get(DATABASE_PROBE)
            for _ in range(5):
                breaker.report_unasked(breaker.watch(), Counts.FAILURE)
            assert breaker.state is not BreakerState.CLOSED
            between.seen.clear()
            await driven.monitor.check()
            assert not asked(between, OVERVIEW)
            assert breaker.state is BreakerState.CLOSED
            await looked(driven, singly=False)
            driven.parts.readings._overview.took_s = PATIENT.limit_s  # it was too slow to be waited for
            between.seen.clear()
            await driven.monitor.check()
            assert not asked(between, OVERVIEW)
            await driven.monitor.close()


@ONE_SHAPE
async def test_an_unforeseen_failure_of_it_is_no_checks(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(**_: Any) -> None:
        raise OverflowError("nobody foresaw this")

    with function(sandbox):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True, watch=PATIENT).begin()
        expected = await looked(driven, singly=True)
        let_ask_singly(driven, False)
        monkeypatch.setattr(driven.parts.readings, "_ask_at_once", broken)
        assert verdicts(await driven.monitor.check()) == expected
        await driven.monitor.close()


@ONE_SHAPE
async def test_what_a_check_proves_down_is_last_known_before_any_refresh_has_failed(
    sandbox: Running, tmp_path: Path
) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    driven.scheduler.ready = True
    await driven.monitor.refresh(everything=True)
    driven.monitor._publish()
    assert driven.monitor.snapshot.tasks.success_24h.live
    sandbox.fault("database_down", True)
    checkup = await driven.monitor.check()
    driven.monitor._publish()
    shown = driven.monitor.snapshot
    assert checkup.of("database").level is Level.CRITICAL
    assert driven.parts.readings.values["success_24h"].live, "no refresh has failed yet"
    assert shown.link.word is LinkWord.OFFLINE
    readings = (shown.config, shown.logs, shown.tasks.counts, shown.tasks.success_24h, shown.tasks.last_completed_at)
    assert [one.source for one in readings] == [Source.CACHED] * 5
    assert shown.degradation.level is DegradationLevel.SEVERE
    assert "severe degradation" in " ".join(event.text for event in shown.events)
    sandbox.fault("database_down", False)
    driven.scheduler.ready = False
    await driven.monitor.close()
