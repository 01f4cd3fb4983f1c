"""Which of some completed tasks were only simulated, without a join of tasks and log rows."""

from typing import Any

from core.backend.api_calls import ApiCalls
from core.backend.columns import each, row_id
from core.backend.reads.read import PAGE, hundreds
from core.backend.schema import LOGS, TASKS
from core.backend.simulated import Telltale


async def simulated_among(calls: ApiCalls, telltale: Telltale, completed: tuple[str, ...]) -> set[str]:
    """Return which of these completed tasks were only simulated, a hundred at a time. Raises Failed."""
    results = Telltale(results=telltale.results)
    found = set[str]()
    for part in hundreds(completed):

        def by_result(c: Any, part: tuple[str, ...] = part) -> Any:
            return c.table(TASKS).select("id").in_("id", list(part)).or_(results.simulated())

        if results.any:
            found |= {row_id(row) for row in await calls.rows("read simulated results", by_result)}
        while left := [name for name in part if name not in found]:

            def by_log(c: Any, left: list[str] = left) -> Any:
                query = c.table(LOGS).select("task_id").eq("environment", "dry_run").in_("task_id", left)
                return query.limit(PAGE)

            rows = each(await calls.rows("read simulated tasks' log rows", by_log), "task_id")
            named = {str(row["task_id"]) for row in rows}.intersection(left)
            if not named:
                break
            found |= named
    return found
