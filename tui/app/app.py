"""The app: first picture from the newest snapshot, then each one as it comes; keys become actions and lists."""

from typing import ClassVar, Final

import msgspec
from textual import events
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from core.base.clock import Clock, SystemClock
from core.base.text import clean
from core.domain.snapshot import Snapshot
from core.monitor import Monitor
from tui.actions.faults import OFFER, OFFER_S
from tui.app.entries import Entries
from tui.app.key_bursts import typed
from tui.base.fault_switch import FaultSwitch
from tui.base.key import bindings
from tui.base.settings import Setup
from tui.dialogs import Dialog, HelpDialog, Question, QuitDialog
from tui.screens.figures_view import FiguresView
from tui.screens.keys import GLOBAL_KEYS
from tui.screens.list_view import ListView
from tui.screens.view import View
from tui.screens.wall import Wall
from tui.terminal.notify import TerminalNotifier

_BY_HAND: Final = (events.Key, events.Paste, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)
"""What only somebody who is there does to a terminal."""

_FILTER: Final = next(key for key in GLOBAL_KEYS if key.name == "filter")
_PROMPT: Final = next(key for key in GLOBAL_KEYS if key.name == "prompt")
_QUIT: Final = next(key for key in GLOBAL_KEYS if key.name == "quit")


