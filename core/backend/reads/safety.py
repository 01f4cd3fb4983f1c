"""Reads of safety checks: those that are settings, by id or name; those that tasks fail, where they are results."""

from typing import Any, Final

import msgspec

from core.backend.columns import Row, each, row_id
from core.backend.faults import Failed
from core.backend.reads.read import LEAST_CAP, PAGE, Access, Subject, read
from core.backend.rows import safety_of, safety_selection
from core.backend.schema import SAFETY, Shape
from core.backend.selection import Selection
from core.domain.queries import is_uuid
from core.domain.records import SafetyCheck
from core.domain.safety_checks import failing
from core.resilience.fault import Fault

_MOST_ALIKE: Final = 20
_MOST_RESULTS: Final = 2_000
_RESULTS: Final = Selection(table=SAFETY, needed=("id", "checked_at", "check_type", "task_id", "passed"))
"""What tells whether a task fails a check; not what the check says, which may be long."""


class SafetyReads(Subject):
    """Typed reads of one project's safety checks."""

    @read("db:fetch_safety_settings")
    async def settings(self, name: str) -> tuple[SafetyCheck, ...] | None:
        """Return the safety checks with this id or this name; `None` where they are results of tasks, no settings."""
        if await shape_of_safety(self._access) is Shape.DEPLOYED:
            return None

        rows = list[Row]()
        for column in ("id",) if is_uuid(name) else ("check_name", "id") if name.isdecimal() else ("check_name",):
            rows = rows or await self._settings(column, name)
        return await self._proven(SAFETY, tuple(map(safety_of, rows)), empty=not rows)

    async def _settings(self, column: str, value: str) -> list[Row]:
        def build(query: Any) -> Any:
            return query.eq(column, value).order("id").limit(_MOST_ALIKE)

        try:
            return await self._calls.selected("read safety settings", safety_selection(deployed=False), build)
        except Failed as failed:
            if failed.fault.kind == "bad_input":
                return []  # it is no id of this project's
            raise

    @read("db:read_back_safety_settings")
    async def switched(self, ids: tuple[str, ...], *, enabled: bool | None) -> tuple[str, ...]:
        """Return which of up to 100 safety checks are enabled, disabled, or neither."""
        value = "null" if enabled is None else f"{enabled}".lower()

        def build(c: Any) -> Any:
            return c.table(SAFETY).select("id").in_("id", list(ids)).is_("enabled", value)

        return tuple(map(row_id, await self._calls.rows("read back safety settings", build)))

    @read("db:fetch_safety_results")
    async def failed(self, tasks: tuple[str, ...]) -> dict[str, tuple[SafetyCheck, ...]]:
        """Return the safety checks that up to 100 tasks fail, by task; none where they belong to no task.

        By the newest `_MOST_RESULTS` results of all of them.
        """
        if await shape_of_safety(self._access) is not Shape.DEPLOYED:
            return {}
        found: dict[str, list[SafetyCheck]] = {}
        read = 0
        while read < _MOST_RESULTS:

            def build(query: Any, first: int = read) -> Any:
                query = query.in_("task_id", list(tasks)).order("checked_at", desc=True).order("id", desc=True)
                return query.range(first, first + PAGE - 1)

            part = await self._calls.selected("read safety results", _RESULTS, build)
            for check in map(safety_of, part):
                found.setdefault(check.task_id or "", []).append(check)
            read += len(part)
            if len(part) < LEAST_CAP:
                break
        return {task: failed for task, checks in found.items() if (failed := failing(checks))}


async def shape_of_safety(access: Access) -> Shape:
    """Return the shape of the safety checks; asked until it is known, since nothing else needs their table.

    Raises Failed.
    """
    if access.safety_shape is None:
        try:
            rows = await access.calls.rows(
                "look at safety checks", lambda c: c.table(SAFETY).select("id,checked_at").limit(1)
            )
            each(rows, "id", "checked_at")
        except Failed as failed:
            if failed.fault.kind == "missing_table":
                raise Failed(_without_safety(failed.fault)) from failed
            if failed.fault.kind != "missing_column":
                raise
            access.safety_shape = Shape.DOCUMENTED
        else:
            access.safety_shape = Shape.DEPLOYED
    return access.safety_shape


def _without_safety(fault: Fault) -> Fault:
    return msgspec.structs.replace(
        fault, message=f"this project keeps no safety checks, for it has no {SAFETY}", remedy="nothing else needs them"
    )
