"""The report of an incident, made from this machine's black box and the project's log."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from core.base.errors import WatchdeskError
from core.domain.log_steps import is_ours
from core.domain.records import LogEntry
from core.history.blackbox import Box
from core.history.report import Report, compose, kept, without_secrets
from core.resilience import NotLive
from core.services.config import Config

_ROWS: Final = 5000
"""The most rows of each kind that are read from the project's log, the newest ones."""


Told = Callable[[datetime, datetime, int], Awaitable[tuple[LogEntry, ...]]]
"""Reads the rows of the project's log of a period, so many of each kind at most. Raises NotLive."""


class NothingRecorded(WatchdeskError):
    """Nothing was kept of a period. `never`: nor of any other."""

    def __init__(self, why: str, *, never: bool) -> None:
        super().__init__(why)
        self.never = never


async def incident_report(
    config: Config,
    box: Box,
    told: Told,
    window: tuple[datetime, datetime],
    host: str,
) -> tuple[Report, str]:
    """Return the report, without its pictures, and what of the project's log is missing in it, in words.

    Raises NothingRecorded.
    """
    now, (since, until) = datetime.now(UTC), window
    await asyncio.to_thread(_check_recorded, box, since, until)
    rows, asked = await _rows(told, since, until)
    secrets = (*config.target.secrets, *config.alerts.secrets())

    def work() -> Report:
        found = kept(box, since, until, rows=rows, asked=asked)
        whole = compose(found, since=since, until=until, made_at=now, host=host)
        return without_secrets(msgspec.structs.replace(whole, notices=(*whole.notices, *box.damage())), secrets)

    return await asyncio.to_thread(work), asked


def local(moment: datetime) -> str:
    """Return a moment in full, in local time."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def _check_recorded(box: Box, since: datetime, until: datetime) -> None:
    span = box.span()
    if span is None:
        why = "there is no black box of this project here yet; it is kept while the monitor runs"
        raise NothingRecorded(why, never=True)
    if not box.looks(since, until):
        has = f"the black box has {local(span[0])} to {local(span[1])}"
        raise NothingRecorded(f"nothing was kept from {local(since)} to {local(until)}; {has}", never=False)


async def _rows(told: Told, since: datetime, until: datetime) -> tuple[tuple[LogEntry, ...], str]:
    """Return rows of the project's log, and what is missing of them, in words; empty if nothing is."""
    try:
        rows = await told(since, until, _ROWS)
    except NotLive as not_live:
        why = not_live.fault.sentence()
        return (), f"could not be read: {why}; what other hosts did is told only as far as it was on the screen here"
    ours = sum(is_ours(row.step) for row in rows)
    counts = {"rows of watchdogs and actions": ours, "failed steps": len(rows) - ours}
    if cut := [kind for kind, count in counts.items() if count >= _ROWS]:
        many = " and of ".join(cut)
        return rows, f"has {_ROWS:,} or more {many} of this time, and only the newest {_ROWS:,} of them were read"
    return rows, ""