class WatchdeskApp(Entries):
    """The monitor on a terminal."""

    TITLE = "watchdesk"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(GLOBAL_KEYS),
        Binding("ctrl+q", "help_quit", show=False, priority=True),  # Textual's own would quit unasked
    ]

    def __init__(
        self,
        monitor: Monitor,
        setup: Setup | None = None,
        *,
        clock: Clock | None = None,
        faults: FaultSwitch | None = None,
    ) -> None:
        setup = setup or Setup()
        super().__init__(monitor, setup, clock or SystemClock(), faults=faults)
        self._notifier = TerminalNotifier(ascii_only=setup.ascii)
        self._starts_on_wall = setup.wall
        self._first = setup.first
        self.to_projects = False
        """The list of all projects is to be shown once this has ended."""
        self._typed_ahead: str | None = None
        """The text typed for a filter that is not open yet."""

    def on_mount(self) -> None:
        """Draw the first snapshot, then start the monitor."""
        self.away.heard(self.monitor.snapshot)
        self._unsubscribe = self.monitor.subscribe(self._heard)
        self.call_after_refresh(self._begin)
        self.set_interval(1.0, self.repaint)
        if self._first:
            self.call_after_refresh(self.tell, self._first)
        if self._starts_on_wall:
            self.action_wall()
        if self.faults is not None:
            self.set_timer(OFFER_S, lambda: self.tell(OFFER))

    async def on_unmount(self) -> None:
        """Close the monitor, however the app ended."""
        self._unsubscribe()
        await self.monitor.close()

    async def on_event(self, event: events.Event) -> None:
        """Handle an event."""
        self._note_attention(event)
        if isinstance(event, events.InputEvent | events.Paste):
            await self._by_hand(event)
        else:
            await super().on_event(event)

    async def _by_hand(self, event: events.InputEvent | events.Paste) -> None:
        """Handle a key, a click or a paste. Those from before a dialog could be read are dropped: not meant for it."""
        top = self.screen if self.is_running and self._screen_stack else None
        if isinstance(top, Question) and top.hides(event):
            return
        if isinstance(top, Question | Wall) and top.swallows(event):
            return
        if top is not None and not event.is_forwarded and self._keeps(event, top):
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            if self._typed_ahead is not None:
                self._typed_ahead += event.character if event.is_printable and event.character else ""
                return
            if isinstance(top, View) and not isinstance(top.focused, Input):
                # At once: dispatched through the widgets they would come after the next key.
                if _FILTER.takes(event.key, self.appearance.keymap):
                    await self.action_filter()
                    return
                if _PROMPT.takes(event.key, self.appearance.keymap):
                    self.action_prompt()
                    return
        if (
            isinstance(event, events.Key | events.Paste)
            and not event.is_forwarded
            and self.app_focus
            and top is not None
            and await typed(self, top, event)
        ):
            return
        await super().on_event(event)

    def _note_attention(self, event: events.Event) -> None:
        """Tell the monitor whether somebody looks: it reads the project more seldom while nobody does."""
        if isinstance(event, events.AppFocus | events.AppBlur):
            self.monitor.focused(isinstance(event, events.AppFocus))
        elif isinstance(event, _BY_HAND) and not event.is_forwarded:
            self.monitor.looked()

    def _keeps(self, event: events.Event, top: Screen[object]) -> bool:
        """Return whether an event is held back, because an operator who was away must first see what happened."""
        before = self.away.summary
        now = msgspec.structs.replace(self.monitor.snapshot, at=self.clock.now())
        kept = self.away.holds_back(event, now, top if isinstance(top, View) else None)
        if self.away.summary is not before:
            self.repaint()
            if kept and not isinstance(top, View):
                said = (
                    f"you were away, so {self.away.held} was not executed: press it again to confirm, or escape to"
                    " leave"
                )
                (top.say if isinstance(top, Dialog) else self.tell)(said)
        return kept

    # Keys

    def action_press(self, name: str) -> None:
        """Do what a key of that name does."""
        if isinstance(self.screen, View):
            self.run_worker(self.press(name), group="keys")

    def action_time(self, name: str, typed: str = "") -> None:
        """A key that goes about in time; `typed`: to which one."""
        if typed:
            self.run_worker(self._jump(typed), group="keys")
        else:
            self.action_press(name)

    async def _jump(self, typed: str) -> None:
        if why := await self.time.jump(typed):
            self.tell(why)

    def action_list(self, name: str, filter_text: str = "") -> None:
        """Open the list of a key."""
        if isinstance(self.screen, View):
            self.visit(name, filter_text)

    def action_trends(self) -> None:
        """Open the trends, above the dashboard alone."""
        if isinstance(self.screen, View):
            from tui.screens.trends_view import TrendsView  # noqa: PLC0415 - the plotting library, for this screen alone

            self.home()
            self.push_screen(TrendsView(self))

    def action_figures(self) -> None:
        """Open the figures, above the dashboard alone."""
        if isinstance(self.screen, View):
            self.home()
            self.push_screen(FiguresView(self))

    async def action_filter(self) -> None:
        """Filter the list on top; from the dashboard, the tasks."""
        if isinstance(self.screen, ListView):
            self.screen.action_filter()
        elif isinstance(self.screen, View) and self._typed_ahead is None:
            self._typed_ahead = ""
            self.run_worker(self._filter_tasks())

    async def _filter_tasks(self) -> None:
        await self.visit("tasks")
        typed, self._typed_ahead = self._typed_ahead or "", None
        if isinstance(self.screen, ListView):
            self.screen.action_filter(typed)

    async def action_projects(self) -> None:
        """Leave this monitor for the list of all projects; ask first while an action waits or runs."""
        if why := self.no_projects:
            self.tell(why)
        else:
            self.to_projects = True
            await self._leave()

    def action_freeze(self) -> None:
        """Freeze or unfreeze the screen; one that shows the past stands still anyway."""
        self.time.freeze()

    def action_times(self) -> None:
        """Show moments as times or as ages, everywhere, until it ends."""
        if isinstance(self.screen, View):
            self.times = not self.times
            self.repaint()

    def action_wall(self) -> None:
        """Switch wall mode on or off; it always shows the present."""
        if isinstance(self.screen, Wall):
            self.back()
        elif isinstance(self.screen, View):
            self.time.live()
            self.clear_notifications()
            self.push_screen(Wall(self))

    def action_copy(self) -> None:
        """Copy a row's id, or the state in one line: cleaned text, never a row's own."""
        if not isinstance(self.screen, View):
            return
        text = clean(self.screen.copied or _in_a_line(self.shown), 200)
        self.copy_to_clipboard(text)
        self.tell(f"copied, if the terminal takes it: {text}")

    def action_help(self) -> None:
        """Show every key that does something on this screen."""
        if isinstance(self.screen, View):
            refused = {key.name: why for key in self.screen.keys if (why := self.refusal(key))}
            self.push_screen(HelpDialog(self.appearance, self.screen.keys, refused, self.shown))

    async def action_quit(self) -> None:
        """Quit; ask first while an action waits or runs."""
        self.to_projects = False
        await self._leave()

    async def _leave(self) -> None:
        if not self.monitor.under_way() and not self.monitor.snapshot.waiting:
            self.exit()
        elif not isinstance(self.screen, QuitDialog):
            self.put(QuitDialog(self.monitor))

    def action_help_quit(self) -> None:
        """Tell which key quits, for ctrl+c and ctrl+q; in an input or a dialog it is escape first."""
        if isinstance(self.screen, QuitDialog):
            return
        quits = f"{_QUIT.shown(self.appearance.keymap)} quits"
        plain = isinstance(self.screen, View) and not isinstance(self.screen.focused, Input)
        self.tell(quits if plain else f"press escape first, then {quits}")

    async def _begin(self) -> None:
        self.repaint()
        await self.monitor.start()

    def _heard(self, snapshot: Snapshot) -> None:
        with self._boundary.around("the summary of your absence"):
            self.away.heard(snapshot)
        self.stale_screen.heard()
        self.repaint()
        if self._dashboard.is_mounted and self._driver is not None and (call := self._notifier.heard(snapshot)):
            self._driver.write(call)


def _in_a_line(snapshot: Snapshot) -> str:
    at = f"{snapshot.at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    return f"{at} {snapshot.project.name} {snapshot.state.upper()} {snapshot.link.word}: {snapshot.state_why}"
