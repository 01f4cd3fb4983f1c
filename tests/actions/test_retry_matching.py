"""All failed tasks that match, sent back: frozen by their ids, each only if it is the failure of then; both shapes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import core.actions.retry_matching
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.retry_matching import RETRY_MATCHING
from core.backend.client import RequestLimits
from core.backend.target import Target
from core.domain.actions import ResultPhase, must_type
from core.monitor import Config, Monitor, Places
from core.resilience import NotLive
from tests.hostile import HOSTILE
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, answer, hang, wire

TASKS, LOGS = "/rest/v1/autonomous_tasks", "/rest/v1/autonomous_execution_logs"
FAILED = ("status:failed",)


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


@pytest.fixture
async def monitor(sandbox: Running, between: Wire, tmp_path: Path) -> AsyncIterator[Monitor]:
    config = Config(target=Target(name="probe", url=between.url, key=sandbox.service_key))
    one = Monitor(config, places=Places.within(tmp_path))
    await one.discover()
    yield one
    await one.close()


def fail(sandbox: Running, count: int, words: str = "broken", error: str = "boom") -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, error_message, started_at, completed_at)"
        " SELECT %s || ' ' || i, 'failed', %s, now() - interval '2 hours', now() - interval '1 hour'"
        f" FROM generate_series(1, {count}) AS i",
        words,
        error,
    )


def statuses(sandbox: Running) -> dict[str, int]:
    return dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))


def audit(sandbox: Running) -> list[Any]:
    return sandbox.sql(
        "SELECT step_status, input_data, output_data FROM autonomous_execution_logs"
        f" WHERE input_data->>'order' = 'retry_matching' ORDER BY {sandbox.time_column}, step_status DESC"
    )


def patches(between: Wire) -> int:
    return sum(line.startswith(f"PATCH {TASKS}") for line in between.seen)


async def test_what_matches_goes_back_and_nothing_else(sandbox: Running, between: Wire, monitor: Monitor) -> None:
    fail(sandbox, 250)
    fail(sandbox, 7, "other")
    sandbox.completed(3)
    sandbox.stuck(2)
    before = sandbox.sql("SELECT * FROM autonomous_tasks WHERE description NOT LIKE 'broken%%' ORDER BY id")
    plan = await monitor.plan(RETRY_MATCHING, tasks=("BROKEN",))
    assert (plan.rows, plan.more, plan.refused) == (250, False, "")
    assert plan.text == "250 tasks back to pending: status:failed BROKEN"
    told: list[tuple[str, int, int]] = []
    result = await monitor.run(
        RETRY_MATCHING, plan, reason="the network was down", progress=lambda *now: told.append(now)
    )
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, "250 changed, 0 skipped, 0 refused")
    assert (result.planned, result.changed, result.skipped, result.refused) == (250, 250, 0, 0)
    assert told == [("Failed tasks", done, 250) for done in (100, 200, 250)]
    assert patches(between) == 3
    again = sandbox.sql("SELECT * FROM autonomous_tasks WHERE description NOT LIKE 'broken%%' ORDER BY id")
    assert again == before
    fresh = "SELECT DISTINCT status, error_message, started_at, completed_at FROM autonomous_tasks"
    assert sandbox.sql(f"{fresh} WHERE description LIKE 'broken%%'") == [("pending", None, None, None)]


async def test_the_reason_is_in_the_audit_and_in_the_journal(sandbox: Running, monitor: Monitor) -> None:
    fail(sandbox, 3)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    result = await monitor.run(RETRY_MATCHING, plan, reason=f"  down {HOSTILE['OSC 52 writes the clipboard']} ")
    started, ended = audit(sandbox)
    assert [started[0], ended[0]] == ["started", "completed"]
    assert started[1]["run"] == ended[1]["run"] == result.run
    kept = started[1]["plan"]
    assert kept["reason"] == ended[2]["reason"] == "down ␛]52;c;ZXZpbA==␇"
    assert (kept["filter"], kept["tasks"], set(kept["ids"])) == ("status:failed", 3, set(plan.ids))
    assert set(ended[2]["ids"]) == set(plan.ids)
    assert ended[2]["text"] == result.text
    newest = monitor.snapshot.events[0]
    assert newest.text == f"retry matching: {result.text} (down ␛]52;c;ZXZpbA==␇)"


@ONE_SHAPE
async def test_without_a_reason_nothing_is_changed(sandbox: Running, monitor: Monitor) -> None:
    fail(sandbox, 2)
    for reason in ("", "   ", "\n\t"):
        result = await monitor.run(RETRY_MATCHING, await monitor.plan(RETRY_MATCHING, tasks=FAILED), reason=reason)
        assert (result.phase, result.text) == (
            ResultPhase.REFUSED,
            "nothing was changed: a reason is required, for the audit trail",
        ), reason
    assert statuses(sandbox) == {"failed": 2}
    assert audit(sandbox) == []


@ONE_SHAPE
async def test_what_matches_nothing_or_cannot_be_meant_changes_nothing(sandbox: Running, monitor: Monitor) -> None:
    sandbox.completed(2)
    for tasks, why in (
        (("type:bug_fix",), "no matching failed task is visible to this account"),
        (("status:completed",), "only tasks that are failed can be retried"),
        ((), "name tasks by their ids, or by a filter such as status:failed"),
        (("since:never",), "since:never is no time: 03:10, yesterday 22:00, 2026-11-24 03:10 or 2h ago"),
    ):
        plan = await monitor.plan(RETRY_MATCHING, tasks=tasks)
        assert (plan.rows, plan.text) == (0, why)
        result = await monitor.run(RETRY_MATCHING, plan, reason="why not")
        phase = ResultPhase.UNCHANGED if "matching" in why else ResultPhase.REFUSED
        assert (result.phase, result.text) == (phase, why)
    assert statuses(sandbox) == {"completed": 2}


@ONE_SHAPE
async def test_more_than_fifty_want_the_projects_name(sandbox: Running, monitor: Monitor) -> None:
    fail(sandbox, 51)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    assert must_type(RETRY_MATCHING, plan.rows, "prod") == "prod"
    assert must_type(RETRY_MATCHING, 50, "prod") is None


@ONE_SHAPE
async def test_so_many_are_taken_and_the_rest_is_said(
    sandbox: Running, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as its audit row names, a page and a batch are less than."""
    assert core.actions.retry_matching.MOST_ROWS == 10_000
    monkeypatch.setattr(core.actions.retry_matching, "MOST_ROWS", 1_150)
    fail(sandbox, 1_151)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    assert (plan.rows, len(set(plan.ids)), plan.more) == (1_150, 1_150, True)
    assert "more match: one run takes 1,150, run it again for the rest" in plan.text
    result = await monitor.run(RETRY_MATCHING, plan, reason="all of them")
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, "1,150 changed, 0 skipped, 0 refused")
    assert statuses(sandbox) == {"failed": 1, "pending": 1_150}
    assert len(audit(sandbox)[0][1]["plan"]["ids"]) == len(audit(sandbox)[1][2]["ids"]) == 1000
    rest = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    assert (rest.rows, rest.more) == (1, False)


