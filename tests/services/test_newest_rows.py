"""The newest rows are those that a read of all would find, though a refresh asks only for what is new."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.backend.optional_sql import script
from core.backend.schema import Shape
from core.domain.log_steps import AUDIT
from core.domain.records import FINISHED
from core.services.config import RefreshRules
from core.services.newest_page import FULL_EVERY_S
from tests.actions.driving import Driven
from tests.running import Running
from tests.wire import wire

PAGE: Final = 6
EXAMPLES: Final = int(os.environ.get("EXAMPLES", "10"))


class Step(NamedTuple):
    """What happens in the project between two refreshes. `ago`: the age of new rows, `None` for no time at all."""

    kind: str
    ago: float | None = 0.0
    status: str = "pending"
    which: int = 0
    rows: int = 1


AGES = st.one_of(st.none(), st.sampled_from([-3600.0, 0.0, 0.0, 0.5, 30.0, 300.0, 100_000.0, inf, -inf]))
STATUSES = st.sampled_from(["pending", "in_progress", "completed", "failed", "rejected"])
KINDS = ["task", "task", "log", "log", "change", "delete", "revive", "action", "restart", "minute", "wait"]
STEPS = st.lists(
    st.builds(Step, st.sampled_from(KINDS), AGES, STATUSES, st.integers(0, 9), st.sampled_from([1, 1, 2, 7])),
    min_size=3,
    max_size=14,
)


_CHANGES: Final = [Step("change", status=status, which=n) for n in range(6) for status in ("in_progress", "failed")]


class Project:
    """The project's tables under the steps of a test."""

    def __init__(self, sandbox: Running) -> None:
        self._sql = sandbox.sql
        self._deployed = sandbox.shape == "deployed"
        self._log_time = '"timestamp"' if self._deployed else "created_at"
        self.unnoticed = False
        """Something was done that only a look at all rows finds."""

    def play(self, step: Step) -> None:
        """Do one step."""
        ago = step.ago if self._deployed or step.ago is not None else 0.0  # the other shape has no row without a time
        at: datetime | str | None = None
        if ago is not None:
            at = {inf: "-infinity", -inf: "infinity"}.get(ago) or datetime.now(UTC) - timedelta(seconds=ago)
        known = [row[0] for row in self._sql("SELECT id FROM autonomous_tasks ORDER BY id")]
        one = known[step.which % len(known)] if known else None
        if step.kind == "task":
            self._sql(
                "INSERT INTO autonomous_tasks (description, status, created_at)"
                " SELECT 't', %s, %s FROM generate_series(1, %s)",
                *(step.status, at, step.rows),
            )
        elif step.kind == "log":
            self._log("patch", at, step.rows)
        elif step.kind == "action":
            self._log(AUDIT, datetime.now(UTC), 1)
            self._sql("UPDATE autonomous_tasks SET status = 'pending' WHERE id = %s", one)
        elif step.kind == "change":
            self._sql(
                "UPDATE autonomous_tasks SET status = %s WHERE id = %s AND status <> ALL (%s)",
                *(step.status, one, list(FINISHED)),
            )
        elif step.kind in {"delete", "revive"}:
            finished = self._sql("SELECT status = ANY (%s) FROM autonomous_tasks WHERE id = %s", list(FINISHED), one)
            self.unnoticed |= (True,) in finished
            change = (
                "DELETE FROM autonomous_tasks"
                if step.kind == "delete"
                else "UPDATE autonomous_tasks SET status = 'pending'"
            )
            self._sql(f"{change} WHERE id = %s", one)

    def _log(self, what: str, at: datetime | str | None, rows: int) -> None:
        self._sql(
            f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {self._log_time})"
            " SELECT %s, 'completed', %s FROM generate_series(1, %s)",
            *(what, at, rows),
        )


def actions(driven: Driven) -> set[str]:
    """The ids of the rows of actions that a refresh found."""
    return {entry.id for entry in driven.parts.readings.values["logs"].value if entry.step == AUDIT}


