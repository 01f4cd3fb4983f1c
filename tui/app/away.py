"""Whether somebody is there. Who comes back after a while is told what happened, and orders nothing by accident."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from textual import events
from textual.widget import Widget
from textual.widgets import Input

from core.base.clock import Clock
from core.domain.snapshot import Snapshot
from core.history.away import Absence, Summary
from tui.app.key import Key, displayed

_SIGNS_OF_LIFE: Final = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)


class ActiveView(Protocol):
    """A view on top, as far as a key concerns it."""

    @property
    def holds(self) -> bool:
        """Whether what would act there is held back from who was away."""
        ...

    @property
    def keys(self) -> Sequence[Key]: ...

    @property
    def focused(self) -> Widget | None: ...


class AwayTracker:
    """Hears every key, click and snapshot. `away_s` 0: nobody is ever missed.

    The first key after an absence does what it does where that is looking. Where it would order, quit, or answer a
    question that was left open, it does nothing yet: whoever presses it has not seen what it would be about.
    """

    def __init__(self, clock: Clock, away_s: float, keymap: Mapping[str, str]) -> None:
        self._clock = clock
        self._away_s = away_s
        self._keymap = keymap
        self._touched_at = clock.elapsed()
        self._absence: Absence | None = None
        self._button_held = False
        self._waiting: Summary | None = None
        self.summary: Summary | None = None
        """What is shown to who came back, until the next key."""
        self.held = ""
        """The key that did nothing yet."""

    def heard(self, snapshot: Snapshot) -> None:
        """Another snapshot. What a start brings is no news to anybody."""
        if self._absence is not None:
            self._absence.heard(snapshot)
        elif snapshot.ready:
            self._absence = Absence(snapshot)

    def keeps(self, event: events.Event, snapshot: Snapshot, view: ActiveView | None) -> bool:
        """Take note of a key or a click, and of what is shown to who gave it; whether it must do nothing.

        `view`: what is on top; `None` while a question is.
        """
        if isinstance(event, events.MouseUp):
            return self._let_go(view)
        if not isinstance(event, _SIGNS_OF_LIFE):
            return False
        gone_s = self._clock.elapsed() - self._touched_at
        self._touched_at = self._clock.elapsed()
        absence, self._absence = self._absence, Absence(snapshot) if snapshot.ready else None
        if not self._away_s or gone_s < self._away_s or absence is None:
            return isinstance(event, events.Key) and self._goes(view) and event.key == "escape"
        summary = absence.until(snapshot)
        held = self._would_act(event, view)
        if isinstance(event, events.MouseDown) and not held:
            self._waiting = summary
            return False
        self.summary, self._button_held = summary, held and isinstance(event, events.MouseDown)
        self.held = "" if not held else displayed(event.key) if isinstance(event, events.Key) else "the click"
        return held

    def _let_go(self, view: ActiveView | None) -> bool:
        """The end of a click: now lines may move, and it still lands where it was meant to."""
        if self._button_held:
            self._button_held = False
            return True
        if self._waiting is not None:
            self.summary, self.held, self._waiting = self._waiting, "", None
        else:
            self._goes(view)
        return False

    def _goes(self, view: ActiveView | None) -> bool:
        """The summary goes with the next key or click on a view. Whether there was one."""
        if self.summary is None or view is None:
            return False
        self.summary, self.held = None, ""
        return True

    def _would_act(self, event: events.Event, view: ActiveView | None) -> bool:
        if not isinstance(event, events.Key):
            return view is None and isinstance(event, events.MouseDown)
        if view is None:
            return event.key != "escape"
        if not view.holds or (isinstance(view.focused, Input) and event.is_printable):
            return False
        return any(key.takes(event.key, self._keymap) for key in view.keys if key.order or key.name == "quit")
