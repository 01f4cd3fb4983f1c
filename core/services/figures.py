"""Figures of finished tasks over a span, read from the project; the last ones of each window are kept here."""

import asyncio
from datetime import datetime
from typing import Final

import msgspec

from core.backend.conditions import Place
from core.backend.reads.figures import STREAMS, Stream
from core.domain.figures import Figures, FigureSpan, FinishedTask, figures
from core.resilience import NotLive
from core.resilience.guard import Outcome
from core.resilience.reading import Reading, Source
from core.services.browsing import RowReader
from core.services.context import Context

MOST_FIGURED: Final = 20_000
"""The most tasks that figures are made of, the newest."""

_READING_S: Final = 1.5
_AGAIN_S: Final = 30.0


class FigureService:
    """Reads what finished, the newest first, for no longer than a person waits; says what that leaves out."""

    def __init__(self, context: Context, rows: RowReader) -> None:
        self._context = context
        self._reads = context.panel_reads
        self._rows = rows
        self._reading_s = _READING_S
        self._read: dict[str, tuple[float, Reading[Figures]]] = {}
        """What was read last under each name, and when."""

    async def figures(self, since: datetime) -> Figures:
        """Return the figures since a moment. Raises NotLive."""
        clock, now = self._context.clock, self._context.time.likely()
        began, streams = clock.elapsed(), [_Reader(stream) for stream in STREAMS]
        await asyncio.gather(*(self._advance(one, since, now) for one in streams))
        while unread := [one for one in streams if one.more]:
            if sum(len(one.found) for one in streams) >= MOST_FIGURED or clock.elapsed() - began >= self._reading_s:
                break
            await self._advance(max(unread, key=lambda one: one.reached), since, now)
        reached = max((one.reached for one in unread), default=None)
        about: int | None = None
        if reached is not None:
            about = await self._rows.ask(self._reads.figures.about(since, now))
        tasks = [task for one in streams for task in one.found if reached is None or task.at >= reached]
        marked = self._reads.schema.telltale.any
        span = FigureSpan(since=since, until=now, reached=reached, marked=marked)
        return await asyncio.to_thread(figures, tasks, span, about=about)

    async def last_known(self, since: datetime, name: str) -> Reading[Figures]:
        """Return the figures since a moment, else the last ones read under `name`. Never raises for a fault.

        What was read less than half a minute ago is not read again.
        """
        elapsed = self._context.clock.elapsed()
        at, known = self._read.get(name, (0.0, Reading[Figures]()))
        if known.live and elapsed - at < _AGAIN_S:
            return known
        try:
            outcome = Outcome(await self.figures(since), Source.LIVE, self._context.clock.now())
        except NotLive as not_live:
            outcome = Outcome(fault=not_live.fault)
        found: Reading[Figures] = await self._context.guard.kept(
            outcome,
            cache_key=f"figures/{name}",
            encode=msgspec.to_builtins,
            decode=lambda kept: msgspec.convert(kept, Figures),
        )
        self._read[name] = (elapsed, found)
        return found

    async def _advance(self, one: "_Reader", since: datetime, now: datetime) -> None:
        page = await self._rows.ask(self._reads.figures.page(one.stream, since, now, one.last))
        one.found += page.tasks
        one.last, one.more = page.last or one.last, page.more


class _Reader:
    """One stream as far as it was read."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.found: list[FinishedTask] = []
        self.last: Place | None = None
        self.more = True

    @property
    def reached(self) -> datetime:
        """Return when the last task was over that was read of it."""
        return self.found[-1].at
