"""Commands killed, or interrupted, between their writes by the system itself, and given once more."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator

import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.wire import Wire, wire


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


def statuses(sandbox: Running) -> dict[str, int]:
    return dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))


def audited(sandbox: Running, order: str) -> list[str]:
    """The audit rows of an order, the oldest first."""
    query = "SELECT step_status FROM autonomous_execution_logs WHERE input_data->>'order' = %s"
    return [row[0] for row in sandbox.sql(f"{query} ORDER BY {sandbox.time_column}, step_status DESC", order)]


def runs(sandbox: Running, order: str) -> int:
    query = "SELECT count(DISTINCT input_data->>'run') FROM autonomous_execution_logs WHERE input_data->>'order' = %s"
    return int(sandbox.sql(query, order)[0][0])


async def killed(command: Command, sandbox: Running, between: Wire, number: int, at: int, *words: str) -> int:
    """The exit code of a command that is sent signal `number` as its write of number `at` has arrived."""
    between.writes, between.end_at = 0, at
    nothing = os.open(os.devnull, os.O_RDWR)
    process = command.start(words, [nothing] * 3, sandbox, SUPABASE_URL=between.url)
    os.close(nothing)
    between.ended = lambda: process.send_signal(number)
    code = await asyncio.to_thread(process.wait)
    between.end_at = 0
    return code


async def again(command: Command, sandbox: Running, *words: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(command, *words, sandbox=sandbox)


def pending(sandbox: Running, count: int) -> None:
    sandbox.sql(f"INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, {count})")


@ONE_SHAPE
async def test_a_stop_killed_between_the_flag_and_the_rejection_is_gone_on_with_under_its_run(
    sandbox: Running, between: Wire, command: Command
) -> None:
    pending(sandbox, 30)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, started_at) VALUES ('r', 'in_progress', now())")
    words = ("stop", "--reason", "fire", "--yes")
    at = 2
    while not sandbox.sql("SELECT emergency_stop FROM autonomous_system_config")[0][0]:
        assert await killed(command, sandbox, between, signal.SIGKILL, at, *words) == -signal.SIGKILL
        at += 1
    assert statuses(sandbox) == {"pending": 30, "in_progress": 1}
    run = runs(sandbox, "emergency_stop")
    done = await again(command, sandbox, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "already stopped; 31 tasks rejected" in done.stdout
    assert statuses(sandbox) == {"rejected": 31}
    assert runs(sandbox, "emergency_stop") == run
    assert audited(sandbox, "emergency_stop")[-1] == "completed"
    back = await again(command, sandbox, "resume", "--requeue", "--yes")
    assert back.returncode == 0, back
    assert statuses(sandbox) == {"pending": 30, "rejected": 1}


@ONE_SHAPE
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_a_resume_broken_off_amid_its_requeue_is_offered_and_finished(
    number: int, sandbox: Running, between: Wire, command: Command
) -> None:
    pending(sandbox, 300)
    assert (await again(command, sandbox, "stop", "--reason", "r", "--yes")).returncode == 0
    writes = 5  # two audit rows and the flag, one audit row, the first hundred tasks
    await killed(command, sandbox, between, number, writes, "resume", "--requeue", "--yes")
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(False,)]
    assert statuses(sandbox) == {"pending": 100, "rejected": 200}
    told = await again(command, sandbox, "status")
    assert "200 tasks of the stop of " in told.stdout
    done = await again(command, sandbox, "resume", "--requeue", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no emergency stop is set; 200 of 200 tasks requeued" in done.stdout
    assert statuses(sandbox) == {"pending": 300}
    assert "still rejected" not in (await again(command, sandbox, "status")).stdout


@ONE_SHAPE
async def test_a_resume_without_its_tasks_says_that_they_are_still_rejected(sandbox: Running, command: Command) -> None:
    pending(sandbox, 3)
    await again(command, sandbox, "stop", "--reason", "r", "--yes")
    done = await again(command, sandbox, "resume", "--yes")
    said = "resumed (read back); 3 tasks still rejected: requeue them with watchdesk resume --requeue"
    assert (done.returncode, done.stdout.strip()) == (0, said)
    back = await again(command, sandbox, "resume", "--requeue", "--yes")
    assert (back.returncode, statuses(sandbox)) == (0, {"pending": 3})


@ONE_SHAPE
async def test_a_heal_that_was_killed_is_closed_by_the_next(sandbox: Running, between: Wire, command: Command) -> None:
    sandbox.stuck(150)
    await killed(command, sandbox, between, signal.SIGKILL, 2, "heal", "--yes")
    assert statuses(sandbox) == {"failed": 100, "in_progress": 50}
    assert audited(sandbox, "heal") == ["started"]
    done = await again(command, sandbox, "heal", "--yes")
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "50 changed (stuck tasks marked as failed: 50), 0 skipped, 0 refused",
    )
    assert statuses(sandbox) == {"failed": 150}
    assert sorted(audited(sandbox, "heal")) == ["completed", "failed", "started", "started"]
