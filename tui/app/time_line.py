"""What the time line shows: the course around the moment that is shown, read in a thread when the moment leaves it."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Final

from core.history.blackbox import Course, Zoom, read_course
from tui.actions.ui import Ui

_ZOOMS: Final = tuple(Zoom)


class FollowedCourse:
    """The course that was read last, and how much of the past it is."""

    def __init__(self, ui: Ui) -> None:
        self.course: Course | None = None
        self._ui = ui
        self._zoom = Zoom.HOUR

    async def follow(self, at: datetime, *, anew: bool = False) -> None:
        """Read the course around a moment, unless the one that is there holds it; `anew`: in any case."""
        before, zoom, now = self.course, self._zoom, self._ui.clock.now()
        stretch = None if before is None else before.stretch
        if stretch is not None and stretch.serves(at, zoom) and not anew:
            return
        found = await asyncio.to_thread(partial(read_course, self._ui.monitor.box, at, zoom, now, stretch))
        if self.course is before and zoom is self._zoom:  # else a later request was faster
            self.course = found
            self._ui.repaint()

    async def zoom(self, at: datetime, by: int) -> str:
        """Show more of the past, or less, around a moment. Return why that changes nothing, or an empty text."""
        place = _ZOOMS.index(self._zoom) + by
        if not 0 <= place < len(_ZOOMS):
            return "the time line shows all that is kept" if by > 0 else f"the time line shows {self._zoom} at least"
        before, self._zoom = self.course, _ZOOMS[place]
        await self.follow(at)
        whole = all(course is not None and course.stretch.whole for course in (before, self.course))
        return (
            f"all that is kept is shorter than {_ZOOMS[min(place, place - by)]}: the time line shows it"
            if whole
            else ""
        )

    def forget(self) -> None:
        """Forget the course: the next one ends at another now."""
        self.course = None
