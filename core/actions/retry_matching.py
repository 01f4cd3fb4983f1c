"""Failed tasks sent back: what is meant is frozen by its ids, and each goes back only if it still is as then."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.retry_task import failure_in_words
from core.actions.run import Run
from core.actions.task_change import REASON, TASKS
from core.backend.reads.read import LEAST_CAP, batched
from core.backend.writes.rows import BATCH
from core.base.text import clean, plural
from core.domain.actions import Action, Command, Result, Shortcut, Tier
from core.domain.plans import RetryMatchingPlan
from core.domain.queries import Filter, FilterError, Table, filter_text, is_uuid, parse_filter
from core.domain.status import Truth
from core.resilience import NotLive

MOST_ROWS: Final = 10_000
"""The most tasks that one run sends back."""

RETRY_MATCHING: Final = Action(
    name="retry_matching",
    tier=Tier.CONFIRM,
    title="Retry failed tasks",
    effect="send failed tasks back to pending, each only if it has not changed since",
    verb="Retry",
    halts=True,
    bound=False,  # the ids are frozen: what changes is only how many others match
    arguments=(
        TASKS,
        msgspec.structs.replace(REASON, help="Why; optional for a single task.", for_many=True),
    ),
    shortcut=Shortcut(name="retry_matching", word="retry", does="retry failed tasks: all that match a filter"),
    command=Command(
        name="retry",
        help=(
            "Send failed tasks back to pending, each only if it has not changed since it was listed: those with these"
            " ids, or all that match a filter, such as error:timeout."
        ),
    ),
)

_TITLE: Final = "Failed tasks"
_NONE: Final = "no matching failed task is visible to this account"
_AT_ONCE: Final = 4
_REASON_CHARS: Final = 500
_IDS_TOLD: Final = 1000
_AHEAD: Final = timedelta(seconds=60)
"""How far a task's own stamp may be ahead of what we take for the database's time, and still be believed."""


class RetryMatching(Operation[RetryMatchingPlan]):
    """Sends back what was shown, batch by batch. The frozen ids are the plan: each is compared again at its write."""

    action = RETRY_MATCHING
    settles = (RETRY_MATCHING,)
    statuses: ClassVar[tuple[str, ...]] = ("failed",)
    subject = _TITLE

    def __init__(
        self,
        parts: Dependencies,
        shown: RetryMatchingPlan | None = None,
        *,
        tasks: Sequence[str] = (),
        reason: str = "",
    ) -> None:
        super().__init__(parts, shown)
        self._tasks = tuple(tasks)
        self.reason = clean(reason.strip(), _REASON_CHARS)

    async def plan(self) -> RetryMatchingPlan:
        """Freeze the failed tasks that are meant; of what was frozen already say how many match now. Raises NotLive."""
        now = self._parts.likely_now()
        try:
            given, found = await self._failed()
        except FilterError as error:
            return _none(Filter(), now, f"{error}")
        except NotLive as not_live:
            if not_live.fault.kind not in {"bad_input", "filter"}:
                raise
            return _none(Filter(), now, not_live.fault.sentence())
        if self._shown is not None:
            return msgspec.structs.replace(self._shown, now=len(found))
        ids = tuple(found)[:MOST_ROWS]
        if not ids:
            return await self._nothing(given, now)
        # `now` lags behind by a margin: what failed within it was frozen too.
        at = max((now, *(over for over in found.values() if over is not None and over <= now + _AHEAD)))
        more = len(found) > MOST_ROWS
        if len(ids) == 1:
            text = await self._what_failed(ids[0])
        else:
            what = filter_text(given, Table.TASKS) if not given.empty else "those that were named"
            text = f"{plural(len(ids), 'task')} back to pending: {what}"
        if more:
            text += f"; more match: one run takes {MOST_ROWS:,}, run it again for the rest"
        for one in await self._context.reads.pauses.standing():
            text += f"\n{one.text}: tasks of that type are held back again"
        return RetryMatchingPlan(filter=given, ids=ids, at=at, frozen=text, more=more)

    async def prepare(self, run: str) -> Prepared | Result:
        """Refuse what has no reason, or a plan that could not be made."""
        shown = await self.agree()
        if shown.idle and not shown.refused:
            return self.idle(shown)
        said = self.reason or shown.rows == 1
        why = shown.refused or ("" if said else "nothing was changed: a reason is required, for the audit trail")
        if why:
            return self.refused(why)
        told = {
            **({"reason": self.reason} if self.reason else {}),
            "filter": filter_text(shown.filter, Table.TASKS),
            "at": shown.at.isoformat(),
            "tasks": shown.rows,
            "ids": shown.ids[:_IDS_TOLD],
        }
        return Prepared(told=told, planned=shown.rows, run=run)

    async def run(self, run: Run) -> None:
        """Send back each that still is the failure of then."""
        reads, writes, shown = self._context.reads, self._context.writes, self.agreed
        until = shown.at

        async def changed(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await reads.task_ids.sent_back_among(ids, until)

        async def left(ids: tuple[str, ...]) -> int:
            return await reads.task_ids.count_failed_until(ids, until)

        send = partial(writes.tasks.retry_failed, until=until)
        for start in range(0, shown.rows, BATCH):
            if run.halted():
                return
            ids = shown.ids[start : start + BATCH]
            batch = await run.change("db:retry_tasks", ids, send=send, changed=changed, left=left)
            run.count(ids, batch)
            run.tell(_TITLE, start + len(ids), shown.rows)

    async def read_back(self, run: Run) -> ReadBack:
        """Every batch was counted from its own answer, or read back where that was lost."""
        text = run.text()
        if self.agreed.rows == 1:
            task = await self._context.reads.tasks.fetch(self.agreed.ids[0])
            text += (
                (f"; the task is {task.state.replace('_', ' ')} (read back)")
                if task is not None
                else "; the task is gone"
            )
        return ReadBack(holds=Truth.of(run.changed > 0), text=text, told={"reason": self.reason} if self.reason else {})

    async def _failed(self) -> tuple[Filter, dict[str, datetime | None]]:
        """Return the filter, empty for ids, and the failed tasks that are meant, each with when it failed.

        Raises FilterError, NotLive.
        """
        if self._tasks and all(map(is_uuid, self._tasks)):
            ids = tuple(dict.fromkeys(name.lower() for name in self._tasks))
            found: dict[str, datetime | None] = {}
            for some in batched(ids, _AT_ONCE * LEAST_CAP):
                read = (self._context.reads.task_ids.failed_among(part) for part in batched(some, LEAST_CAP))
                found |= {name: at for part in await asyncio.gather(*read) for name, at in part.items()}
            return Filter(), found
        given = parse_filter(" ".join(self._tasks), Table.TASKS)
        if given.empty:
            raise FilterError("name tasks by their ids, or by a filter such as status:failed")
        if any(status != "failed" for status in given.status):
            raise FilterError("only tasks that are failed can be retried")
        given = msgspec.structs.replace(given, status=("failed",))
        return given, await self._context.reads.lists.matching_tasks(given, MOST_ROWS + 1)

    async def _what_failed(self, name: str) -> str:
        task = await self._context.reads.tasks.fetch(name)
        return f"task {name} is gone" if task is None else failure_in_words(task)

    async def _nothing(self, given: Filter, now: datetime) -> RetryMatchingPlan:
        """Return the plan where none of what is meant has failed. Raises NotLive."""
        if not given.empty:
            return RetryMatchingPlan(filter=given, ids=(), at=now, frozen=_NONE, idle=True)
        ids = tuple(dict.fromkeys(name.lower() for name in self._tasks))
        of_ids = self._context.reads.chosen.of_ids
        seen = [one.task for part in batched(ids, LEAST_CAP) for one in await of_ids(part)]
        if not seen:
            return _none(given, now, _NONE)
        why = f"task {seen[0].id} is {seen[0].state.replace('_', ' ')}, not failed" if len(ids) == 1 else _NONE
        stands = len(seen) == len(ids) and all(one.status == "pending" for one in seen)
        return RetryMatchingPlan(filter=given, ids=(), at=now, frozen=why, idle=True, stands=stands)


def _none(given: Filter, now: datetime, why: str) -> RetryMatchingPlan:
    return RetryMatchingPlan(filter=given, ids=(), at=now, frozen=why, refused=why)
