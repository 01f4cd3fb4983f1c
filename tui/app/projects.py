"""The list of projects, a row each; each has a monitor in a process of its own, which opens on enter."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.screen import Screen

from core.base.clock import Clock, SystemClock
from core.base.text import plural
from core.domain.snapshot import STATE_LEVEL, WORST_FIRST, Degradation, LinkWord, Project, Snapshot
from core.domain.sorting import Sort, in_order
from core.domain.status import Level
from core.resilience import DegradationLevel
from tui.app.project_rows import columns, rows
from tui.app.themed import Themed
from tui.base.key import bindings
from tui.base.settings import Setup
from tui.dialogs import HelpDialog
from tui.panels import KeyLine, Panel
from tui.panels.row_list import Row, RowList, value_of
from tui.rendering.text import Line, Span, fit
from tui.screens.keys import PROJECT_KEYS
from tui.screens.narrow import NarrowCompositor
from tui.service.supervisor import ProjectView

_DRAW_S: Final = 1.0
_IN_FILE: Final = Sort("file")
"""The order of the config file."""


class ProjectsMemory(msgspec.Struct, kw_only=True):
    """What the list knows when it is shown again: the cursor's project, the order, and what there is to say.

    `came_from`: the project whose monitor it was opened from, if it was.
    """

    cursor: str = ""
    sort: Sort | None = None
    said: str = ""
    came_from: str = ""
    times: bool = False


class ProjectsTop(Panel):
    """How many projects are in which state, and the clock."""

    states: tuple[tuple[str, str], ...] = ()
    """Each count in words, and its role."""
    needs = ""
    """What needs a person in all of them, in words; empty for nothing."""

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return two lines; what does not fit is the clock."""
        at = snapshot.at.astimezone()
        clock = f"{at:%H:%M %Z}"
        line: list[Span] = []
        for text, role in self.states:
            line += [(f" {text} ", role), (" ", "text")]
        used = sum(map(len, (text for text, _ in line)))
        if used + len(clock) < width:
            line += [(" " * (width - used - len(clock)), "text"), (clock, "dim")]
        needs: Line = ((f" {self.needs or 'nothing needs you'}", "warning" if self.needs else "dim"),)
        return [fit(tuple(line), width), fit(needs, width)][:height]


class ProjectsScreen(Screen[None]):
    """The whole screen: the states, the list and the keys."""

    def __init__(self, app: "ProjectsApp") -> None:
        super().__init__()
        self._compositor = NarrowCompositor()
        look = app.appearance
        self.top = ProjectsTop(look.signs, look.styles, id="top")
        self.list = RowList(look.signs, look.styles, id="list")
        self.keys = KeyLine(look.signs, look.styles, id="keys")
        self.keys.keymap = look.keymap

    def compose(self) -> ComposeResult:
        """Yield the parts."""
        yield self.top
        with Container(id="body"):
            yield self.list
        yield self.keys

    def on_mount(self) -> None:
        """Give the list the focus."""
        self.set_focus(self.list)

    def on_resize(self, event: Resize) -> None:
        """Set the classes of the layout by size, as every view does."""
        width, height = event.size
        self.set_class(height < 8 or width < 40, "line")


