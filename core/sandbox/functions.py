"""The project's two Edge Functions: the one that works off pending tasks, and the one that sends mail."""

import uuid
from collections import deque
from typing import Any, Final

import psycopg

_KEPT: Final = 200

_TAKE: Final = """
UPDATE autonomous_tasks SET status = 'in_progress', started_at = now()
WHERE id IN (
  SELECT id FROM autonomous_tasks WHERE status = 'pending'
  ORDER BY priority DESC, created_at LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING id
"""
_FINISH: Final = "UPDATE autonomous_tasks SET status = 'completed', completed_at = now() WHERE id = ANY (%s)"
_LOG: Final = """
INSERT INTO autonomous_execution_logs (id, task_id, execution_step, step_status, duration_ms, agent_version)
VALUES (%s, %s, %s, %s, %s, 'sandbox')
"""


class BadCall(Exception):
    """A function was called with a body it cannot use."""


class EdgeFunctions:
    """Both functions, with what they were asked to do."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.invocations = 0
        self.sent: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    async def ai_agent_poll(self, _body: dict[str, Any]) -> dict[str, Any]:
        """Run pending tasks, as many as one run may: as the real one does, and not while stopped or disabled."""
        self.invocations += 1
        async with await psycopg.AsyncConnection.connect(self._dsn) as connection:
            query = "SELECT enabled, emergency_stop, max_tasks_per_run FROM autonomous_system_config LIMIT 1"
            config = await (await connection.execute(query)).fetchone()
            if config is None or not config[0] or config[1]:
                return {"success": True, "processed": 0, "message": "the system is stopped or disabled"}
            taken = [row[0] for row in await (await connection.execute(_TAKE, (config[2],))).fetchall()]
            for task in taken:
                await connection.execute(_LOG, (uuid.uuid4(), task, "task_started", "started", None))
                await connection.execute(_LOG, (uuid.uuid4(), task, "task_completed", "completed", 20))
            await connection.execute(_FINISH, (taken,))
        return {"success": True, "processed": len(taken)}

    async def send_template_email(self, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a mail instead of sending it. Raises BadCall."""
        if not isinstance(body.get("to"), str) or not isinstance(body.get("template"), str):
            raise BadCall("to and template are required")
        self.sent.append({"to": body["to"], "template": body["template"], "data": body.get("data", {})})
        return {"success": True}
