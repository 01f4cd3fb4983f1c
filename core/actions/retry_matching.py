"""Many failed tasks sent back: what matches is frozen by its ids, and each goes back only if it still is as then."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.context import ActionContext
from core.actions.run import Run
from core.backend.writes import BATCH
from core.base.text import clean, plural
from core.domain.actions import RETRY_MATCHING, Result, RetryMatchingPlan
from core.domain.queries import Listing, Table, filter_text
from core.domain.status import Truth

MOST_ROWS: Final = 10_000
"""Most tasks one order sends back."""

_TITLE: Final = "Failed tasks"
_REASON_CHARS: Final = 500
_IDS_TOLD: Final = 1000
_AHEAD: Final = timedelta(seconds=60)
"""How far a task's own stamp may be ahead of what we take for the database's time, and still be believed."""


async def plan_retry_matching(means: ActionContext, listing: Listing, now: datetime) -> RetryMatchingPlan:
    """Return the failed tasks that match at the server's time `now`. Raises NotLive."""
    given = msgspec.structs.replace(listing.filter, status=("failed",))
    if listing.table is not Table.TASKS:
        why = "only tasks can be retried"
        return RetryMatchingPlan(filter=given, ids=(), at=now, text=why, refused=why)
    found = await means.live.matching_tasks(given, MOST_ROWS + 1)
    ids = tuple(found)[:MOST_ROWS]
    if not ids:
        why = "no failed task that matches is visible to us"
        return RetryMatchingPlan(filter=given, ids=(), at=now, text=why, refused=why)
    # `now` lags behind by a margin: what failed within it was frozen too.
    at = max((now, *(over for over in found.values() if over is not None and over <= now + _AHEAD)))
    more = len(found) > MOST_ROWS
    text = f"{plural(len(ids), 'task')} back to pending: {filter_text(given, Table.TASKS)}"
    if more:
        text += f"; more match: one run takes {MOST_ROWS:,}, run it again for the rest"
    return RetryMatchingPlan(filter=given, ids=ids, at=at, text=text, more=more)


class RetryMatching(Operation):
    """Sends back what was shown, batch by batch. The frozen ids are the plan: each is compared again at its write."""

    order = RETRY_MATCHING
    subject = _TITLE

    def __init__(self, means: ActionContext, shown: RetryMatchingPlan, reason: str) -> None:
        self._means = means
        self._shown = shown
        self._reason = clean(reason.strip(), _REASON_CHARS)

    async def prepare(self, run: str) -> Prepared | Result:
        """Refuse what has no reason, or a plan that could not be made."""
        shown = self._shown
        why = shown.refused or ("" if self._reason else "nothing was changed: say why, the audit trail keeps it")
        if why:
            return self.refused(why)
        told = {
            "reason": self._reason,
            "filter": filter_text(shown.filter, Table.TASKS),
            "at": shown.at.isoformat(),
            "tasks": shown.rows,
            "ids": shown.ids[:_IDS_TOLD],
        }
        return Prepared(told=told, planned=shown.rows, run=run)

    async def run(self, run: Run) -> None:
        """Send back each that still is the failure of then."""
        live, commands, until = self._means.live, self._means.commands, self._shown.at

        async def send(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await commands.retry_failed(ids, until=until)

        async def changed(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await live.sent_back_among(ids, until)

        async def left(ids: tuple[str, ...]) -> int:
            return await live.count_failed_until(ids, until)

        for start in range(0, self._shown.rows, BATCH):
            if run.halted():
                return
            ids = self._shown.ids[start : start + BATCH]
            batch = await run.change("db:retry_tasks", ids, send=send, changed=changed, left=left)
            run.count(ids, batch)
            run.tell(_TITLE, start + len(ids), self._shown.rows)

    async def read_back(self, run: Run) -> ReadBack:
        """Every batch was counted from its own answer, or read back where that was lost."""
        return ReadBack(holds=Truth.of(run.changed > 0), text=run.text(), told={"reason": self._reason})
