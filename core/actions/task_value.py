"""The base of actions that set one column of chosen tasks: each is set where it still is what was shown."""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import msgspec

from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.actions.task_change import TaskChange
from core.backend.reads.read import LEAST_CAP, batched
from core.base.text import clean, plural
from core.domain.chosen_tasks import Beside, TasksPlan
from core.domain.plans import PlanStep
from core.domain.records import ChosenTask, ColumnValue, SetColumn


class TaskValue(TaskChange):
    """Sets a column of tasks that no agent has begun. `to`: its new value."""

    statuses = ("pending", "awaiting_review")
    undoes = True
    column: ClassVar[str]
    """The column's name in the database."""

    def __init__(
        self,
        parts: Dependencies,
        shown: TasksPlan | None = None,
        *,
        tasks: Sequence[str] = (),
        reason: str = "",
        to: Any = None,
    ) -> None:
        super().__init__(parts, shown, tasks=tasks, reason=reason)
        self._to: ColumnValue = clean(to.strip(), 100) if isinstance(to, str) else to

    @staticmethod
    @abstractmethod
    def value(one: ChosenTask) -> ColumnValue:
        """Return what the column of a task is now."""

    async def plan(self) -> TasksPlan:
        """Return the tasks that it would change now. Raises NotLive."""
        if self._to in {None, ""}:
            return TasksPlan(refused="enter the new value")
        return await super().plan()

    @property
    def beside(self) -> Beside:
        """Return that the value is to be another one: what has it already stands in no other's way."""
        return Beside(set_aside=False, other_than=(self.column, self._to))

    async def meant(self, seen: Sequence[ChosenTask]) -> frozenset[str]:
        """Return the ids of those that no agent has begun and whose value is another one."""
        ids = await super().meant(seen)
        return frozenset(one.id for one in seen if one.id in ids and self.value(one) != self._to)

    def so(self, one: ChosenTask) -> bool:
        """Return whether no agent has begun it and it has the value."""
        return one.task.state in self.statuses and self.value(one) == self._to

    def said(self, one: ChosenTask) -> str:
        """Return the column and its value."""
        return f"of {self.column.replace('_', ' ')} {_said(self.value(one))}"

    def confirmed(self, plan: TasksPlan) -> TasksPlan:
        """Return the plan, which says what the column is now and what it becomes."""
        many: dict[ColumnValue, int] = defaultdict(int)
        for one in plan.chosen:
            many[self.value(one)] += 1
        now = ", ".join(f"{_said(value)}{f' ({count:,})' if len(many) > 1 else ''}" for value, count in many.items())
        becomes = f"{self.column.replace('_', ' ')} is {now}; becomes {_said(self._to)}"
        return msgspec.structs.replace(plan, notes=(*plan.notes, becomes))

    def told(self) -> dict[str, Any]:
        """Return what an undo needs: the new value, and which tasks had which one before."""
        before: dict[ColumnValue, list[str]] = defaultdict(list)
        for one in self.agreed.chosen:
            before[self.value(one)].append(one.id)
        return {"column": self.column, "to": self._to, "before": [[value, ids] for value, ids in before.items()]}

    def send(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return the conditional write."""
        set_value = self._context.writes.tasks.set_value
        return partial(set_value, column=self.column, value=self._to, statuses=(status,))

    def changed(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return what reads which of them have the new value."""
        return partial(self._context.reads.chosen.with_value, column=self.column, value=self._to)

    async def left(self, status: str, ids: tuple[str, ...]) -> int:
        """Return how many of a few tasks still are in `status` and have another value."""
        reads = self._context.reads.chosen
        still, done = await reads.in_status(ids, (status,)), await reads.with_value(ids, self.column, self._to)
        return len(set(still).difference(done))

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return how many still have the value that this run gave them. Raises NotLive."""
        parts = await self._still_so(run)
        count = sum(len(ids) for _, ids in parts)
        title = f"{self.column.replace('_', ' ')} of {plural(count, 'task')}"
        ids = tuple(name for _, of_value in parts for name in of_value)
        back = ", ".join(_said(one.value) for one, _ in parts)
        step = PlanStep(name=self.action.name, title=title, effect=f"back to {back}", count=count, ids=ids)
        return step if count else None

    async def undo(self, undone: str, run: Run) -> None:
        """Give them back the values they had. Raises NotLive."""
        reads, writes = self._context.reads.chosen, self._context.writes.tasks
        for one, ids in await self._still_so(undone):
            for batch in batched(ids, LEAST_CAP):
                if run.halted():
                    return

                async def left(names: tuple[str, ...], to: ColumnValue = one.to) -> int:
                    return len(await reads.with_value(names, self.column, to, statuses=self.statuses))

                send = partial(
                    writes.set_value, column=self.column, value=one.value, statuses=self.statuses, before=one.to
                )
                changed = partial(reads.with_value, column=self.column, value=one.value)
                run.count(batch, await run.change(self.key, batch, send=send, changed=changed, left=left))

    async def _still_so(self, run: str) -> list[tuple[SetColumn, tuple[str, ...]]]:
        """Return what a run set, each value with the tasks that still have the new one."""
        found = []
        for one in await self._context.reads.audit.set_by_run(run, self.column):
            parts = batched(tuple(sorted(one.ids)), LEAST_CAP)
            with_value = self._context.reads.chosen.with_value
            still = [await with_value(part, self.column, one.to, statuses=self.statuses) for part in parts]
            ids = tuple(name for part in still for name in part)
            found += [(one, ids)] if ids else []
        return found


def _said(value: ColumnValue) -> str:
    return "not set" if value is None or value == "" else clean(f"{value}", 100)
