"""The watchdog's own rows: one for each scheduled check, which brings the database's time back with it."""

from datetime import datetime, timedelta

from core.actions.context import ActionContext, Actor
from core.base.version import AGENT
from core.domain.log_steps import HEALTH_CHECK
from core.resilience import NotLive


class HealthLog:
    """Written by whoever acts for the project. A row's time is the literal `now`, so the database itself sets it."""

    def __init__(self, context: ActionContext, actor: Actor) -> None:
        self._context = context
        self._actor = actor
        self._stamp: tuple[datetime, float] | None = None

    def database_now(self) -> datetime | None:
        """The database's time, never later than it is; `None` before it was ever written."""
        if self._stamp is None:
            return None
        at, elapsed = self._stamp
        return at + timedelta(seconds=self._context.clock.elapsed() - elapsed)

    async def write(self, verdicts: dict[str, str], took_s: float) -> bool:
        """One row of a check. Whether it was written."""
        row = {
            "execution_step": HEALTH_CHECK,
            "step_status": "completed",
            "input_data": {"who": str(self._actor), "host": self._actor.host},
            "output_data": {"verdicts": verdicts},
            "duration_ms": round(1000 * took_s),
            "agent_version": AGENT,
        }
        try:
            at = await self._context.write("db:write_health", lambda: self._context.writes.insert_health(row))
        except NotLive:
            return False
        if at is not None:
            self.learn(at)
        return True

    def learn(self, at: datetime) -> None:
        """Take the database's time from a row just written with the literal `now`, and read back.

        It counts from the moment the answer came: by then it was at least as late there.
        """
        self._stamp = (at, self._context.clock.elapsed())
