"""What others do to the same project: another tool's stop, another program's audit rows, tasks that wait."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

from tests.running import Running


def pending(sandbox: Running, count: int = 4) -> None:
    """Tasks that wait for an agent."""
    sandbox.sql(f"INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, {count})")


def flag(sandbox: Running) -> bool:
    """Whether a stop is set on any config row."""
    return bool(sandbox.sql("SELECT bool_or(emergency_stop) FROM autonomous_system_config")[0][0])


def stopped_elsewhere(sandbox: Running, reason: str = "theirs") -> None:
    """A stop that no audit row tells of."""
    sandbox.sql(
        "UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = %s, updated_at = now()",
        reason,
    )


def lifted_elsewhere(sandbox: Running) -> None:
    """A lift that no audit row tells of."""
    sandbox.sql(
        "UPDATE autonomous_system_config SET emergency_stop = false, emergency_stop_reason = NULL,"
        " emergency_stop_until = NULL, updated_at = now()"
    )


def dry_run_elsewhere(sandbox: Running) -> None:
    """A person turns dry-run on by hand."""
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = true, updated_at = now(), updated_by = 'a person'")


def begun(sandbox: Running, order: str, run: str = "", *, ago: str = "2 hours", **more: Any) -> None:
    """The first audit row of an order that nothing closed. `more` overrides what it tells."""
    told = {"order": order, "run": run or str(uuid.uuid4()), "by": "operator", "who": "operator x@h", "host": "h"}
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, {sandbox.time_column})"
        f" VALUES ('watchdog_healing', 'started', %s::jsonb, now() - interval '{ago}')",
        json.dumps(told | {"pid": None, "plan": {}} | more),
    )


def failed_task(sandbox: Running, completed_at: str = "now() - interval '1 hour'") -> str:
    """A task that failed, by its id."""
    ((task,),) = sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at)"
        f" VALUES ('f', 'failed', {completed_at}) RETURNING id"
    )
    return str(task)


async def functions_seen(sandbox: Running) -> None:
    """Return once the gateway knows the functions as they are now: it knows one that was made last, too."""
    mark = f"seen_{uuid.uuid4().hex}"
    sandbox.sql(f"CREATE FUNCTION {mark}() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    try:
        async with asyncio.timeout(60):
            while (await asyncio.to_thread(sandbox.rest, f"rpc/{mark}", "POST", json={})).status_code != 200:
                await asyncio.sleep(0.01)
    finally:
        sandbox.sql(f"DROP FUNCTION {mark}()")


@contextlib.asynccontextmanager
async def without_the_stop_function(sandbox: Running) -> AsyncIterator[None]:
    """The project's own stop function is gone: each task is rejected by a write of ours."""
    sandbox.sql("ALTER FUNCTION emergency_stop_autonomous_system RENAME TO hidden_stop")
    await functions_seen(sandbox)
    try:
        yield
    finally:
        sandbox.sql("ALTER FUNCTION hidden_stop RENAME TO emergency_stop_autonomous_system")
        await functions_seen(sandbox)
