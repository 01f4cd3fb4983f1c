"""Everything that actions, lists and views need of the app (see `tui.actions.ui.Ui`)."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from textual.screen import Screen
from textual.widget import AwaitMount

from core.actions.catalogue import ACTIONS
from core.actions.process import OBSERVE_OFF
from core.base.clock import Clock
from core.base.error_boundary import ErrorBoundary
from core.domain.actions import Action, Tier
from core.domain.queries import Table
from core.domain.snapshot import Snapshot
from core.monitor import Monitor
from tui.actions import HANDLERS
from tui.app.themed import Themed
from tui.app.time_travel import TimeTravel
from tui.base.away import AwayTracker
from tui.base.error_boundary import error_boundary
from tui.base.fault_switch import FaultSwitch
from tui.base.key import Key
from tui.base.settings import Setup
from tui.base.stale_screen import StaleScreen
from tui.dialogs import ActionDialog, ChoiceDialog, Prompt, Question
from tui.lists import LISTS, Served
from tui.screens.dashboard import Dashboard
from tui.screens.document_view import DocumentView
from tui.screens.keys import NOTE_KEY, TIME_KEYS
from tui.screens.list_view import ListView
from tui.screens.served_view import ServedView
from tui.screens.view import View, takes_questions

K = TypeVar("K")

_AT_ONCE: Final = frozenset(
    action.shortcut.name
    for action in ACTIONS.values()
    if action.shortcut is not None and action.tier is Tier.SAFE and not action.arguments
)
"""Keys that ask nothing and take their time: one held down must not pile them up."""
_IN_TIME: Final = frozenset(key.name for key in TIME_KEYS)


class ScreenStack(Themed):
    """The stack of screens with the dashboard at the bottom, and the app's side of actions, lists and views."""

    def __init__(self, monitor: Monitor, setup: Setup, clock: Clock, *, faults: FaultSwitch | None) -> None:
        super().__init__(setup, monitor.snapshot.project.colour)
        self.monitor = monitor
        self.clock = clock
        self.faults = faults
        self.no_projects = setup.no_projects
        """Why the list of all projects cannot be opened from here; empty: it can."""
        self.away = AwayTracker(clock, setup.away_s, self.appearance.keymap)
        self.time = TimeTravel(self)
        self.stale_screen = StaleScreen(clock)
        self.times = False
        self._dashboard = Dashboard(self)
        self._running_actions: set[str] = set()
        self._boundary = ErrorBoundary(self.tell)

    def get_default_screen(self) -> Screen[None]:
        """Return the dashboard, the bottom of the stack."""
        return self._dashboard

    @property
    def shown(self) -> Snapshot:
        """Return the snapshot on the screen: the newest with current ages, unless it is frozen or of the past."""
        return self.time.shown

    @property
    def frozen(self) -> bool:
        """Return whether the snapshot on the screen stands still."""
        return self.time.stands

    @property
    def at_home(self) -> bool:
        """Return whether the top view is the dashboard, with or without a dialog above it."""
        return self._view is self._dashboard

    @property
    def _view(self) -> View | None:
        """Return the view on top; `None` before there is any."""
        return next((screen for screen in reversed(self._screen_stack) if isinstance(screen, View)), None)

    @property
    def selected_task(self) -> str | None:
        """Return the id of the task under the cursor or that is open; empty: no row; `None`: no list of tasks."""
        view = self._view
        listed = view.listed if isinstance(view, ServedView | DocumentView) else None
        of_tasks = listed is not None and listed.TABLE in {Table.TASKS, Table.INBOX}
        return view.copied if view is not None and of_tasks else None

    @property
    def asking(self) -> bool:
        """Return whether a question about the present is on the screen."""
        return isinstance(self.screen, Question) and not isinstance(self.screen, Prompt)

    def repaint(self) -> None:
        """Draw the top view once more; unchanged lines are not written again."""
        view = self._view
        if view is not None and view.is_mounted:
            with self._boundary.around("drawing the screen"):
                view.show(self.shown, self.time.banner() or self.stale_screen.banner())

    def ask(self, dialog: Question[None]) -> None:
        """Open a dialog, if none is open."""
        if takes_questions(self.screen):
            self.put(dialog)

    async def choose(
        self,
        heading: str,
        choices: Sequence[tuple[K, str]],
        text: str = "",
        *,
        way_back: str = "Cancel",
        passes: Callable[[K | None], None] | None = None,
    ) -> K | None:
        """Let the operator choose; return the key of the choice, `None` if cancelled.

        `passes` is told the key that the cursor is on, `None` for none (see `ChoiceDialog`).
        """
        if not takes_questions(self.screen):
            return None
        self.clear_notifications()  # they would cover the list on a small screen
        offered = [(str(number), words) for number, (_, words) in enumerate(choices)]

        def key(number: str | None) -> K | None:
            return None if number is None else choices[int(number)][0]

        tell = None if passes is None else lambda number: passes(key(number))
        choice = ChoiceDialog(heading, offered, text, way_back=way_back, passes=tell)
        choice.put_by(self.clock)
        return key(await self.push_screen_wait(choice))

    def allowed(self, action: Action) -> bool:
        """Return whether the action may run; where not, tell the operator why, or ask to allow actions."""
        why = self.time.refusal or self.monitor.may(action)
        liftable = self.monitor.snapshot.project.observe and not self.monitor.may(OBSERVE_OFF)
        if why and liftable and not self.time.moment:
            self.ask(ActionDialog(self.monitor, OBSERVE_OFF))
        elif why:
            self.tell(f"{action.title}: {why}")
        return not why

    async def press(self, name: str) -> None:
        """Do what the key of that name does. What goes wrong unforeseen is told, and the screen stays."""
        if name in self._running_actions:
            return
        if (why := self.time.refusal) and name not in _IN_TIME:
            self.tell(why)
            return
        self._running_actions.update({name} & _AT_ONCE)
        try:
            with error_boundary(name.replace("_", " "), self.tell):
                await HANDLERS[name](self)
        finally:
            self._running_actions.discard(name)

    def open(self, view: Screen[None]) -> None:
        """Put a view on top, unless a question was opened meanwhile."""
        if takes_questions(self.screen):
            self.push_screen(view)

    def back(self) -> None:
        """Remove the top view; the dashboard stays."""
        if len(self._screen_stack) > 1:
            self.pop_screen()

    def visit(self, name: str, filter_text: str = "") -> AwaitMount:
        """Show a list, filtered, above the dashboard alone."""
        self.home()
        listed = LISTS[name](self)
        view = ServedView if isinstance(listed, Served) else ListView
        return self.push_screen(view(self, listed, filter_text))  # type: ignore[arg-type]  # the view of its kind

    def open_row(self, name: str, key: str) -> None:
        """Show one row of a list in full."""
        listed = LISTS[name](self)
        if isinstance(listed, Served):
            self.push_screen(DocumentView(self, listed, key))

    def home(self) -> None:
        """Remove every view but the dashboard."""
        while len(self._screen_stack) > 1 and isinstance(self.screen, View):
            self.pop_screen()

    def put(self, dialog: Question[None]) -> None:
        """Put a question on top of any screen."""
        self.clear_notifications()  # they would cover the buttons on a small screen
        dialog.put_by(self.clock)
        self.push_screen(dialog)

    def refusal(self, key: Key) -> str:
        """Return why a key does nothing now; empty where it does."""
        if key.name == NOTE_KEY.name:
            return self.monitor.may_note()
        if key.name == "projects":
            return self.no_projects
        past = self.time.refusal if key.acts or key.name == "freeze" else ""
        return past or (self.monitor.may(ACTIONS[key.order]) if key.order else "")
