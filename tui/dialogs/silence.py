"""Silence alerts: which, how long, and why."""

import re
from datetime import timedelta
from typing import Final

from textual.app import ComposeResult
from textual.widgets import Input

from core.base.text import plural, short
from core.domain.actions import SILENCE, Result
from tui.base.interfaces import MonitorLike
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field

_LENGTH: Final = re.compile(r"(\d{1,4})\s*(min|m|h|d)")
_UNITS: Final = {"min": "minutes", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST: Final = timedelta(days=7)


class SilenceDialog(Dialog):
    """Asks for a time and a reason, which everybody who finds it silent will read."""

    ACT = "Silence"

    def __init__(self, monitor: MonitorLike, matcher: str) -> None:
        super().__init__(f"Silence {matcher} of {monitor.snapshot.project.name}: {SILENCE.effect}")
        self._monitor = monitor
        self._matcher = matcher

    def fields(self) -> ComposeResult:
        """How long, and why."""
        yield Field(value="2h", placeholder="how long: 30min, 2h, 7d", id="lasts", max_length=10)
        yield Field(placeholder="reason", id="reason", max_length=200)

    async def plan(self) -> str:
        """What it concerns now."""
        firing = [one for one in self._monitor.snapshot.alerts if one.fires]
        about = [one for one in firing if self._matcher in {"*", one.key, one.severity}]
        return f"It concerns {plural(len(about), 'alert')} now"

    def told(self, planned: str) -> str:
        """And for how long, as it is typed."""
        lasts = self._lasts()
        how = f"for {short(lasts)}" if lasts is not None else "for how long? 30min, 2h, at most 7d"
        return f"{planned}, {how}. What was told already is told when it is over."

    async def act(self) -> Result | None:
        """Silence it."""
        lasts = self._lasts()
        if lasts is None:
            return None
        return await self._monitor.silence(self._matcher, lasts, self.query_one("#reason", Input).value.strip())

    def ready(self) -> bool:
        """A time that can be, and a reason."""
        return self._lasts() is not None and bool(self.query_one("#reason", Input).value.strip())

    def _lasts(self) -> timedelta | None:
        match = _LENGTH.fullmatch(self.query_one("#lasts", Input).value.strip().lower())
        lasts = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
        return lasts if timedelta() < lasts <= _LONGEST else None
