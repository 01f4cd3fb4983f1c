"""The base of actions on chosen tasks, by ids or by a filter: each is changed only if it is as it was seen."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.backend.reads.read import LEAST_CAP, batched
from core.base.text import clean, plural
from core.domain.actions import Argument, ArgumentKind, Result
from core.domain.chosen_tasks import Beside, TasksPlan
from core.domain.plans import PlanChanged
from core.domain.queries import Filter, FilterError, Table, filter_text, is_uuid, parse_filter
from core.domain.records import ChosenTask
from core.domain.status import Truth
from core.resilience import NotLive

MOST_TASKS: Final = 1_000
"""The most tasks that one run changes: as many as its audit row names, so that all of them can be taken back."""

_REASON_CHARS: Final = 400

TASKS: Final = Argument(name="tasks", kind=ArgumentKind.SUBJECTS, metavar="ID…|FILTER", required=True)
REASON: Final = Argument(name="reason", help="Why; the audit trail keeps it.", required=True, longest=_REASON_CHARS)


class TaskChange(Operation[TasksPlan]):
    """Changes chosen tasks. A subclass says which it may change, how, and how it is seen that it did.

    `tasks`: ids, or the words of a filter.
    """

    statuses: ClassVar[tuple[str, ...]]
    """The statuses of tasks that it may change."""
    otherwise: ClassVar[str]
    """How it is said what a task must be, after "it"."""
    makes: ClassVar[frozenset[str]] = frozenset()
    """The statuses of tasks that are as it makes them."""
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

    async def meant(self, seen: Sequence[ChosenTask]) -> frozenset[str]:
        """Return the ids of those it may change as they are now. Raises NotLive."""
        return frozenset(one.id for one in seen if one.task.state in self.statuses)

    def so(self, one: ChosenTask) -> bool:
        """Return whether a task is as it makes them already."""
        return one.task.state in self.makes

    def said(self, one: ChosenTask) -> str:
        """Return in words what a task is that is as it makes them."""
        return one.task.state.replace("_", " ")

    @property
    def beside(self) -> Beside:
        """Return what tasks must be beside matching a filter, and being in one of `statuses`."""
        return Beside(set_aside=False)

    async def matching(self, given: Filter, limit: int) -> Iterable[str]:
        """Return the ids of up to `limit` tasks that match, all in one of `statuses`. Raises NotLive."""
        return await self._context.reads.lists.matching_tasks(given, limit, self.beside)

    async def count_matching(self, given: Filter) -> int:
        """Return how many tasks match in all. Raises NotLive."""
        return await self._context.reads.lists.count_matching(given, self.beside)

    def told(self) -> dict[str, Any]:
        """Return what else the audit row keeps of what was agreed."""
        return {}

    async def left(self, status: str, ids: tuple[str, ...]) -> int:
        """Return how many of a few tasks are as they were before the write. Raises NotLive."""
        return len(await self._context.reads.chosen.in_status(ids, (status,)))

    def confirmed(self, plan: TasksPlan) -> TasksPlan:
        """Return the plan with how it is to be confirmed, and what follows from how the agents are set."""
        return plan

    async def consequences(self, chosen: tuple[ChosenTask, ...]) -> tuple[str, ...]:
        """Return what becomes of the tasks, given how the agents are set. Raises NotLive."""
        return ()

    async def warnings(self, chosen: tuple[ChosenTask, ...]) -> tuple[str, ...]:
        """Return what speaks against changing these tasks. Raises NotLive."""
        return ()

    async def plan(self) -> TasksPlan:
        """Return the tasks that it would change now. Raises NotLive."""
        try:
            ids, beyond, none = await self._ids()
        except FilterError as error:
            return TasksPlan(refused=f"{error}")
        except NotLive as not_live:
            if not_live.fault.kind not in {"bad_input", "filter"}:
                raise
            return TasksPlan(refused=not_live.fault.sentence())
        return await self._plan_of(ids, beyond) if ids else TasksPlan(nothing=none)

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: a task that changed since it was shown is shown anew, one that is done with is left alone."""
        shown = await self.agree()
        wants = next((one for one in self.action.arguments if one.name == REASON.name), None)
        reasonless = wants is not None and wants.required and not self.reason and not shown.idle
        if shown.refused or reasonless:
            return self.refused(shown.refused or "nothing was changed: a reason is required, for the audit trail")
        if shown.idle:
            return self.idle(shown)
        seen = {one.id: one for one in await self._look(shown.ids)}
        meant = await self.meant(tuple(seen.values()))
        if any(one.id in meant and seen[one.id].digest != one.digest for one in shown.chosen):
            raise PlanChanged(await self._plan_of(shown.ids, shown.more))
        if not meant:
            plan = self._nothing(shown.ids, tuple(seen.values()))
            return self.unchanged(f"nothing was changed: {plan.text}", already=plan.stands)
        told = {"tasks": shown.rows, "ids": shown.ids} | ({"reason": self.reason} if self.reason else {}) | self.told()
        return Prepared(told=told, planned=shown.rows, run=run)

    async def run(self, run: Run) -> None:
        """Change the tasks batch by batch, those alone that still are as they were shown."""
        shown = self.agreed.chosen
        done = 0
        for status in self.statuses:
            of_status = {one.id: one for one in shown if one.task.status == status}
            for batch in batched(tuple(of_status), LEAST_CAP):  # no API cuts the answer to so few
                if run.halted():
                    return
                now = await self._look(batch)
                meant = await self.meant(now)
                same = tuple(one.id for one in now if one.id in meant and one.digest == of_status[one.id].digest)
                run.skipped += len(batch) - len(same)
                if same:
                    send, changed = self.send(run, status), self.changed(run, status)
                    left = partial(self.left, status)
                    run.count(same, await run.change(self.key, same, send=send, changed=changed, left=left))
                done += len(batch)
                run.tell(self.action.title, done, len(shown))

    async def read_back(self, run: Run) -> ReadBack:
        """Say what was changed; of a single task what it is now."""
        run.left_over = self.agreed.more
        ids, text = self.agreed.ids, run.text()
        if len(ids) == 1:
            seen = await self._look(ids)
            text += (
                (f"; the task is {seen[0].task.status.replace('_', ' ')} (read back)") if seen else "; the task is gone"
            )
        return ReadBack(holds=Truth.of(run.changed > 0), text=text, told={"reason": self.reason} if self.reason else {})

    async def _ids(self) -> tuple[tuple[str, ...], int, str]:
        """Return the ids of the tasks that are meant, how many match beyond them, and why there are none, in words.

        Raises FilterError, NotLive.
        """
        if self._tasks and all(map(is_uuid, self._tasks)):
            return tuple(dict.fromkeys(name.lower() for name in self._tasks)), 0, ""
        given = parse_filter(" ".join(self._tasks), Table.TASKS)
        if given.empty:
            raise FilterError("name tasks by their ids, or by a filter such as type:bug_fix")
        wrong = [status for status in given.status if status not in self.statuses]
        if wrong:
            may = " or ".join(status.replace("_", " ") for status in self.statuses)
            raise FilterError(f"status:{clean(wrong[0], 40)}: only tasks that are {may} can be chosen")
        given = msgspec.structs.replace(given, status=given.status or self.statuses)
        found = tuple(await self.matching(given, MOST_TASKS + 1))
        beyond = max(1, await self.count_matching(given) - MOST_TASKS) if len(found) > MOST_TASKS else 0
        return (
            found[:MOST_TASKS],
            beyond,
            (f"no task that matches {filter_text(given, Table.TASKS)} is visible to this account"),
        )

    async def _plan_of(self, ids: tuple[str, ...], beyond: int = 0) -> TasksPlan:
        seen = {one.id: one for one in await self._look(ids)}
        meant = await self.meant(tuple(seen.values()))
        found = sorted((one for one in seen.values() if one.id in meant), key=_age)
        if not found:
            return self._nothing(ids, tuple(seen.values()))
        others = [name for name in ids if name not in meant]
        chosen, more = tuple(found[:MOST_TASKS]), beyond + max(0, len(found) - MOST_TASKS)
        left = [f"left alone: {self._other_statuses(others, seen.values())}"] if others else []
        left += [f"{more:,} more are left: one run takes {MOST_TASKS:,}, run it again for them"] if more else []
        notes, warnings = await self.consequences(chosen), await self.warnings(chosen)
        return self.confirmed(TasksPlan(chosen=chosen, left=tuple(left), more=more, warnings=warnings, notes=notes))

    async def agreed_anew(self) -> TasksPlan:
        """Return the plan of the same tasks as they are now. Raises NotLive."""
        return await self._plan_of(self.agreed.ids, self.agreed.more)

    def _nothing(self, ids: Sequence[str], seen: Sequence[ChosenTask]) -> TasksPlan:
        """Return the plan where none of these tasks is to be changed."""
        why = self._other_statuses(ids, seen)
        if not seen:
            return TasksPlan(refused=why)
        return TasksPlan(nothing=why, stands=len(seen) == len(ids) and all(map(self.so, seen)))

    async def _look(self, ids: Sequence[str]) -> tuple[ChosenTask, ...]:
        of_ids = self._context.reads.chosen.of_ids
        return tuple([one for part in batched(tuple(ids), LEAST_CAP) for one in await of_ids(part)])

    def _other_statuses(self, ids: Sequence[str], seen: Iterable[ChosenTask]) -> str:
        """Return in words why these tasks are left alone: they are in another status, so already, or not visible."""
        of_ids = {one.id: one for one in seen}
        if len(ids) == 1:
            one = of_ids.get(ids[0])
            if one is None:
                return f"no task {clean(ids[0], 60)} is visible to this account"
            status = one.task.state
            if self.so(one):
                return f"task {one.id} is {self.said(one)} already"
            back = "; return it to pending with watchdesk unpause" if status == "paused" else ""
            return f"task {one.id} is {status.replace('_', ' ')}: it {self.otherwise}{back}"
        if len(of_ids) == len(ids) and all(map(self.so, of_ids.values())):
            return f"{plural(len(ids), 'task')} are {', '.join(dict.fromkeys(map(self.said, of_ids.values())))} already"
        found = Counter(of_ids[name].task.state if name in of_ids else "" for name in ids)
        unseen = "not visible to this account"
        said = [f"{many:,} {status.replace('_', ' ') or unseen}" for status, many in found.most_common()]
        return f"{plural(len(ids), 'task')} ({', '.join(said)}): each {self.otherwise}"


def _age(one: ChosenTask) -> tuple[bool, float]:
    """Return what tasks are sorted by, the oldest first, those without a time last."""
    at = one.task.created_at
    return at is None, at.timestamp() if at is not None else 0.0