MEANWHILE = {
    "failed again": "status = 'failed', completed_at = now(), error_message = 'again'",
    "was retried": "status = 'pending', completed_at = NULL, started_at = NULL, error_message = NULL",
    "runs again": "status = 'in_progress', completed_at = NULL, started_at = now(), error_message = NULL",
    "completed": "status = 'completed', completed_at = now()",
    "was rejected": "status = 'rejected'",
}


async def test_what_changed_since_it_was_frozen_is_left_alone(sandbox: Running, monitor: Monitor) -> None:
    fail(sandbox, 2)
    for case in MEANWHILE:
        fail(sandbox, 1, case)
    fail(sandbox, 1, "deleted")
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    for case, change in MEANWHILE.items():
        sandbox.sql(f"UPDATE autonomous_tasks SET {change} WHERE description = %s", f"{case} 1")
    sandbox.sql("DELETE FROM autonomous_tasks WHERE description = 'deleted 1'")
    fail(sandbox, 1, "new")
    changed = "SELECT * FROM autonomous_tasks WHERE description NOT LIKE 'broken %%' ORDER BY description"
    before = sandbox.sql(changed)
    assert len(before) == len(MEANWHILE) + 1
    result = await monitor.run(RETRY_MATCHING, plan, reason="try again")
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, "2 changed, 6 skipped, 0 refused")
    assert sandbox.sql(changed) == before


