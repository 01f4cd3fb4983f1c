"""Probes: the lightest questions that show whether the database and the agents' function answer."""

from functools import partial
from typing import Any, Final

from core.backend.columns import each
from core.backend.faults import Trace
from core.backend.reads.read import Read, Subject, read
from core.backend.schema import POLL_FUNCTION, TASKS
from core.resilience import Policy

DATABASE_PROBE: Final = "db:ping:probe"
FUNCTION_PROBE: Final = "edge:ai-agent-poll:probe"


class ProbeReads(Subject):
    """Probes of one project."""

    def database(self, timeout_s: float, trace: Trace) -> Read[None]:
        """Ask the lightest question that the database itself must answer, within `timeout_s` seconds."""
        policy = Policy(total_s=timeout_s + 1, retry=None, refusable=False)
        return self._read(DATABASE_PROBE, partial(self._ask_database, timeout_s, trace), policy)

    @read(FUNCTION_PROBE)
    async def edge_function(self, timeout_s: float) -> None:
        """Ask the agents' function by OPTIONS whether it is there, so nothing runs. It has `timeout_s` seconds."""
        await self._calls.ask_function(POLL_FUNCTION, timeout_s)

    async def _ask_database(self, timeout_s: float, trace: Trace) -> None:
        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").limit(1)

        each(await self._calls.rows("ask the database", build, timeout_s=timeout_s, trace=trace), "id")
