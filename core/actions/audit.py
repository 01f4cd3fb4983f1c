"""The audit trail: two rows for each action with one run id, the first before anything is written."""

import os
import uuid
from datetime import datetime, timedelta
from typing import Any

from core.actions.context import ActionContext, Actor
from core.backend.schema import Shape
from core.base.version import AGENT
from core.domain.log_steps import AUDIT
from core.domain.records import SystemConfig
from core.resilience import NotLive


class AuditTrail:
    """One action's rows. `run` names the action in every row it changes; given one, an action is taken up again."""

    def __init__(self, context: ActionContext, order: str, actor: Actor, run: str = "") -> None:
        self.run = run or str(uuid.uuid4())
        self._context = context
        self._order = order
        self._actor = actor
        self._began = context.clock.elapsed()
        self._stamp: tuple[datetime, float] | None = None
        self.begun = False
        """Whether the opening row is written."""

    def now(self) -> datetime | None:
        """The database's clock, counted on from the opening row, never later than it is; `None` without one."""
        if self._stamp is None:
            return None
        at, elapsed = self._stamp
        return at + timedelta(seconds=self._context.clock.elapsed() - elapsed)

    async def start(self, plan: dict[str, Any], *, hurry: bool = False) -> None:
        """Say what is about to be done. Raises NotLive: then only an emergency stop goes on, which is in a `hurry`.

        The row's time is the database's own, and from then on the action's.
        """
        at = await self._insert("started", {"plan": plan}, None, hurry=hurry)
        self.begun = True
        if at is not None:
            # From the moment its answer came: by then it was at least as late there.
            self._stamp = (at, self._context.clock.elapsed())

    async def end(self, outcome: dict[str, Any], *, completed: bool) -> bool:
        """Say what came of it. Whether the row was written: the action itself is over either way."""
        return await self._told("completed" if completed else "failed", {}, outcome)

    async def skip(self, plan: dict[str, Any], why: str) -> bool:
        """Say in one row what would have been done, and why it was not. Whether the row was written."""
        return await self._told("skipped", {"plan": plan}, {"text": why})

    async def _told(self, status: str, told: dict[str, Any], outcome: dict[str, Any]) -> bool:
        try:
            at = await self._insert(status, told, outcome)
        except NotLive:
            return False
        if at is not None:
            self._stamp = (at, self._context.clock.elapsed())
        return True

    async def _insert(
        self, status: str, told: dict[str, Any], outcome: dict[str, Any] | None, *, hurry: bool = False
    ) -> datetime | None:
        row: dict[str, Any] = {
            "id": str(uuid.uuid5(uuid.UUID(self.run), status)),
            "execution_step": AUDIT,
            "step_status": status,
            "input_data": {
                "order": self._order,
                "run": self.run,
                "by": self._actor.by,
                "who": str(self._actor),
                "host": self._actor.host,
                "pid": os.getpid(),
                **told,
            },
            "agent_version": AGENT,
        }
        if outcome is not None:
            row["output_data"] = outcome
            row["duration_ms"] = round(1000 * (self._context.clock.elapsed() - self._began))
        if self._context.writes.schema.shape is Shape.DOCUMENTED:
            began = self.now()
            row["started_at"] = "now" if outcome is None or began is None else began.isoformat()
            row["completed_at"] = None if outcome is None else "now"
        at: datetime | None = None

        async def insert() -> None:
            nonlocal at
            at = await self._context.writes.insert_log(row)

        try:
            await (self._context.write if hurry else self._context.insert)("db:write_audit", insert)
        except NotLive as not_live:
            if not_live.fault.kind != "duplicate":
                raise
            if outcome is not None:  # another closed the same run: what we did is told beside it
                row["id"] = str(uuid.uuid4())
                await self._context.insert("db:write_audit", insert)
        if at is None and outcome is None and not hurry:
            at = await self._time_of(str(row["id"]))  # an action taken up again, or its first answer was lost
        return at

    async def _time_of(self, row: str) -> datetime | None:
        try:
            return await self._context.reads.audit.row_time(row)
        except NotLive:
            return None


def config_stamp(config: SystemConfig) -> str | None:
    """Return when the config row was last changed, as an audit row keeps it: an undo finds out by it who came since."""
    return config.updated_at.isoformat() if config.updated_at is not None else None