async def test_a_failure_of_just_now_and_one_without_its_time_go_back_too(sandbox: Running, monitor: Monitor) -> None:
    fail(sandbox, 3)
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now() WHERE description = 'broken 1'")
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = NULL WHERE description = 'broken 2'")
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now() + interval '2 h' WHERE description = 'broken 3'")
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    result = await monitor.run(RETRY_MATCHING, plan, reason="try again")
    # What says that it failed in the future cannot be told from a failure after the freeze.
    assert result.text == "2 changed, 1 skipped, 0 refused"
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = 'infinity' WHERE description = 'broken 3'")
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    assert (await monitor.run(RETRY_MATCHING, plan, reason="try again")).changed == 1


@contextlib.contextmanager
def read_by_all(sandbox: Running) -> Iterator[None]:
    """Everybody signed in reads the tasks, and only who could before writes them."""
    sandbox.sql("CREATE POLICY seen ON autonomous_tasks FOR SELECT USING (true)")
    try:
        yield
    finally:
        sandbox.sql("DROP POLICY seen ON autonomous_tasks")


async def test_who_may_not_write_is_told_so_row_by_row(sandbox: Running, tmp_path: Path) -> None:
    fail(sandbox, 120)
    target = Target(
        name="probe",
        url=sandbox.url,
        key=sandbox.publishable_key,
        email=sandbox.info["viewer"],
        password=sandbox.info["viewer_password"],
    )
    monitor = Monitor(Config(target=target), places=Places.within(tmp_path))
    if sandbox.shape == "documented":
        with pytest.raises(NotLive, match="no row of autonomous_tasks is visible"):
            await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    with read_by_all(sandbox):
        plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
        sandbox.sql("UPDATE autonomous_tasks SET status = 'completed' WHERE description = 'broken 7'")
        result = await monitor.run(RETRY_MATCHING, plan, reason="may I?")
    await monitor.close()
    if sandbox.shape == "deployed":  # its policies let everybody write
        assert (result.phase, result.text) == (ResultPhase.VERIFIED, "119 changed, 1 skipped, 0 refused")
        return
    assert result.phase is ResultPhase.REFUSED
    assert result.text.startswith("0 changed, 1 skipped, 119 refused; this account may not change the refused rows")
    assert statuses(sandbox) == {"failed": 119, "completed": 1}
    assert [row[0] for row in audit(sandbox)] == ["started", "failed"]


async def test_a_lost_answer_is_read_back_and_not_repeated(sandbox: Running, between: Wire, monitor: Monitor) -> None:
    fail(sandbox, 150)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now(), error_message = 'again' WHERE id = %s", plan.ids[5])
    between.lost = [f"PATCH {TASKS}"]
    result = await monitor.run(RETRY_MATCHING, plan, reason="losing answers")
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, "149 changed, 1 skipped, 0 refused")
    assert patches(between) == 2  # one for each batch
    assert statuses(sandbox) == {"failed": 1, "pending": 149}


