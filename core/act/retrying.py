"""Many failed tasks sent back: what matches is frozen by its ids, and each goes back only if it still is as then."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.act.audit import Trail
from core.act.healing import Progress
from core.act.means import Actor, Means, lost
from core.act.orders import RETRY_MATCHING, Phase, Result, RetryMatchingPlan
from core.act.tally import Tally, phase_of
from core.backend.commands import BATCH
from core.facts import Evidence
from core.listing import Listing, Table, filter_text
from core.resilience import NotLive
from core.text import clean, plural

MOST_ROWS: Final = 10_000
"""Most tasks one order sends back."""

_TITLE: Final = "Failed tasks"
_REASON_CHARS: Final = 500
_IDS_TOLD: Final = 1000
_AHEAD: Final = timedelta(seconds=60)
"""How far a task's own stamp may be ahead of what we take for the database's time, and still be believed."""


class Retrying:
    """Retries of many tasks of one project."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def plan(self, listing: Listing, now: datetime) -> RetryMatchingPlan:
        """The failed tasks that match at the server's time `now`. Raises NotLive."""
        given = msgspec.structs.replace(listing.filter, status=("failed",))
        if listing.table is not Table.TASKS:
            why = "only tasks can be retried"
            return RetryMatchingPlan(filter=given, ids=(), at=now, text=why, refused=why)
        found = await self._means.live.matching_tasks(given, MOST_ROWS + 1)
        ids = tuple(found)[:MOST_ROWS]
        if not ids:
            why = "no failed task that matches is visible to us"
            return RetryMatchingPlan(filter=given, ids=(), at=now, text=why, refused=why)
        # `now` lags behind by a margin: what failed within it was frozen too.
        at = max((now, *(over for over in found.values() if over is not None and over <= now + _AHEAD)))
        more = len(found) > MOST_ROWS
        text = f"{plural(len(ids), 'task')} back to pending: {filter_text(given, Table.TASKS)}"
        if more:
            text += f"; more match: this order takes {MOST_ROWS:,}, give it again for the rest"
        return RetryMatchingPlan(filter=given, ids=ids, at=at, text=text, more=more)

    async def retry(
        self,
        plan: RetryMatchingPlan,
        reason: str,
        actor: Actor,
        progress: Progress | None,
        go_on: Callable[[], str],
    ) -> Result:
        """Send back what was shown, batch by batch. Reports what really changed. Raises nothing for a fault."""
        reason = clean(reason.strip(), _REASON_CHARS)
        why = plan.refused or ("" if reason else "nothing was changed: say why, the audit trail keeps it")
        if why:
            return Result(order=RETRY_MATCHING.name, phase=Phase.REFUSED, text=why)
        trail = Trail(self._means, RETRY_MATCHING.name, actor)
        told = {
            "reason": reason,
            "filter": filter_text(plan.filter, Table.TASKS),
            "at": plan.at.isoformat(),
            "tasks": plan.rows,
            "ids": plan.ids[:_IDS_TOLD],
        }
        try:
            await trail.start(told)
        except NotLive as not_live:
            text = f"nothing was changed, the audit row could not be written: {not_live.fault.sentence()}"
            return Result(
                order=RETRY_MATCHING.name,
                phase=phase_of(not_live.fault),
                text=text,
                run=trail.run,
                planned=plan.rows,
            )
        tally = Tally(trail.run, actor.by, plan.rows, go_on)
        try:
            await self._apply(plan, tally, progress)
        except NotLive as not_live:
            tally.fail(_TITLE, not_live)
        audited = await trail.end(tally.described() | {"reason": reason}, completed=tally.whole)
        text = tally.text() + ("" if audited else "; the closing audit row could not be written")
        return Result(
            order=RETRY_MATCHING.name,
            phase=tally.phase(),
            text=text,
            run=trail.run,
            planned=plan.rows,
            changed=tally.changed,
            skipped=tally.skipped,
            refused=tally.refused,
        )

    async def _apply(self, plan: RetryMatchingPlan, tally: Tally, progress: Progress | None) -> None:
        for start in range(0, plan.rows, BATCH):
            if tally.halted():
                return
            ids = plan.ids[start : start + BATCH]
            try:
                changed = await self._send_back(ids, plan.at)
            except NotLive as not_live:
                if not lost(not_live):
                    raise
                await self._read_back(ids, plan.at, tally, not_live)
            else:
                left = await self._left(ids, changed, plan.at)
                # Still failed as before: the write was not allowed to us, and said so by changing nothing.
                _note(tally, ids, changed, left)
                tally.refused += left
            if progress is not None:
                progress(_TITLE, start + len(ids), plan.rows)

    async def _send_back(self, ids: tuple[str, ...], until: datetime) -> tuple[str, ...]:
        commands = self._means.commands
        return await self._means.write("db:retry_tasks", lambda: commands.retry_failed(ids, until=until))

    async def _read_back(self, ids: tuple[str, ...], until: datetime, tally: Tally, not_live: NotLive) -> None:
        """What a write did whose answer was lost. Raises NotLive where it did not do it all."""
        try:
            changed = await self._means.live.sent_back_among(ids, until)
            left = await self._left(ids, changed, until)
        except NotLive:
            tally.unknown += len(ids)
            raise
        _note(tally, ids, changed, left)
        if left and not_live.fault.evidence is Evidence.SILENT:
            tally.unknown += left  # it may be carried out yet
        if left:
            raise not_live

    async def _left(self, ids: tuple[str, ...], changed: tuple[str, ...], until: datetime) -> int:
        """How many that did not change are still failed as they were."""
        missed = tuple(name for name in ids if name not in changed)
        return await self._means.live.count_failed_until(missed, until) if missed else 0


def _note(tally: Tally, ids: tuple[str, ...], changed: tuple[str, ...], left: int) -> None:
    tally.changed += len(changed)
    tally.ids += changed
    tally.skipped += len(ids) - len(changed) - left
