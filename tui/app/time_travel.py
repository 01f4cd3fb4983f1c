"""Time travel: the moment that the screen shows, and how it moves. One read at a time, in a thread."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from core.base.store import NotKept
from core.base.text import clean
from core.base.time_input import EXAMPLES, last_moment_of
from core.domain.alert_view import AlertView
from core.domain.snapshot import Snapshot
from core.history.blackbox import Box, Course
from tui.actions.ui import Ui
from tui.app.time_line import FollowedCourse
from tui.rendering.text import Line, oldness
from tui.screens.keys import SCREEN_KEYS, TIME_KEYS
from tui.time_travel.recorded import Moment, NotThere, again, banner, blank, clock, marked, moment_at, sentence, stepped

_HELD_S: Final = 0.2
"""A key that repeats within so many seconds is held down."""

_STRIDES: Final = ((60, 60), (30, 20), (12, 5))
"""Pairs of repeats of a held key, and how many snapshots it then moves at once."""

_MOST: Final = 240
"""The most snapshots that one read moves over, however many keys came while the one before was under way."""

_SLOW_S: Final = 0.5

_EARLIER_KEY: Final = next(key for key in TIME_KEYS if key.name == "earlier")
_NOW_KEY: Final = next(key for key in TIME_KEYS if key.name == "now")
_FREEZE_KEY: Final = next(key for key in SCREEN_KEYS if key.name == "freeze")

Read = Callable[[Box, Moment, int, datetime], Moment | None]


class TimeTravel:
    """The screen shows the present, a frozen snapshot, or `moment`: one of the past, from the black box."""

    def __init__(self, ui: Ui) -> None:
        self.moment: Moment | None = None
        self._ui = ui
        self._line = FollowedCourse(ui)
        self._frozen: Snapshot | None = None
        self._fired: set[tuple[str, str]] = set()
        """Keys and episodes of the alerts that fired when the screen left the present."""
        self._wanted: tuple[Read, int] = (stepped, 0)
        self._reading = False
        self._turn = 0
        """The number of the current request; a read that belongs to an earlier one is dropped."""
        self._pressed: tuple[int, float] = (0, 0.0)
        """Direction of the last step, and its time in seconds."""
        self._repeats = 0

    async def step(self, direction: int) -> None:
        """Go to the next snapshot, or the previous one; further at once while the key is held down."""
        at, (before, pressed_at) = self._ui.clock.elapsed(), self._pressed
        self._repeats = self._repeats + 1 if before == direction and at - pressed_at < _HELD_S else 0
        self._pressed = direction, at
        stride = next((snapshots for repeats, snapshots in _STRIDES if self._repeats >= repeats), 1)
        await self._move(stepped, direction * stride)

    async def mark(self, direction: int) -> None:
        """Go to the next event, or the previous one."""
        await self._move(marked, direction)

    async def jump(self, typed: str) -> str:
        """Go to a time as typed by the operator. Return why that is not possible, or an empty text."""
        now = self._ui.clock.now()
        at = last_moment_of(typed, now)
        if at is None:
            return f"{clean(typed, 40)!r} is no time; write {EXAMPLES}"
        return await self._read(self._stop(), partial(moment_at, self._ui.monitor.box, at, now))

    async def go(self, at: datetime) -> None:
        """Go to a moment of the time line."""
        read = partial(moment_at, self._ui.monitor.box, at, self._ui.clock.now())
        if said := await self._read(self._stop(), read):
            self._ui.tell(said)

    async def zoom(self, by: int) -> None:
        """Show more of the past in the time line, or less."""
        if self.moment is None:
            self._ui.tell(f"the time line is in the past: {_EARLIER_KEY.shown(self._ui.appearance.keymap)} goes there")
        elif said := await self._line.zoom(self.moment.at, by):
            self._ui.tell(said)

    def noted_at(self) -> datetime:
        """Return the moment that a note would be about: the one that is shown."""
        return self.shown.at

    async def note(self, text: str, at: datetime) -> str:
        """Keep a note about a moment. Return why that is not possible, or an empty text."""
        try:
            note = await self._ui.monitor.note(text, at)
        except NotKept as not_kept:
            return str(not_kept)
        self._ui.tell(f"noted at {clock(note.at)}: {note.text}")
        if self.moment is not None:
            read = partial(again, self._ui.monitor.box, self.moment, self._ui.clock.now())
            await self._read(self._turn, read, anew=True)
        return ""

    def freeze(self) -> None:
        """Freeze or unfreeze the screen. In the past it stands still anyway, and only going back ends that."""
        if self.moment is not None:
            self._ui.tell(self.refusal)
            return
        self._frozen = self.shown if self._frozen is None else None
        self._ui.repaint()

    def now(self) -> None:
        """Return to the present; a read that is under way is dropped."""
        self._stop()
        if self.moment is not None:
            self.moment = None
            self._line.forget()
            self._ui.repaint()

    def live(self) -> None:
        """Return to the present, and unfreeze."""
        self._frozen = None
        self.now()

    # For the screen

    @property
    def course(self) -> Course | None:
        """Return the course of the state for the time line, once it is read."""
        return self._line.course

    @property
    def shown(self) -> Snapshot:
        """Return the snapshot on the screen: the newest at the current time, unless one is frozen or of the past."""
        if self.moment is not None:
            return self.moment.snapshot or blank(self.moment, self._ui.monitor.snapshot.project)
        return self._frozen or msgspec.structs.replace(self._live, at=self._ui.clock.now())

    @property
    def _live(self) -> Snapshot:
        """Return the newest snapshot; with nothing in it live once no new one comes."""
        return self._ui.stale_screen.aged(self._ui.monitor.snapshot)

    @property
    def stands(self) -> bool:
        """Return whether the snapshot on the screen is frozen or of the past."""
        return self._frozen is not None or self.moment is not None

    @property
    def refusal(self) -> str:
        """Return why no action is possible; empty while the screen shows the present."""
        if self.moment is None:
            return ""
        return sentence(self.moment, self._back(), self._ui.clock.now())

    def banner(self) -> Line:
        """Return the time that is shown and the present state; empty while the screen shows the present."""
        live = self._live
        if self.moment is None:
            return () if self._frozen is None else self._frozen_since(self._frozen.at, live)
        began = [one.title for one in live.alerts if _fires(one) and (one.key, one.episode) not in self._fired]
        return banner(self.moment, live, began, self._back(), self._ui.clock.now())

    def _frozen_since(self, at: datetime, live: Snapshot) -> Line:
        key = _FREEZE_KEY.shown(self._ui.appearance.keymap)
        since = f"FROZEN at {at.astimezone():%H:%M:%S}, {oldness(at, self._ui.clock.now())}"
        return ((f"{since} · now {live.state.upper()} {live.link.word} · {key} goes on", "banner"),)

    def _back(self) -> str:
        """Return the key that goes back to the present from the current view."""
        return "esc" if self._ui.at_home else _NOW_KEY.shown(self._ui.appearance.keymap)

    # One read after the other

    async def _move(self, how: Read, by: int) -> None:
        before, already = self._wanted
        self._wanted = how, max(-_MOST, min(_MOST, already + by if before is how else by))
        if self._reading:  # the running read includes it
            return
        self._reading = True
        try:
            while self._wanted[1]:
                (wanted, many), self._wanted = self._wanted, (stepped, 0)
                start = self.moment or Moment(at=(self._frozen or self._ui.monitor.snapshot).at)
                read = partial(wanted, self._ui.monitor.box, start, many, self._ui.clock.now())
                if said := await self._read(self._turn, read):
                    self._ui.tell(said)
        finally:
            self._reading = False

    def _stop(self) -> int:
        """Drop every read that was requested until now, and return the number of the next request."""
        self._wanted = stepped, 0
        self._turn += 1
        return self._turn

    async def _read(self, turn: int, read: Callable[[], Moment | None], *, anew: bool = False) -> str:
        """Read, and show what was found. Return why there is nothing, or an empty text."""
        leaves = self.moment is None
        reading = asyncio.ensure_future(asyncio.to_thread(read))
        if not (await asyncio.wait({reading}, timeout=_SLOW_S))[0]:
            self._ui.tell("reading the black box …")
        try:
            found = await reading
        except NotThere as not_there:
            return str(not_there)
        if turn == self._turn and not (leaves and self._ui.asking):  # a dialog is about the present
            self._show(found, leaves=leaves)
            if found is not None:
                await self._line.follow(found.at, anew=anew)
        return ""

    def _show(self, found: Moment | None, *, leaves: bool) -> None:
        if leaves and found is not None:
            self._fired = {(one.key, one.episode) for one in self._ui.monitor.snapshot.alerts if _fires(one)}
            self._frozen = None
        if leaves and found is None:
            self._ui.tell("already showing the present")
        self.moment = found
        if found is None:
            self._line.forget()
        self._ui.repaint()


def _fires(alert: AlertView) -> bool:
    return alert.state == "firing"
