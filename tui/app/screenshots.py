"""Render the screen as text: the real app without a terminal, on a fixed snapshot, or those of a report."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol, cast

from textual.app import App

from core.base.clock import Clock
from core.domain.actions import Action
from core.domain.snapshot import Snapshot
from core.history.report import Report, When
from core.monitor import Monitor
from tui.base.settings import Setup
from tui.rendering.palettes import PLAIN

SIZE: Final = (100, 30)
"""Columns and rows: narrow enough for a page, and large enough for all panels."""

_ROUNDS: Final = 50


class Drawable(Protocol):
    """The app, or another kind of it."""

    def __call__(self, monitor: Monitor, setup: Setup, *, clock: Clock) -> App[None]:
        """Return one."""
        ...


async def draw(kind: Drawable, snapshot: Snapshot, size: tuple[int, int] = SIZE) -> str:
    """Return the dashboard as plain text, one line per row. It sends no request and writes to no terminal."""
    app = kind(cast("Monitor", _Standing(snapshot)), Setup(theme=PLAIN), clock=_Stopped(snapshot.at))
    async with app.run_test(size=size) as pilot:
        before = ""
        for _ in range(_ROUNDS):
            await pilot.pause()
            now = _text(app)
            if now == before:
                break
            before = now
    return before


async def turning_points(kind: Drawable, report: Report) -> Mapping[When, str]:
    """Return the screen at each turning point of a report, as text."""
    return {moment.when: await draw(kind, moment.snapshot) for moment in report.moments}


async def turning_points_beside(kind: Drawable, report: Report) -> Mapping[When, str]:
    """Return the same while a screen is shown: drawn in a thread, by apps with a loop of their own."""
    return await asyncio.to_thread(lambda: asyncio.run(turning_points(kind, report)))


def _text(app: App[None]) -> str:
    """Return the characters on the screen, after all filters for a terminal."""
    lines = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)


class _Standing:
    """A monitor with one fixed snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def subscribe(self, _listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        return lambda: None

    def may(self, _order: Action) -> str:
        return ""

    def may_note(self) -> str:
        return ""

    async def start(self) -> None:
        """Start nothing."""

    async def close(self) -> None:
        """Close nothing."""


class _Stopped:
    """A clock that stands at one moment."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def elapsed(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return self._at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
