"""The base of every screen: the top line, a banner where one is due, the body, and the keys."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from core.base.error_boundary import ErrorBoundary
from core.domain.snapshot import Snapshot
from tui.actions.ui import Ui
from tui.base.error_boundary import error_boundary
from tui.base.key import Key
from tui.panels import AwayPanel, Banner, KeyLine, Panel, TimeLine, TopLine, Unavailable
from tui.panels.panel import STEADY_S, stands
from tui.rendering.text import Line
from tui.screens.keys import GLOBAL_KEYS, keys_in_the_past
from tui.screens.narrow import NarrowCompositor
from tui.time_travel.recorded import Moment, clock, unavailable

P = TypeVar("P", bound=Panel)


class Body(Container):
    """The container between the top lines and the key line. It reports each change of its size."""

    class Resized(Message):
        """Sent when its contents must be laid out anew."""

    def on_resize(self) -> None:
        """Report the new size."""
        self.post_message(self.Resized())


class View(Screen[None]):
    """The base of every view: `show` hands a snapshot to every panel, which draws what changed."""

    OWN_KEYS: ClassVar[tuple[Key, ...]] = ()
    """The keys that have a meaning in this view only."""
    QUESTIONS: ClassVar[bool] = True
    """True if a dialog, or a view that was just read, may open on top of it."""
    holds = True
    """True if a key that would act is held back after an absence, because the summary is shown here first."""
    KEPT: ClassVar[bool] = False
    """True if it is made of the snapshot alone, and so can show a past one."""

    def __init__(self, ui: Ui) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()
        self.ui = ui
        self._boundary = ErrorBoundary(ui.tell)
        self._style = (ui.appearance.signs, ui.appearance.styles)
        self._time_marks = (False, False, False)
        self._focused_before: Widget | None = None
        self._panels: tuple[Panel, ...] = ()
        self._drawn: Snapshot | None = None
        self._drawn_beside: tuple[object, ...] = ()
        """The last snapshot that every panel was given, and what else."""
        self._body = Body(id="body")

    def compose(self) -> ComposeResult:
        """Yield top lines, banners, body and key line."""
        yield TopLine(*self._style, id="top")
        yield TimeLine(*self._style, id="time-line")
        yield Banner(*self._style, id="banner")
        yield AwayPanel(*self._style, id="away")
        yield Unavailable(*self._style, id="unavailable")
        with self._body:
            yield from self.body()
        keys = KeyLine(*self._style, id="keys")
        keys.keymap = self.ui.appearance.keymap
        yield keys

    def body(self) -> Iterable[Widget]:
        """Yield the widgets between the top lines and the key line."""
        raise NotImplementedError

    def panels(self, kind: type[P]) -> Iterator[P]:
        """Yield its panels of a kind; before it is mounted some may be missing."""
        panels = self._panels or tuple(self.query(Panel))
        if self.is_mounted:
            self._panels = panels
        return (panel for panel in panels if isinstance(panel, kind))

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return every key that does something here, the view's own first."""
        return (*self.OWN_KEYS, *(key for key in GLOBAL_KEYS if key.name != "faults" or self.ui.faults is not None))

    def unavailable(self, moment: Moment) -> str:
        """Return the text in place of the body where the past moment cannot be shown; empty where it can."""
        return unavailable(moment, kept=self.KEPT)

    @property
    def copied(self) -> str:
        """Return the text that `y` copies here."""
        return ""

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw a snapshot."""
        past = self.ui.time.moment
        said = "" if past is None else self.unavailable(past)
        self._mark(past, said)
        beside = (banner, past, said, *self._beside())
        if beside == self._drawn_beside and self._is_drawn(snapshot):
            return
        self._drawn, self._drawn_beside = snapshot, beside
        for panel in self.panels(Panel):
            panel.times = self.ui.times
            if isinstance(panel, Banner):
                panel.say(banner)
            if isinstance(panel, TopLine):
                panel.still = self._stands_at(snapshot) if banner else ""
            if isinstance(panel, TimeLine):
                panel.display = past is not None and not self.has_class("small")
                panel.put(self.ui.time.course, snapshot.at)
            if isinstance(panel, AwayPanel):
                away = self.ui.away
                panel.put(away.summary, away.held, self.size.width, self.size.height // 3)
            if isinstance(panel, Unavailable):
                panel.say(said)
            if isinstance(panel, KeyLine):
                panel.keys = self.keys if past is None else keys_in_the_past(self.keys)
                panel.past = past is not None
                panel.notes = not self.ui.monitor.may_note()
            panel.show(snapshot)

    def _beside(self) -> tuple[object, ...]:
        """Return what the panels are made of besides the snapshot, the banner and the moment that is shown."""
        ui, away = self.ui, self.ui.away
        return (
            ui.times,
            ui.time.course,
            away.summary,
            away.held,
            ui.faults is None,
            ui.monitor.may_note(),
            self.size,
            self.focused,
        )

    def _is_drawn(self, snapshot: Snapshot) -> bool:
        """Return whether no panel would draw another line for this snapshot: most seconds nothing changes."""
        if not stands(self._drawn, snapshot, STEADY_S):
            return False
        untils = (panel.stands_until for panel in self.panels(Panel))
        return all(until is not None and snapshot.at < until for until in untils)

    def _stands_at(self, snapshot: Snapshot) -> str:
        """Return the time of a snapshot that stands still: of the past, frozen, or the last one that came."""
        at = (None if self.ui.frozen else self.ui.stale_screen.since) or snapshot.at
        return clock(at, self.ui.clock.now())

    def _mark(self, past: Moment | None, said: str) -> None:
        """Mark the view as past or present. The widget with the focus gets it back in the present."""
        marks = past is not None, past is not None and past.gap is not None, bool(said)
        if marks == self._time_marks:
            return
        self._time_marks = marks
        self.set_class(marks[0], "past")
        self.set_class(marks[1], "unseen")
        self.call_after_refresh(self.ui.repaint)  # with a border there is less room for everything
        if bool(said) is self.has_class("unavailable"):
            return
        if said:
            self._focused_before = self.focused
        self.set_class(bool(said), "unavailable")
        if not said and self._focused_before is not None:
            self.set_focus(self._focused_before)

    def on_time_line_picked(self, message: TimeLine.Picked) -> None:
        """Go to the moment of the clicked cell."""
        self.run_worker(self._go(message.at), group="keys")

    async def _go(self, at: datetime) -> None:
        with error_boundary("the time line", self.ui.tell):
            await self.ui.time.go(at)

    def on_screen_resume(self) -> None:
        """Draw what came while another screen was on top."""
        self.ui.repaint()

    def on_body_resized(self) -> None:
        """Lay the body out anew."""
        self.ui.repaint()

    def on_resize(self, event: Resize) -> None:
        """Set the classes of the layout by size: wide, tall, small, one line, or bare."""
        width, height = event.size
        self.set_class(width >= 160, "wide")
        self.set_class(height >= 40, "tall")
        self.set_class(width < 70 or height < 20, "small")
        self.set_class(height < 8 or width < 40, "line")
        self.set_class(height < 2, "bare")
        self.ui.repaint()


def takes_questions(screen: Screen[Any]) -> bool:
    """Return whether a dialog may open on it: it is no dialog itself, and no wall."""
    return isinstance(screen, View) and screen.QUESTIONS
