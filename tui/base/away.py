"""Detect that nobody is at the terminal. On return a summary is shown, and the first key triggers no action."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from textual import events
from textual.widget import Widget
from textual.widgets import Input

from core.base.clock import Clock
from core.domain.snapshot import Snapshot
from core.history.away import Absence, Summary
from tui.base.key import Key, displayed

_SIGNS_OF_LIFE: Final = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)


class ActiveView(Protocol):
    """The view on top, as far as a key concerns it."""

    @property
    def holds(self) -> bool:
        """Return whether a key that would act is held back after an absence."""
        ...

    @property
    def keys(self) -> Sequence[Key]: ...

    @property
    def focused(self) -> Widget | None: ...


class AwayTracker:
    """Follows keys, clicks and snapshots, and detects absences of `away_s` seconds or more. 0: never.

    The first key after an absence takes effect if it only reads or navigates. If it would start an action, quit, or
    answer an open question, it is held back: the operator has not yet seen the present state.
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
        """The summary of the absence, shown until the next key."""
        self.held = ""
        """The key that was held back, or "the click"; empty if none was."""

    def heard(self, snapshot: Snapshot) -> None:
        """Take note of a new snapshot. Those before the monitor is ready do not count."""
        if self._absence is not None:
            self._absence.heard(snapshot)
        elif snapshot.ready:
            self._absence = Absence(snapshot)

    def holds_back(self, event: events.Event, snapshot: Snapshot, view: ActiveView | None) -> bool:
        """Take note of a key or a click at `snapshot`. Return whether it must be held back.

        `view`: the view on top; `None` while a question is on top.
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
        """Handle the end of a click: only now may lines move, so that the click lands where it was meant to."""
        if self._button_held:
            self._button_held = False
            return True
        if self._waiting is not None:
            self.summary, self.held, self._waiting = self._waiting, "", None
        else:
            self._goes(view)
        return False

    def _goes(self, view: ActiveView | None) -> bool:
        """Remove the summary at the next key or click on a view. Return whether there was one."""
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
