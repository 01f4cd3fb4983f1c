"""The agents at work: tasks come in, are started, log their steps, complete or fail; faults make agents misbehave.

In dry-run they behave as the real ones do: every task is marked completed, and nothing is done.
"""

import asyncio
import contextlib
import random
import uuid
from collections.abc import Callable
from typing import Any, Final

import psycopg
import psycopg.types.json

from core.sandbox.workload.stories import ERRORS, STORIES

_TICK_S: Final = 1.0
_BACK_OFF_S: Final = 1.0
_QUEUE: Final = 12
"""The number of waiting tasks above which no more are created."""

_FAILED: Final = 0.04
_STORM: Final = 0.9
_STORM_AT_MOST_S: Final = 4.0
"""The longest duration of work that fails, seconds."""
_STUCK_AT_MOST: Final = 4
_PARALLEL: Final = 3
"""The most tasks at work where the config row has no value."""

_TAKE: Final = """
UPDATE autonomous_tasks SET status = 'in_progress', started_at = now(), assigned_to = %s
WHERE id = (SELECT id FROM autonomous_tasks WHERE status = 'pending' AND requires_approval IS NOT TRUE
            ORDER BY priority DESC, created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
_SET_ASIDE: Final = """
UPDATE autonomous_tasks SET status = 'awaiting_review' WHERE status = 'pending' AND requires_approval
"""
_END: Final = """
UPDATE autonomous_tasks SET status = %s, error_message = %s, result = coalesce(%s, result), completed_at = now()
WHERE id = %s AND status = 'in_progress' RETURNING started_at
"""
_FREEZE: Final = """
UPDATE autonomous_tasks SET started_at = now() - interval '2 hours'
WHERE id = %s AND status = 'in_progress'
"""
_AGE_LOGS: Final = "UPDATE autonomous_execution_logs SET {time} = now() - interval '2 hours' WHERE task_id = %s"
_LOG: Final = """
INSERT INTO autonomous_execution_logs
  (id, task_id, execution_step, step_status, duration_ms, error_data, agent_version, environment)
VALUES (%s, %s, %s, %s, %s, %s, 'fleet-4', %s)
"""


class Fleet:
    """A few agents on one connection; `step` is one tick."""

    def __init__(self, shape: str, is_on: Callable[[str], bool], rng: random.Random) -> None:
        self._is_on = is_on
        self._rng = rng
        self._running: dict[uuid.UUID, float] = {}
        self._frozen: set[uuid.UUID] = set()
        self._pretended: set[uuid.UUID] = set()
        self._age_logs = _AGE_LOGS.format(time='"timestamp"' if shape == "deployed" else "created_at")

    async def step(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Let one tick of time pass."""
        query = "SELECT enabled, emergency_stop, max_parallel_tasks, dry_run_mode FROM autonomous_system_config LIMIT 1"
        config = await (await connection.execute(query)).fetchone()
        at_work = config is not None and config[0] and not config[1]
        if config is not None and config[1]:
            self._running.clear()
        await self._file(connection)
        if at_work and config is not None:
            await connection.execute(_SET_ASIDE)
            await self._take_up(connection, _PARALLEL if config[2] is None else config[2], dry_run=bool(config[3]))
        if self._is_on("stuck_tasks"):
            await self._freeze(connection)
        await self._work(connection)

    async def _file(self, connection: psycopg.AsyncConnection[Any]) -> None:
        query = "SELECT count(*) FROM autonomous_tasks WHERE status = 'pending'"
        row = await (await connection.execute(query)).fetchone()
        if row is None or row[0] >= _QUEUE or self._rng.random() > 0.35:
            return
        kind = self._rng.choice(list(STORIES))
        await connection.execute(
            "INSERT INTO autonomous_tasks (task_type, description, priority, estimated_duration_minutes)"
            " VALUES (%s, %s, %s, 1)",
            (kind, self._rng.choice(STORIES[kind]), self._rng.randint(1, 9)),
        )

    async def _take_up(self, connection: psycopg.AsyncConnection[Any], parallel: int, *, dry_run: bool) -> None:
        if len(self._running) >= parallel or self._rng.random() > 0.6:
            return
        agent = f"agent-{self._rng.randint(1, parallel)}"
        row = await (await connection.execute(_TAKE, (agent,))).fetchone()
        if row is not None:
            self._running[row[0]] = self._rng.uniform(5, 40)
            if dry_run:
                self._pretended.add(row[0])
            await self._log(connection, row[0], "task_started", "started")

    async def _freeze(self, connection: psycopg.AsyncConnection[Any]) -> None:
        if not self._running or len(self._frozen) >= _STUCK_AT_MOST:
            return
        task = next(iter(self._running))
        del self._running[task]
        self._frozen.add(task)
        await connection.execute(_FREEZE, (task,))
        await connection.execute(self._age_logs, (task,))

    async def _work(self, connection: psycopg.AsyncConnection[Any]) -> None:
        if not self._is_on("stuck_tasks"):
            self._frozen.clear()
        storm = self._is_on("failure_storm")
        for task in list(self._running):
            self._running[task] -= _TICK_S
            if storm:
                self._running[task] = min(self._running[task], _STORM_AT_MOST_S)
            if self._running[task] > 0:
                continue
            del self._running[task]
            pretended = task in self._pretended
            failed = not pretended and self._rng.random() < (_STORM if storm else _FAILED)
            status, error = ("failed", self._rng.choice(ERRORS)) if failed else ("completed", None)
            said = "DRY RUN: nothing was done" if pretended else None if failed else {"message": "done by the sandbox"}
            result = None if said is None else psycopg.types.json.Jsonb(said)
            row = await (await connection.execute(_END, (status, error, result, task))).fetchone()
            if row is not None:
                await self._log(connection, task, f"task_{status}", status, error)
            self._pretended.discard(task)

    async def _log(  # one row of a task's story
        self,
        connection: psycopg.AsyncConnection[Any],
        task: uuid.UUID,
        step: str,
        status: str,
        error: str | None = None,
    ) -> None:
        told = psycopg.types.json.Jsonb({"message": error}) if error else None
        environment = "dry_run" if task in self._pretended else "production"
        duration = None if status == "started" else round(self._rng.uniform(5_000, 40_000))
        await connection.execute(_LOG, (uuid.uuid4(), task, step, status, duration, told, environment))


async def run_workload(
    dsn: str, shape: str, is_on: Callable[[str], bool], stop: asyncio.Event, *, seed: int | None = None
) -> None:
    """Run the fleet until `stop`. Waits for a database that goes away."""
    fleet = Fleet(shape, is_on, random.Random(seed))
    while not stop.is_set():
        try:
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=3) as connection:
                while not await _stopped(stop, _TICK_S):
                    await fleet.step(connection)
        except psycopg.Error:
            await _stopped(stop, _BACK_OFF_S)


async def _stopped(stop: asyncio.Event, within_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await stop.wait()
    return stop.is_set()
