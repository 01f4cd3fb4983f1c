"""What the agents' function answers is what is said of it: a refusal is no success, dry-run consumes what waits."""

from pathlib import Path

import msgspec
import pytest

from core.actions.dry_run import DRY_RUN_ON
from core.actions.run_pending import RUN_PENDING, PollAnswer, answer_of
from core.domain.actions import ResultPhase
from tests.actions.driving import Driven, Watchdog, audited, statuses
from tests.running import Command, Running
from tests.wire import answer, wire

POLL = "/functions/v1/ai-agent-poll"


def as_agent_caller(sandbox: Running, place: Path, **more: str) -> Driven:
    """A monitor that looks only, and may call functions."""
    return Watchdog.as_("service_role", sandbox, place, autonomous=False, **more)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"success": True, "processed": 3}, PollAnswer(processed=3)),
        ({"success": True, "results": [{}, {}]}, PollAnswer(processed=2)),
        (
            {
                "success": True,
                "results": [
                    *({"status": "completed", "dry_run": True}, {"status": "awaiting_review"}, {"status": 7}, "x"),
                    *({"status": "completed", "dry_run": True}, {"status": "completed", "dry_run": "yes"}),
                ],
            },
            PollAnswer(processed=6, became={"completed, only simulated": 2, "awaiting review": 1, "completed": 1}),
        ),
        ({"success": False, "message": "disabled"}, PollAnswer(refused=True, message="disabled")),
        ({"success": False, "error": "no"}, PollAnswer(refused=True, message="no")),
        ({"success": False}, PollAnswer(refused=True, message="the function reported that it did not succeed")),
        ({"success": True, "processed": -1}, PollAnswer()),
        ({"success": True, "processed": True}, PollAnswer()),
        ("ok", PollAnswer()),
        ([1], PollAnswer()),
        (None, PollAnswer()),
    ],
)
def test_what_an_answer_means(said: object, meant: PollAnswer) -> None:
    assert answer_of(said) == meant
    assert answer_of(msgspec.json.encode(said)) == meant


def test_what_is_no_json_says_only_that_it_came() -> None:
    assert answer_of(b"\xff{") == PollAnswer()


async def test_a_function_that_refuses_is_not_called_done(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    sandbox.sql("UPDATE autonomous_system_config SET enabled = false")
    driven = await Watchdog(
        sandbox.url, sandbox.service_key, tmp_path, autonomous=False, function_key=sandbox.function_key
    ).begin()
    result = await driven.monitor.run(RUN_PENDING)
    await driven.monitor.close()
    assert result.phase is ResultPhase.REFUSED
    assert result.text.startswith("the agents' function refused: ")
    assert [status for _, status in audited(sandbox, "run_pending")] == ["started", "failed"]
    assert statuses(sandbox) == {"pending": 1}


async def test_an_answer_that_is_lost_is_not_known_and_not_repeated(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    async with wire(sandbox.url) as between:
        driven = await Watchdog(
            between.url, sandbox.service_key, tmp_path, autonomous=False, function_key=sandbox.function_key
        ).begin()
        between.lost = [f"POST {POLL}"]
        result = await driven.monitor.run(RUN_PENDING)
        await driven.monitor.close()
    assert result.phase is ResultPhase.UNKNOWN
    assert len([line for line in between.seen if line.startswith(f"POST {POLL}")]) == 1


async def test_an_error_of_the_function_is_a_failure(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        driven = await Watchdog(
            between.url, sandbox.service_key, tmp_path, autonomous=False, function_key=sandbox.function_key
        ).begin()
        between.acts[POLL] = answer(b'{"success": false, "error": "no model"}', "200 OK")
        result = await driven.monitor.run(RUN_PENDING)
        await driven.monitor.close()
    assert (result.phase, result.text) == (ResultPhase.REFUSED, "the agents' function refused: no model")


def test_in_dry_run_it_says_what_becomes_of_what_is_pending(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 2)")
    done = command("run", "--yes", sandbox=sandbox)
    assert done.returncode == 0
    assert "2 tasks processed" in done.stdout


async def test_the_plan_in_dry_run_names_how_many_it_consumes(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 2)")
    driven = await Watchdog(
        sandbox.url, sandbox.service_key, tmp_path, autonomous=False, function_key=sandbox.function_key
    ).begin()
    run, mode = await driven.monitor.plan(RUN_PENDING), await driven.monitor.plan(DRY_RUN_ON)
    await driven.monitor.close()
    assert run.notes == ("dry-run is on: the agents will mark up to 2 pending tasks as completed without doing them",)
    assert (mode.dry_run, mode.pending) == (True, 2)
