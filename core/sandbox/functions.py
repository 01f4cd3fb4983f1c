"""The project's two Edge Functions: one works off pending tasks, one sends mail."""

import uuid
from collections import deque
from typing import Any, Final

import msgspec
import psycopg
import psycopg.rows
import psycopg.types.json

from core.sandbox.gateway.database import Caller
from core.sandbox.limits import Dial

COMPANY: Final = "00000000-0000-4000-8000-00000000c0de"
"""The company of both accounts."""

TEMPLATES: Final = {"00000000-0000-4000-8000-00000000a1e7": COMPANY}
"""Every mail template with the company it belongs to."""

_KEPT: Final = 200
_PARALLEL: Final = 5
"""The default of the column `max_parallel_tasks`, for a row without a value."""

_CONFIG: Final = """
SELECT enabled, emergency_stop, emergency_stop_reason, dry_run_mode, max_parallel_tasks
FROM autonomous_system_config LIMIT 1
"""
_PENDING: Final = """
SELECT id, description, requires_approval FROM autonomous_tasks WHERE status = 'pending'
ORDER BY priority DESC, created_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
_REVIEW: Final = "UPDATE autonomous_tasks SET status = 'awaiting_review' WHERE id = %s"
_TAKE: Final = "UPDATE autonomous_tasks SET status = 'in_progress', started_at = now() WHERE id = %s"
_FINISH: Final = """
UPDATE autonomous_tasks SET status = 'completed', completed_at = clock_timestamp(), result = %s WHERE id = %s
"""
_LOG: Final = """
INSERT INTO autonomous_execution_logs
  (id, task_id, execution_step, step_status, output_data, duration_ms, agent_version, environment)
VALUES (%s, %s, %s, %s, %s, %s, 'sandbox', %s)
"""


class FunctionAnswer(msgspec.Struct, frozen=True):
    """The answer of a function and its HTTP status."""

    body: dict[str, Any]
    status: int = 200


class EdgeFunctions:
    """Both functions, with a record of their calls. `strict`: the mail function is the deployed shape's."""

    def __init__(self, dsn: str, dial: Dial, *, strict: bool) -> None:
        self._dsn = dsn
        self._dial = dial
        self._strict = strict
        self.invocations = 0
        self.sent: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    async def ai_agent_poll(self, _body: dict[str, Any], _caller: Caller) -> FunctionAnswer:
        """Work off as many pending tasks as may run side by side, as the real one does: in dry-run it only says so."""
        self.invocations += 1
        try:
            async with await psycopg.AsyncConnection.connect(self._dsn) as connection:
                return await _poll(connection)
        except psycopg.Error as error:
            return FunctionAnswer({"success": False, "error": (str(error).splitlines() or ["no reason given"])[0]}, 500)

    async def send_template_email(self, body: dict[str, Any], caller: Caller) -> FunctionAnswer:
        """Store a mail instead of sending it."""
        if "template_id" in body:
            return self._send_template(body, caller)
        if self._strict and not self._dial.now.lenient_mail:
            return FunctionAnswer({"error": "template_id and recipient_email are required"}, 500)
        if not isinstance(body.get("to"), str) or not isinstance(body.get("template"), str):
            return FunctionAnswer({"error": "to and template are required"}, 400)
        self.sent.append({"to": body["to"], "template": body["template"], "data": body.get("data", {})})
        return FunctionAnswer({"success": True})

    def _send_template(self, body: dict[str, Any], caller: Caller) -> FunctionAnswer:
        """Send by a template of the company that the signed-in user belongs to. Any error is a 500."""
        if "sub" not in caller.claims:
            return FunctionAnswer({"error": "Unauthorized"}, 500)
        if not isinstance(body.get("recipient_email"), str):
            return FunctionAnswer({"error": "template_id and recipient_email are required"}, 500)
        company = caller.claims.get("app_metadata", {}).get("company_id")
        template = body["template_id"]
        if not isinstance(template, str) or company is None or TEMPLATES.get(template) != company:
            return FunctionAnswer({"error": "Template not found"}, 500)
        told = body.get("custom_data", {})
        self.sent.append({"recipient_email": body["recipient_email"], "template_id": template, "custom_data": told})
        return FunctionAnswer({"success": True})


async def _poll(connection: psycopg.AsyncConnection[Any]) -> FunctionAnswer:
    """Do one run. NULL is read as false: `dry_run_mode` NULL is real work."""
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    config = await (await cursor.execute(_CONFIG)).fetchone()
    if config is None:
        return FunctionAnswer({"success": False, "error": "Autonomous system is not configured"}, 500)
    if not config["enabled"]:
        return FunctionAnswer({"success": False, "message": "Autonomous system is disabled"})
    if config["emergency_stop"]:
        return FunctionAnswer(
            {"success": False, "message": f"Emergency stop is active: {config['emergency_stop_reason']}"}
        )
    most = config["max_parallel_tasks"]
    tasks = await (await cursor.execute(_PENDING, (_PARALLEL if most is None else most,))).fetchall()
    results = [await _work_off(connection, task, dry_run=bool(config["dry_run_mode"])) for task in tasks]
    return FunctionAnswer({"success": True, "processed": len(results), "results": results})


async def _work_off(connection: psycopg.AsyncConnection[Any], task: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
    """Do one task, in the transaction of its run."""
    name = task["id"]
    if task["requires_approval"]:
        await connection.execute(_REVIEW, (name,))
        return {"task_id": str(name), "status": "awaiting_review"}
    environment = "dry_run" if dry_run else "production"
    said = f"DRY RUN: would execute: {task['description']}" if dry_run else "executed by the sandbox"
    result = psycopg.types.json.Jsonb(said if dry_run else {"message": said})
    await connection.execute(_TAKE, (name,))
    await connection.execute(_LOG, (uuid.uuid4(), name, "task_started", "started", None, None, environment))
    await connection.execute(_FINISH, (result, name))
    told = psycopg.types.json.Jsonb({"message": said})
    await connection.execute(_LOG, (uuid.uuid4(), name, "task_completed", "completed", told, 20, environment))
    return {"task_id": str(name), "status": "completed", "dry_run": dry_run}