async def _equal(driven: Driven, *, at_once: bool) -> None:
    """Both pages are what a read of all their rows finds; what only such a read finds may be missing for a while."""
    values, reads = driven.parts.readings.values, driven.parts.panel_reads
    for name, whole in (("tasks", await reads.tasks.newest(PAGE)), ("logs", await reads.logs.newest(PAGE))):
        assert values[name].live, values[name].fault
        if at_once or name == "logs":
            assert values[name].value == whole, name


async def _play(sandbox: Running, home: Path, steps: list[Step], *, by_function: bool) -> None:
    sandbox.reset()
    project = Project(sandbox)
    rules = RefreshRules(tasks=PAGE, logs=PAGE)

    async def begun() -> Driven:
        return await Driven(sandbox.url, sandbox.service_key, home, refresh=rules, observe=True).begin()

    driven = await begun()
    try:
        assert driven.parts.readings._overview.usable() == by_function
        for step in steps:
            project.play(step)
            if step.kind == "restart":
                await driven.monitor.close()
                driven = await begun()
                project.unnoticed = False
            known = actions(driven)
            driven.clock.advance(FULL_EVERY_S + 1 if step.kind == "minute" else 5)
            project.unnoticed &= step.kind != "minute"
            await driven.monitor.refresh()
            # Rows without a time stand above all others: a page of them hides the action's row.
            project.unnoticed |= step.kind == "action" and actions(driven) == known
            await _equal(driven, at_once=by_function or not project.unnoticed)
    finally:
        await driven.monitor.close()


@pytest.mark.parametrize("by_function", [False, True], ids=["each by itself", "by our function"])
def test_after_any_steps_the_newest_rows_are_those_that_a_read_of_all_finds(
    by_function: bool, sandbox: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if by_function:
        sandbox.sql(script("stats", Shape(sandbox.shape)))

    @settings(
        max_examples=int(os.environ.get("EXAMPLES", "10")), deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(STEPS)
    @example([Step("task", status="completed", rows=5), Step("task", rows=7), Step("log", rows=7), Step("wait")])
    @example([Step("task"), Step("task", 300.0, "completed", rows=7), *[Step("delete"), Step("minute")] * 8])
    @example([*(Step("task", 300.0, "pending", rows=2), Step("task", 0.5, "completed", rows=4)), *_CHANGES])
    @example([Step("task", status="completed", rows=4), *(Step("action", which=n) for n in range(4))])
    @example([Step("log", 0.0, rows=5), Step("log", 300.0, rows=2), Step("log", 30.0), Step("log", None), Step("wait")])
    @example([Step("task", 300.0, "completed", rows=7), Step("task", 300.0, "failed", rows=2), Step("wait")])
    def after(steps: list[Step]) -> None:
        asyncio.run(_play(sandbox, tmp_path_factory.mktemp("home"), steps, by_function=by_function))

    try:
        after()
    finally:
        sandbox.sql("DROP FUNCTION IF EXISTS public.watchdesk_overview(jsonb); NOTIFY pgrst, 'reload schema'")


async def _requests(sandbox: Running, home: Path, prepared: Callable[[], None], refreshes: int) -> list[int]:
    """The number of requests of each refresh, once a project is known."""
    prepared()
    async with wire(sandbox.url) as between:
        driven = Driven(between.url, sandbox.service_key, home, observe=True)
        await driven.begin()
        numbers = []
        for _ in range(refreshes):
            driven.clock.advance(5)
            before = len(between.seen)
            await driven.monitor.refresh()
            numbers.append(len(between.seen) - before)
        await driven.monitor.close()
    return numbers


async def test_a_refresh_asks_at_most_five_times_and_once_where_our_function_is(
    sandbox: Running, tmp_path: Path
) -> None:
    def some() -> None:
        sandbox.completed(40)
        sandbox.stuck(3)

    def some_and_the_function() -> None:
        some()
        sandbox.sql(script("stats", Shape(sandbox.shape)))

    singly = await _requests(sandbox, tmp_path / "a", some, 14)
    assert max(singly) <= 5, singly
    try:
        assert await _requests(sandbox, tmp_path / "b", some_and_the_function, 14) == [1] * 14
    finally:
        sandbox.sql("DROP FUNCTION IF EXISTS public.watchdesk_overview(jsonb); NOTIFY pgrst, 'reload schema'")
