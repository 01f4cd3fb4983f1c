"""The audit trail: two rows for each order with one run id, the first before anything is written."""

import uuid
from typing import Any, Final

from core.act.means import Actor, Means
from core.backend.schema import Shape
from core.resilience import NotLive

STEP: Final = "watchdog_healing"
AGENT: Final = "watchdesk"


class Trail:
    """One order's rows. `run` names the order in every row it changes; given one, an order is taken up again."""

    def __init__(self, means: Means, order: str, actor: Actor, run: str = "") -> None:
        self.run = run or str(uuid.uuid4())
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
        return await self._told("completed" if completed else "failed", {}, outcome)

    async def skip(self, plan: dict[str, Any], why: str) -> bool:
        """Say in one row what would have been done, and why it was not. Whether the row was written."""
        return await self._told("skipped", {"plan": plan}, {"text": why})

    async def _told(self, status: str, told: dict[str, Any], outcome: dict[str, Any]) -> bool:
        try:
            await self._insert(status, told, outcome)
        except NotLive:
            return False
        return True

    async def _insert(
        self, status: str, told: dict[str, Any], outcome: dict[str, Any] | None, *, hurry: bool = False
    ) -> None:
        row: dict[str, Any] = {
            "id": str(uuid.uuid5(uuid.UUID(self.run), status)),
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
        try:
            await send("db:write_audit", lambda: self._means.commands.insert_log(row))
        except NotLive as not_live:
            if not_live.fault.kind != "duplicate":  # an order taken up again has written it already
                raise