class ProjectsApp(Themed):
    """Shows what `views` returns, again each second. `chosen`: the project that is to be opened, once it has ended."""

    TITLE = "watchdesk"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(PROJECT_KEYS),
        Binding("ctrl+q", "help_quit", show=False, priority=True),  # Textual's own would quit unasked
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        views: Callable[[], Sequence[ProjectView]],
        setup: Setup,
        memory: ProjectsMemory,
        *,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(setup)
        self._views = views
        self._memory = memory
        self._clock = clock or SystemClock()
        self._shown = ProjectsScreen(self)
        self._at_cursor = memory.cursor
        self.chosen = ""

    def get_default_screen(self) -> Screen[None]:
        """Return the one screen there is."""
        return self._shown

    def on_mount(self) -> None:
        """Draw, and go on drawing."""
        self.call_after_refresh(self._begin)
        self.set_interval(_DRAW_S, self.repaint)

    def _begin(self) -> None:
        self.repaint()
        if self._memory.said:
            self.tell(self._memory.said)
            self._memory.said = ""

    def repaint(self) -> None:
        """Draw how the projects are now; unchanged lines are not written again."""
        views, shown, now = self._views(), self._shown, self._blank()
        listed = shown.list
        listed.columns = columns(views)
        listed.times = self._memory.times
        listed.sort = None if self._memory.sort in {None, _IN_FILE} else self._memory.sort
        listed.empty = (("  no project", "dim"),)
        listed.follows = not (listed.left or self._at_cursor)
        found = self._in_order(rows(views, self.appearance.signs), [one.name for one in views], now)
        listed.put(found)
        if self._at_cursor:
            places = [row.key for row in found]
            listed.to(places.index(self._at_cursor) if self._at_cursor in places else 0)
            self._at_cursor = ""
        place = f" {listed.at + 1:,}/{len(found):,}" if found else ""
        order = {None: "  the worst first", _IN_FILE: "  as in the config file"}.get(self._memory.sort, "")
        listed.head = (("Projects", "title"), (place, "text"), (order, "dim"))
        shown.top.states, shown.top.needs = _states(views), _needs(views)
        shown.keys.keys = tuple(key for key in PROJECT_KEYS if key.name != "back" or self._memory.came_from)
        for panel in (shown.top, listed, shown.keys):
            if panel.is_mounted:
                panel.show(now)

    def _in_order(self, found: Sequence[Row], names: Sequence[str], now: Snapshot) -> Sequence[Row]:
        sort = self._memory.sort
        if sort == _IN_FILE:
            return sorted(found, key=lambda row: names.index(row.key))
        listed = self._shown.list.columns
        at = next((n for n, one in enumerate(listed) if sort is not None and one.sort.column == sort.column), None)
        if sort is None or at is None:
            return found
        return in_order(found, lambda row: value_of(row.cells[at], now.at), descending=sort.descending)

    def _blank(self) -> Snapshot:
        """Return a snapshot of no project, for parts that draw one: of it they need the time."""
        project = Project(name="", url="", user="")
        return Snapshot(at=self._clock.now(), project=project, degradation=Degradation(level=DegradationLevel.NORMAL))

    # Keys

    def action_open(self) -> None:
        """Open the monitor of the cursor's project."""
        if (row := self._shown.list.cursor) is not None:
            self._open(row.key)

    async def action_back(self) -> None:
        """Go back to the monitor that this was opened from."""
        if self._memory.came_from:
            self._open(self._memory.came_from)

    def _open(self, name: str) -> None:
        self.chosen = self._memory.cursor = name
        self.exit()

    def action_sort(self) -> None:
        """Sort by the next column that is shown; after the last one as in the file, then the worst first."""
        shown: list[Sort | None] = [one.sort for one in self._shown.list.shown_columns if one.title]
        orders = [*shown, _IN_FILE, None]
        columns_of = [one and one.column for one in orders]
        now = self._memory.sort and self._memory.sort.column
        self._memory.sort = orders[(columns_of.index(now) + 1) % len(orders) if now in columns_of else 0]
        self.repaint()

    def action_turn(self) -> None:
        """Turn the order round."""
        if self._memory.sort in {None, _IN_FILE}:
            self.action_sort()
        elif self._memory.sort is not None:
            self._memory.sort = self._memory.sort.turned
        self.repaint()

    def action_times(self) -> None:
        """Show moments as times or as ages."""
        self._memory.times = not self._memory.times
        self.repaint()

    def action_help(self) -> None:
        """Show every key that does something here."""
        if self.screen is self._shown:
            self.push_screen(HelpDialog(self.appearance, self._shown.keys.keys, {}, self._blank()))

    def action_help_quit(self) -> None:
        """Tell which key quits, for ctrl+c and ctrl+q."""
        quits = next(key for key in PROJECT_KEYS if key.name == "quit")
        self.tell(f"{quits.shown(self.appearance.keymap)} quits")

    async def action_quit(self) -> None:
        """Quit. Actions under way are asked about by the monitors that they were started in."""
        self.exit()

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        """Draw the cursor's new position in the title."""
        self.repaint()

    def on_row_list_chosen(self, _event: RowList.Chosen) -> None:
        """Open the row that was chosen with the mouse."""
        self.action_open()

    def on_row_list_heading(self, event: RowList.Heading) -> None:
        """Sort by the column that was clicked, or turn its order round."""
        sort = self._memory.sort
        same = sort is not None and sort.column == event.column.sort.column
        if event.column.title:
            self._memory.sort = sort.turned if same and sort is not None else event.column.sort
            self.repaint()


def _needs(views: Sequence[ProjectView]) -> str:
    """Return how many alerts fire, reviews wait and monitors do not run, as far as is known."""
    alerts, reviews = (sum(getattr(one.row, name) or 0 for one in views) for name in ("alerts", "in_review"))
    silent = sum(bool(one.trouble) for one in views)
    words = [plural(alerts, "alert")] if alerts else []
    words += [f"{reviews:,} to review"] if reviews else []
    words += [f"{plural(silent, 'monitor')} not running"] if silent else []
    return ", ".join(words)


def _states(views: Sequence[ProjectView]) -> tuple[tuple[str, str], ...]:
    """Return how many projects are in which state; one that is well as far as was last known is not told as well."""
    states = [(one.row.state, one.row.link is LinkWord.LIVE) for one in views]
    counted = []
    for state in WORST_FIRST:
        level = STATE_LEVEL[state]
        for live in (False, True):
            if many := states.count((state, live)):
                well = level is Level.OK and not live
                told = f"{many} {state.upper()}{' (last known)' if well else ''}"
                counted.append((told, f"state-{Level.WARNING if well else level}"))
    return (*counted, (plural(len(views), "project"), "dim"))
