"""Which of some completed tasks were only simulated, without a join of tasks and log rows."""

from collections.abc import Callable
from typing import Any

from core.backend.api_calls import ApiCalls
from core.backend.columns import each, row_id
from core.backend.reads.read import LEAST_CAP, PAGE, batched
from core.backend.schema import LOGS, TASKS
from core.backend.simulated import Telltale, done_for_real


async def simulated_among(calls: ApiCalls, telltale: Telltale, completed: tuple[str, ...]) -> set[str]:
    """Return which of these completed tasks were only simulated, a few at a time. Raises Failed."""
    results = Telltale(results=telltale.results)
    found = set[str]()
    for part in batched(completed, LEAST_CAP):

        def by_result(c: Any, part: tuple[str, ...] = part) -> Any:
            return c.table(TASKS).select("id").in_("id", list(part)).or_(results.simulated())

        if results.any:
            found |= {row_id(row) for row in await calls.rows("read simulated results", by_result)}
        left = [name for name in part if name not in found]
        pretended = await _logged(calls, left, _in_dry_run) if telltale.environments else set[str]()
        found |= pretended
        if pretended and results.any:

            def with_result(c: Any, names: set[str] = pretended) -> Any:
                return c.table(TASKS).select("id").in_("id", sorted(names)).not_.is_("result", "null")

            rows = await calls.rows("read results of what was pretended", with_result)
            found -= await _logged(calls, [row_id(row) for row in rows], done_for_real)
    return found


async def _logged(calls: ApiCalls, tasks: list[str], narrowed: Callable[[Any], Any]) -> set[str]:
    """Return which of a few tasks have log rows as `narrowed` asks for, however many rows an API answers with."""
    found = set[str]()
    while left := [name for name in tasks if name not in found]:

        def build(c: Any, left: list[str] = left) -> Any:
            return narrowed(c.table(LOGS).select("task_id").in_("task_id", left)).limit(PAGE)

        rows = each(await calls.rows("read tasks' log rows", build), "task_id")
        named = {str(row["task_id"]) for row in rows}.intersection(left)
        if not named:
            break
        found |= named
    return found


def _in_dry_run(query: Any) -> Any:
    return query.eq("environment", "dry_run")