@ONE_SHAPE
async def test_a_batch_that_was_not_carried_out_ends_the_order(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    fail(sandbox, 250)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    gone = answer(b'{"code": "PGRST001", "message": "no connection"}', "503 Service Unavailable")

    def second(_title: str, done: int, _of: int) -> None:
        if done == 100:
            between.once = [(TASKS, gone)]

    result = await monitor.run(RETRY_MATCHING, plan, reason="it comes and goes", progress=second)
    assert result.phase is ResultPhase.PARTLY
    assert result.text == "100 changed, 0 skipped, 0 refused; Failed tasks: the API lost its database"
    assert statuses(sandbox) == {"failed": 150, "pending": 100}
    assert [row[0] for row in audit(sandbox)] == ["started", "failed"]


@ONE_SHAPE
async def test_an_outcome_that_cannot_be_read_back_is_not_known(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    fail(sandbox, 150)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    monitor.parts.backend.limits = RequestLimits(request_s=1.0)
    between.acts[TASKS] = hang
    result = await monitor.run(RETRY_MATCHING, plan, reason="silence")
    assert result.phase is ResultPhase.UNKNOWN
    assert result.text.startswith("0 changed, 0 skipped, 0 refused; 100 with unknown outcome (response lost)")


@ONE_SHAPE
async def test_halted_between_batches_it_says_how_far_it_came(sandbox: Running, monitor: Monitor) -> None:
    fail(sandbox, 250)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    reached: list[int] = []
    result = await monitor.run(
        RETRY_MATCHING,
        plan,
        reason="half of it",
        progress=lambda _title, done, _of: reached.append(done),
        go_on=lambda: "interrupted" if reached else "",
    )
    assert result.phase is ResultPhase.PARTLY
    assert result.text == "100 changed, 0 skipped, 0 refused; halted: interrupted"
    assert statuses(sandbox) == {"failed": 150, "pending": 100}
    rest = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    assert (await monitor.run(RETRY_MATCHING, rest, reason="the rest")).text == "150 changed, 0 skipped, 0 refused"


@ONE_SHAPE
async def test_an_emergency_stop_ends_it_after_its_batch(sandbox: Running, monitor: Monitor) -> None:
    fail(sandbox, 250)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    stops: list[asyncio.Task[Any]] = []

    def stop(_title: str, done: int, _of: int) -> None:
        if done == 100:
            stops.append(asyncio.create_task(monitor.run(EMERGENCY_STOP, reason="enough")))

    result = await monitor.run(RETRY_MATCHING, plan, reason="too much", progress=stop)
    stopped = await stops[0]
    assert stopped.phase is ResultPhase.VERIFIED
    assert result.phase is ResultPhase.PARTLY
    assert result.text.endswith("halted: an emergency stop was requested")
    assert statuses(sandbox).get("failed", 0) > 0
    assert sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE status = 'pending'")[0][0] <= 100


@ONE_SHAPE
async def test_without_its_audit_row_nothing_is_changed(sandbox: Running, between: Wire, monitor: Monitor) -> None:
    fail(sandbox, 2)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    between.acts[LOGS] = answer(b'{"code": "42501", "message": "no"}', "403 Forbidden")
    result = await monitor.run(RETRY_MATCHING, plan, reason="unwritten")
    assert result.phase is ResultPhase.REFUSED
    assert result.text.startswith("nothing was changed, the audit row could not be written: no: ")
    assert statuses(sandbox) == {"failed": 2}


@ONE_SHAPE
async def test_observing_it_is_refused_and_with_nobody_there_it_is_not_planned(
    sandbox: Running, tmp_path: Path
) -> None:
    fail(sandbox, 1)
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    observer = Monitor(Config(target=target, observe=True), places=Places.within(tmp_path))
    plan = await observer.plan(RETRY_MATCHING, tasks=FAILED)
    result = await observer.run(RETRY_MATCHING, plan, reason="only looking")
    assert (result.phase, statuses(sandbox)) == (ResultPhase.REFUSED, {"failed": 1})
    await observer.close()
    nobody = Target(name="probe", url="http://127.0.0.1:9", key="sb_secret_x")
    alone = Monitor(Config(target=nobody), places=Places.within(tmp_path / "alone"))
    with pytest.raises(NotLive):
        await alone.plan(RETRY_MATCHING, tasks=FAILED)
    await alone.close()


@ONE_SHAPE
@pytest.mark.parametrize("held", [f"{TASKS}?id=in", TASKS], ids=["its write", "all that is asked of tasks"])
async def test_a_stop_within_its_batch_ends_it_after_that_batch(
    held: str, sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    fail(sandbox, 250)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)
    monitor.parts.backend.limits = RequestLimits(request_s=60.0, probe_s=60.0)
    go_on = between.holds[held] = asyncio.Event()
    retrying = asyncio.create_task(monitor.run(RETRY_MATCHING, plan, reason="why"))
    async with asyncio.timeout(60):
        while not patches(between):
            await asyncio.sleep(0.01)
    between.holds.clear()  # what is under way is held, and nothing else
    stopping = asyncio.create_task(monitor.run(EMERGENCY_STOP, reason="burning"))
    while not monitor.parts.runner._stops:
        await asyncio.sleep(0)
    go_on.set()
    stopped, result = await stopping, await retrying
    assert stopped.done
    assert result.changed <= 100
    assert result.text.endswith("halted: an emergency stop was requested")
    assert statuses(sandbox)["failed"] == 150


@ONE_SHAPE
async def test_who_shows_how_far_it_has_come_and_fails_does_not_break_it_off(
    sandbox: Running, monitor: Monitor
) -> None:
    fail(sandbox, 250)
    plan = await monitor.plan(RETRY_MATCHING, tasks=FAILED)

    def gone(*_: object) -> None:
        raise RuntimeError("the dialog is gone")

    result = await monitor.run(RETRY_MATCHING, plan, reason="the network was down", progress=gone)
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 250)
