"""What happened in the past, for the trends: by the project's log, by this machine's black box, and by its notes.

The log is asked for actions and alerts alone, by one small request when a window is shown that reaches further back.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from core.backend.reads.trends import MOST_EVENTS
from core.domain.events import Event
from core.domain.records import LogEntry
from core.history.availability import Span
from core.history.blackbox import Box
from core.history.incidents import incidents
from core.history.trend_events import (
    OF_ACTIONS,
    OF_ALERTS,
    Happened,
    in_order,
    of_events,
    of_incidents,
    of_notes,
    of_rows,
)
from core.resilience import Policy
from core.services.context import Context

_AGAIN: Final = timedelta(minutes=10)
"""The last part of what was read is read again: rows are written late, and clocks differ."""

_MOST_KEPT: Final = 2_000
_MOST_PICTURES: Final = 24
"""The most pictures of the black box that are looked at for a window: each holds the last 200 events before it."""

_TICK: Final = timedelta(microseconds=1)


class PastEvents:
    """Collects the events of one project. `spans`: the availability that this machine saw."""

    def __init__(self, context: Context, box: Box, spans: Callable[[], tuple[Span, ...]]) -> None:
        self._context = context
        self._box = box
        self._spans = spans
        self._rows: dict[str, LogEntry] = {}
        self._since: datetime | None = None
        """The time from which on every row was read."""
        self._until: datetime | None = None
        self._looking = asyncio.Lock()
        self._recorded: dict[Event, None] = {}
        self._recorded_since: datetime | None = None

    async def happened(self, since: datetime, now: datetime) -> Happened:
        """Return what is known of a period now; nothing is read from the project."""
        own, spans = self._context.events.own, self._spans()
        rows = [row for row in self._rows.values() if row.at is not None and since <= row.at]
        cut = self._since if self._since is not None and self._since > since else None

        def collected() -> Happened:
            recorded = self._recorded_events(since, now)
            found = in_order(
                of_incidents(incidents(spans)),
                of_events(dict.fromkeys(chain(own, recorded))),
                of_rows(rows),
                of_notes(self._box.notes(since, now + _TICK)),
            )
            return Happened(events=tuple(one for one in found if since <= one.at <= now), since=cut)

        async with self._looking:
            return await asyncio.to_thread(collected)

    async def read(self, since: datetime, now: datetime) -> None:
        """Read from the project's log what happened since a moment, as far as that was not read. Raises NotLive."""
        begin = since
        if self._since is not None and self._until is not None and self._since <= since:
            begin = max(since, self._until - _AGAIN)
        read = self._context.panel_reads.trends.events(begin, now, tuple(OF_ACTIONS), tuple(OF_ALERTS))
        policy = Policy(total_s=self._context.config.refresh.total_s, retry=None)
        found = await self._context.guard.live(read.key, read.ask, policy=policy)
        self._rows |= {row.id: row for row in found}
        for name in list(self._rows)[:-_MOST_KEPT]:
            del self._rows[name]
        reached = min((row.at for row in found if row.at is not None), default=begin)
        whole = len(found) < MOST_EVENTS
        if begin == since:
            self._since = begin if whole else reached
        elif not whole:
            self._since = reached
        self._until = now

    def _recorded_events(self, since: datetime, now: datetime) -> tuple[Event, ...]:
        """Return the events of earlier processes in the black box, looked for once. It reads files and blocks."""
        until = now if self._recorded_since is None else self._recorded_since
        for _ in range(_MOST_PICTURES):
            if until <= since:
                break
            picture = self._box.at(until) or self._box.step(until, -1)
            if picture is None:
                until = since
                break
            told = [event for event in picture.events if not event.row]
            self._recorded |= dict.fromkeys(told)
            until = min([picture.at, until, *(event.at for event in told)]) - _TICK
        self._recorded_since = until
        return tuple(event for event in self._recorded if event.at >= since)
