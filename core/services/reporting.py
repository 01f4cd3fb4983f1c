"""The report of an incident, made from this machine's black box and the project's log."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from core.backend.reads import Reads
from core.base.errors import WatchdeskError
from core.domain.log_steps import is_ours
from core.domain.records import LogEntry
from core.domain.work_done import WorkDone
from core.history.blackbox import Box
from core.history.report import Report, compose, kept, without_secrets
from core.resilience import NotLive
from core.services.config import Config

_ROWS: Final = 5000
"""The most rows of each kind that are read from the project's log, the newest ones."""


class ProjectRecords:
    """What the project itself has of a period. `discover` finds out its schema."""

    def __init__(self, reads: Reads, discover: Callable[[], Awaitable[object]]) -> None:
        self._reads = reads
        self._discover = discover

    async def rows(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """Return the log's rows of a period: those that monitors wrote, then the agents' failed steps.

        Each newest first and up to `limit`. Raises NotLive.
        """
        await self._discover()
        told = await self._reads.logs.told_between(since, until, limit)
        return told + await self._reads.logs.failed_between(since, until, limit)

    async def work(self, since: datetime, until: datetime) -> WorkDone:
        """Return what became of the tasks of a period, as the project has it now. Raises NotLive."""
        await self._discover()
        reads = self._reads.trends
        rate = await reads.count_finished(since, until)
        return WorkDone(
            completed=rate.completed,
            failed=rate.failed,
            simulated=await reads.count_simulated(since, until),
            failures=await reads.failures(since, until),
        )


class NothingRecorded(WatchdeskError):
    """Nothing was kept of a period, and the project could not be asked. `never`: nor of any other."""

    def __init__(self, why: str, *, never: bool) -> None:
        super().__init__(why)
        self.never = never


async def incident_report(
    config: Config,
    box: Box,
    records: ProjectRecords,
    window: tuple[datetime, datetime],
    host: str,
) -> tuple[Report, str]:
    """Return the report, without its pictures, and what of the project's log is missing in it, in words.

    Without a black box it is what the project's tables tell. Raises NothingRecorded where those are unread as well.
    """
    now, (since, until) = datetime.now(UTC), window
    unseen, never = await asyncio.to_thread(_unseen, box, since, until)
    rows, work, asked = await _asked(records, since, until)
    if unseen and rows is None:
        raise NothingRecorded(unseen, never=never)
    secrets = (*config.target.secrets, *config.alerts.secrets())

    def made() -> Report:
        told, ended = without_secrets(rows or (), secrets), without_secrets(work, secrets)  # sentences are made of them
        found = kept(box, since, until, rows=told, asked=asked)._replace(unseen=unseen, work=ended)
        whole = compose(found, since=since, until=until, made_at=now, host=host)
        if unseen:
            target = config.target
            whole = msgspec.structs.replace(whole, project=target.name, url=target.url.partition("://")[2])
        return without_secrets(msgspec.structs.replace(whole, notices=(*whole.notices, *box.damage())), secrets)

    return await asyncio.to_thread(made), asked


def local(moment: datetime) -> str:
    """Return a moment in full, in local time."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def _unseen(box: Box, since: datetime, until: datetime) -> tuple[str, bool]:
    """Return why the black box has nothing of a period, in words, and whether it has nothing at all; empty: it has."""
    span = box.span()
    if span is None:
        return (
            "there is no black box recording of this project on this machine yet; it is recorded while the monitor runs"
        ), True
    if not box.looks(since, until):
        has = f"the black box has {local(span[0])} to {local(span[1])}"
        return f"nothing was recorded from {local(since)} to {local(until)}; {has}", False
    return "", False


async def _asked(
    records: ProjectRecords, since: datetime, until: datetime
) -> tuple[tuple[LogEntry, ...] | None, WorkDone | None, str]:
    """Return rows of the project's log, `None` if unread, what became of its tasks, and what is missing, in words."""
    try:
        rows = await records.rows(since, until, _ROWS)
    except NotLive as not_live:
        why = not_live.fault.sentence()
        told = f"could not be read: {why}; actions of other hosts appear only if this screen showed them"
        return None, None, told
    try:
        work = await records.work(since, until)
    except NotLive:
        work = None  # its column stays empty
    ours = sum(is_ours(row.step) for row in rows)
    counts = {"rows of watchdogs and actions": ours, "failed steps": len(rows) - ours}
    if cut := [kind for kind, count in counts.items() if count >= _ROWS]:
        many = " and of ".join(cut)
        return rows, work, f"has {_ROWS:,} or more {many} of this time, and only the newest {_ROWS:,} of them were read"
    return rows, work, ""
