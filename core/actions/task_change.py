"""The base of actions on chosen tasks, by ids or by a filter: each is changed only if it is as it was seen."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar, Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.backend.reads.read import hundreds
from core.base.text import clean, plural
from core.domain.actions import Argument, ArgumentKind, Result
from core.domain.chosen_tasks import TasksPlan
from core.domain.plans import PlanChanged
from core.domain.queries import Filter, FilterError, Table, filter_text, is_uuid, parse_filter
from core.domain.records import ChosenTask, SystemConfig
from core.domain.status import Truth
from core.resilience import NotLive

MOST_TASKS: Final = 1_000
"""The most tasks that one run changes: as many as its audit row names, so that all of them can be taken back."""

_REASON_CHARS: Final = 400
_LEFT_NAMED: Final = 3

TASKS: Final = Argument(name="tasks", kind=ArgumentKind.SUBJECTS, metavar="ID…|FILTER", required=True)
REASON: Final = Argument(name="reason", help="Why; the audit trail keeps it.", required=True, longest=_REASON_CHARS)


class TaskChange(Operation[TasksPlan]):
    """Changes chosen tasks. A subclass says which it may change, how, and how it is seen that it did.

    `tasks`: ids, or the words of a filter.
    """

    statuses: ClassVar[tuple[str, ...]]
    """The statuses of tasks that it may change."""
    otherwise: ClassVar[str]
    """How it is said of a task in another status, after that status."""
    key: ClassVar[str]
    """The name of its write, for the breakers."""

    def __init__(
        self,
        parts: Dependencies,
        shown: TasksPlan | None = None,
        *,
        tasks: Sequence[str] = (),
        reason: str = "",
    ) -> None:
        super().__init__(parts, shown)
        self._tasks = tuple(tasks)
        self.reason = clean(reason.strip(), _REASON_CHARS)

    @abstractmethod
    def send(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return what changes up to 100 tasks that still are in `status`, and returns the ids that changed."""

    @abstractmethod
    def changed(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return what reads which of up to 100 tasks are as `send` makes them."""

    def confirmed(self, plan: TasksPlan) -> TasksPlan:
        """Return the plan with how it is to be confirmed, and what follows from how the agents are set."""
        return plan

    def consequences(self, config: SystemConfig | None, chosen: tuple[ChosenTask, ...]) -> tuple[str, ...]:
        """Return what becomes of the tasks, given how the agents are set."""
        return ()

    async def plan(self) -> TasksPlan:
        """Return the tasks that it would change now. Raises NotLive."""
        try:
            ids, left = await self._ids()
        except FilterError as error:
            return TasksPlan(refused=f"{error}")
        except NotLive as not_live:
            if not_live.fault.kind not in {"bad_input", "filter"}:
                raise
            return TasksPlan(refused=not_live.fault.sentence())
        if not ids:
            return TasksPlan(refused=left or "no task that matches is visible to us")
        return await self._plan_of(ids, (left,) if left else ())

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: a task that changed since it was shown is shown anew, one that is done with is left alone."""
        shown = await self.agree()
        wants = next((one for one in self.action.arguments if one.name == REASON.name), None)
        reasonless = wants is not None and wants.required and not self.reason
        if shown.refused or reasonless:
            return self.refused(shown.refused or "nothing was changed: say why, the audit trail keeps it")
        seen = {one.id: one for one in await self._look(shown.ids)}
        changed = [one for one in shown.chosen if one.id in seen and seen[one.id].digest != one.digest]
        if any(seen[one.id].task.status in self.statuses for one in changed):
            raise PlanChanged(await self._plan_of(shown.ids, ()))
        if not any(one.id in seen and one not in changed for one in shown.chosen):
            return self.unchanged(f"nothing was changed: {self._other_statuses(shown.ids, seen.values())}")
        told = {"tasks": shown.rows, "ids": shown.ids} | ({"reason": self.reason} if self.reason else {})
        return Prepared(told=told, planned=shown.rows, run=run)

    async def run(self, run: Run) -> None:
        """Change the tasks batch by batch, those alone that still are as they were shown."""
        shown = self.agreed.chosen
        done = 0
        for status in self.statuses:
            of_status = {one.id: one for one in shown if one.task.status == status}
            for batch in hundreds(tuple(of_status)):
                if run.halted():
                    return
                now = await self._look(batch)
                same = tuple(one.id for one in now if one.digest == of_status[one.id].digest)
                run.skipped += len(batch) - len(same)
                if same:
                    left = partial(self._left, status)
                    send, changed = self.send(run, status), self.changed(run, status)
                    run.count(same, await run.change(self.key, same, send=send, changed=changed, left=left))
                done += len(batch)
                run.tell(self.action.title, done, len(shown))

    async def read_back(self, run: Run) -> ReadBack:
        """Say what was changed; of a single task what it is now."""
        ids, text = self.agreed.ids, run.text()
        if len(ids) == 1:
            seen = await self._look(ids)
            text += f"; the task is {seen[0].task.status.replace('_', ' ')}, seen" if seen else "; the task is gone"
        return ReadBack(holds=Truth.of(run.changed > 0), text=text, told={"reason": self.reason} if self.reason else {})

    async def _ids(self) -> tuple[tuple[str, ...], str]:
        """Return the ids of the tasks that are meant, and why others are left alone. Raises FilterError, NotLive."""
        if self._tasks and all(map(is_uuid, self._tasks)):
            ids = tuple(dict.fromkeys(name.lower() for name in self._tasks))
            more = f"one run takes {MOST_TASKS:,} tasks: run it again for the rest" if len(ids) > MOST_TASKS else ""
            return ids[:MOST_TASKS], more
        given = parse_filter(" ".join(self._tasks), Table.TASKS)
        if given.empty:
            raise FilterError("name tasks by their ids, or by a filter such as type:bug_fix")
        wrong = [status for status in given.status if status not in self.statuses]
        if wrong:
            raise FilterError(f"status:{clean(wrong[0], 40)}: {self._or(self.statuses)} tasks only")
        return await self._matching(msgspec.structs.replace(given, status=given.status or self.statuses))

    async def _matching(self, given: Filter) -> tuple[tuple[str, ...], str]:
        found = tuple(await self._context.reads.lists.matching_tasks(given, MOST_TASKS + 1))
        what = filter_text(given, Table.TASKS)
        if not found:
            return (), f"no task that matches {what} is visible to us"
        more = f"more match {what}: one run takes {MOST_TASKS:,} tasks, run it again for the rest"
        return found[:MOST_TASKS], more if len(found) > MOST_TASKS else ""

    async def _plan_of(self, ids: tuple[str, ...], left: tuple[str, ...]) -> TasksPlan:
        seen = {one.id: one for one in await self._look(ids)}
        chosen = tuple(one for one in seen.values() if one.task.status in self.statuses)
        others = [name for name in ids if name not in {one.id for one in chosen}]
        if not chosen:
            return TasksPlan(refused=self._other_statuses(ids, seen.values()))
        if others:
            left = (*left, f"left alone: {self._other_statuses(others, seen.values())}")
        config = await self._context.reads.config.visible()
        return self.confirmed(TasksPlan(chosen=chosen, left=left, notes=self.consequences(config, chosen)))

    async def _look(self, ids: Sequence[str]) -> tuple[ChosenTask, ...]:
        return tuple([one for part in hundreds(tuple(ids)) for one in await self._context.reads.chosen.of_ids(part)])

    async def _left(self, status: str, ids: tuple[str, ...]) -> int:
        return len(await self._context.reads.chosen.in_status(ids, (status,)))

    def _other_statuses(self, ids: Sequence[str], seen: Iterable[ChosenTask]) -> str:
        """Return in words why these tasks are left alone: they are in another status, or not visible."""
        statuses = {one.id: one.task.status for one in seen}
        if len(ids) == 1:
            status = statuses.get(ids[0])
            if status is None:
                return f"no task {clean(ids[0], 60)} is visible to us"
            return f"task {ids[0]} is {status.replace('_', ' ')}: {self.otherwise}"
        found = Counter(statuses.get(name, "") for name in ids)
        said = [f"{many:,} {status.replace('_', ' ') or 'not visible to us'}" for status, many in found.most_common()]
        return f"{plural(len(ids), 'task')} ({', '.join(said)}): {self.otherwise}"

    def _or(self, statuses: Sequence[str]) -> str:
        return " or ".join(status.replace("_", " ") for status in statuses)
