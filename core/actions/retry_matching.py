"""Many failed tasks sent back: what matches is frozen by its ids, and each goes back only if it still is as then."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.backend.writes.rows import BATCH
from core.base.text import clean, plural
from core.domain.actions import Action, Argument, ArgumentKind, Result, Shortcut, Tier
from core.domain.plans import RetryMatchingPlan
from core.domain.queries import Filter, Listing, Table, filter_text
from core.domain.status import Truth

MOST_ROWS: Final = 10_000
"""The most tasks that one run sends back."""

RETRY_MATCHING: Final = Action(
    name="retry_matching",
    tier=Tier.CONFIRM,
    title="Retry all that match",
    effect="send the failed tasks that match back to pending, each if it still is the failure of then",
    verb="Retry all",
    halts=True,
    bound=False,  # the ids are frozen: what changes is only how many others match
    arguments=(
        Argument(name="listing", kind=ArgumentKind.SUBJECT, required=True),
        Argument(name="reason", words="reason", required=True),
        Argument(name="only", kind=ArgumentKind.SUBJECTS),
    ),
    shortcut=Shortcut(name="retry_matching", word="retry", does="retry failed tasks: all that match a filter"),
)

_TITLE: Final = "Failed tasks"
_REASON_CHARS: Final = 500
_IDS_TOLD: Final = 1000
_AHEAD: Final = timedelta(seconds=60)
"""How far a task's own stamp may be ahead of what we take for the database's time, and still be believed."""


class RetryMatching(Operation[RetryMatchingPlan]):
    """Sends back what was shown, batch by batch. The frozen ids are the plan: each is compared again at its write."""

    action = RETRY_MATCHING
    settles = (RETRY_MATCHING,)
    subject = _TITLE

    def __init__(
        self,
        parts: Dependencies,
        shown: RetryMatchingPlan | None = None,
        *,
        listing: Listing | None = None,
        reason: str = "",
        only: Collection[str] = (),
    ) -> None:
        super().__init__(parts, shown)
        self._listing = listing or Listing(table=Table.TASKS)
        self._only = frozenset(only)
        """Ids: of what matches these alone; empty for all of it."""
        self.reason = clean(reason.strip(), _REASON_CHARS)

    async def plan(self) -> RetryMatchingPlan:
        """Freeze the failed tasks that match now; of what was frozen already say how many match now. Raises NotLive."""
        given = msgspec.structs.replace(self._listing.filter, status=("failed",))
        now = self._parts.likely_now()
        if self._listing.table is not Table.TASKS:
            return _none(given, now, "only tasks can be retried")
        found = await self._context.reads.lists.matching_tasks(given, MOST_ROWS + 1)
        found = {name: at for name, at in found.items() if not self._only or name in self._only}
        if self._shown is not None:
            return msgspec.structs.replace(self._shown, now=len(found))
        ids = tuple(found)[:MOST_ROWS]
        if not ids:
            return _none(given, now, "no failed task that matches is visible to us")
        # `now` lags behind by a margin: what failed within it was frozen too.
        at = max((now, *(over for over in found.values() if over is not None and over <= now + _AHEAD)))
        more = len(found) > MOST_ROWS
        one_of = "of one group, " if self._only else ""
        text = f"{plural(len(ids), 'task')} back to pending: {one_of}{filter_text(given, Table.TASKS)}"
        if more:
            text += f"; more match: one run takes {MOST_ROWS:,}, run it again for the rest"
        return RetryMatchingPlan(filter=given, ids=ids, at=at, frozen=text, more=more)

    async def prepare(self, run: str) -> Prepared | Result:
        """Refuse what has no reason, or a plan that could not be made."""
        shown = await self.agree()
        why = shown.refused or ("" if self.reason else "nothing was changed: say why, the audit trail keeps it")
        if why:
            return self.refused(why)
        told = {
            "reason": self.reason,
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
        return ReadBack(holds=Truth.of(run.changed > 0), text=run.text(), told={"reason": self.reason})


def _none(given: Filter, now: datetime, why: str) -> RetryMatchingPlan:
    return RetryMatchingPlan(filter=given, ids=(), at=now, frozen=why, refused=why)
