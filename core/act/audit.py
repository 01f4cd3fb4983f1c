"""The audit trail: two rows for each order with one run id, the first before anything is written."""

import uuid
from typing import Any, Final

from core.act.means import Actor, Means
from core.backend.schema import Shape
from core.resilience import NotLive

STEP: Final = "watchdog_healing"
AGENT: Final = "watchdesk"


class Trail:
    """One order's rows. `run` names the order in every row it changes."""

    def __init__(self, means: Means, order: str, actor: Actor) -> None:
        self.run = str(uuid.uuid4())
        self._means = means
        self._order = order
        self._actor = actor
        self._began = means.clock.elapsed()
        self._began_at = means.clock.now()

    async def start(self, plan: dict[str, Any], *, hurry: bool = False) -> None:
        """Say what is about to be done. Raises NotLive: then only an emergency stop goes on, which is in a `hurry`."""
        await self._insert("started", {"plan": plan}, None, hurry=hurry)

    async def end(self, outcome: dict[str, Any], *, completed: bool) -> bool:
        """Say what came of it. Whether the row was written: the order itself is over either way."""
        try:
            await self._insert("completed" if completed else "failed", {}, outcome)
        except NotLive:
            return False
        return True

    async def _insert(
        self, status: str, told: dict[str, Any], outcome: dict[str, Any] | None, *, hurry: bool = False
    ) -> None:
        row: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "execution_step": STEP,
            "step_status": status,
            "input_data": {
                "order": self._order,
                "run": self.run,
                "by": self._actor.by,
                "who": str(self._actor),
                "host": self._actor.host,
                **told,
            },
            "agent_version": AGENT,
        }
        if outcome is not None:
            row["output_data"] = outcome
            row["duration_ms"] = round(1000 * (self._means.clock.elapsed() - self._began))
        if self._means.commands.schema.shape is Shape.DOCUMENTED:
            row["started_at"] = self._began_at.isoformat()
            row["completed_at"] = None if outcome is None else self._means.clock.now().isoformat()
        send = self._means.write if hurry else self._means.insert
        await send("db:write_audit", lambda: self._means.commands.insert_log(row))
