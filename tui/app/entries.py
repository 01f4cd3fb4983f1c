"""What the menu and the prompt offer: every key by its name, and what has no key: themes, groups, settings."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, cast

from textual.actions import parse
from textual.app import SystemCommand
from textual.command import Hit, Hits, Provider
from textual.screen import Screen
from textual.system_commands import SystemCommandsProvider

from core.actions.catalogue import ACTIONS
from core.base.clock import Clock
from core.base.store import NotKept
from core.base.time_input import moment_of
from core.history.report import Report, markdown, stretch
from core.history.trends import Window
from core.monitor import Monitor
from core.services.reporting import NothingRecorded
from tui.actions.start import begin
from tui.app.screen_stack import ScreenStack
from tui.app.screenshots import Drawable, turning_points_beside
from tui.base.fault_switch import FaultSwitch
from tui.base.key import Key
from tui.base.settings import Setup
from tui.dialogs import CommandPrompt, Menu
from tui.dialogs.menu import Wear
from tui.lists import LISTS, Served
from tui.panels import ThroughputPanel
from tui.rendering.palettes import PALETTES, THEMES
from tui.screens.keys import GLOBAL_KEYS, MENU_ONLY
from tui.screens.page_view import PageView
from tui.screens.prompt_words import NO_FIT, PERIODS, NoCommand, command_of, following, rank, title
from tui.screens.served_view import ServedView
from tui.screens.view import View
from tui.time_travel.recorded import clock


class EntriesProvider(SystemCommandsProvider):
    """Finds in the menu what the prompt finds, the best first."""

    async def search(self, query: str) -> Hits:
        """Yield what fits the query."""
        for fits, command in cast("Entries", self.app).found(query):
            yield Hit(1.0 - fits / NO_FIT, command.title, command.callback, help=command.help)


class Entries(ScreenStack):
    """The app's menu and its prompt."""

    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {EntriesProvider}

    def __init__(self, monitor: Monitor, setup: Setup, clock: Clock, *, faults: FaultSwitch | None) -> None:
        super().__init__(monitor, setup, clock, faults=faults)
        self._settings_page = setup.settings

    # The prompt

    def action_prompt(self) -> None:
        """Open the prompt: what a key or an entry of the menu does, by its name."""
        words = partial(following, keys=self._entries, rows=self._rows_of)
        self.ask(CommandPrompt(self._take_command, words, self._try_typed))

    def _try_typed(self, typed: str) -> None:
        """Show the theme that is being typed."""
        try:
            command = command_of(typed, self._entries)
        except NoCommand:
            self.try_on("")
        else:
            self.try_on(command.about if command.key.name == "theme" else "")

    def _take_command(self, typed: str) -> str:
        """Carry out what was typed, once the prompt is gone; return why that is not possible."""
        try:
            command = command_of(typed, self._entries)
        except NoCommand as error:
            return str(error)
        self.screen.dismiss()
        if command.given is not None:
            self.call_next(begin, self, ACTIONS[command.key.order], **command.given)
            return ""
        namespace, name, given = parse(command.key.action)
        about = (*given, command.about) if command.about else given
        self.call_next(self.run_action, (namespace, name, about))
        return ""

    @property
    def _entries(self) -> tuple[Key, ...]:
        """What the menu and the prompt offer."""
        left_out = {"palette", "prompt"} if self.faults is not None else {"palette", "prompt", "faults"}
        return tuple(key for key in (*GLOBAL_KEYS, *MENU_ONLY) if key.name not in left_out)

    def _rows_of(self, name: str) -> Sequence[Any]:
        """Return the rows in hand of a list."""
        top = self.screen_stack[-2] if len(self.screen_stack) > 1 else None
        if isinstance(top, ServedView) and name == top.listed.NAME and top.rows:
            return top.rows
        if name not in LISTS:
            return ()
        listed = LISTS[name](self)
        return listed.known(self.shown).records if isinstance(listed, Served) else listed.rows(self.shown)

    def action_theme(self, name: str = "") -> None:
        """Show another theme, until it ends; ask which one where none is named."""
        if name:
            self.wear(name)
        else:
            self.run_worker(self._choose_theme(), group="keys")

    async def _choose_theme(self) -> None:
        choices = [(name, f"{name:<12} {PALETTES[name].about}") for name in THEMES]
        chosen = await self.choose(
            f"Which theme? Now: {self._worn}", choices, passes=lambda name: self.try_on(name or "")
        )
        if chosen is not None:
            self.wear(chosen)

    def action_throughput(self, typed: str = "") -> None:
        """Show the throughput over another period, until it ends; ask which one where none is named."""
        if typed:
            self._count_over(PERIODS[typed])
        else:
            self.run_worker(self._choose_period(), group="keys")

    async def _choose_period(self) -> None:
        chosen = await self.choose("Throughput over which period?", [(period, period) for period in PERIODS.values()])
        if chosen is not None:
            self._count_over(Window(chosen))

    def _count_over(self, period: Window) -> None:
        self.monitor.count_over(period)
        if any(panel.display and panel.size.height for panel in self._dashboard.query(ThroughputPanel)):
            self.tell(f"the throughput is shown over {period}")
        else:
            key = next(one for one in GLOBAL_KEYS if one.name == "trends").shown(self.appearance.keymap)
            self.tell(
                f"the dashboard shows no throughput at this size: enlarge the terminal, or see the trends ({key})"
            )

    def action_groups(self, typed: str = "") -> None:
        """Group the tasks: by what, and those that match which filter; ask by what where nothing is said."""
        if isinstance(self.screen, View):
            by, _, words = typed.partition(" ")
            self.run_worker(self._groups(by, words), group="keys")

    async def _groups(self, by: str, words: str) -> None:
        await self.visit("tasks", words)
        if isinstance(self.screen, ServedView):
            self.screen.action_group(by)

    def action_report(self, typed: str = "") -> None:
        """Show what happened and save it: since a time, else around the past that is shown, else of two hours."""
        if isinstance(self.screen, View):
            at = self.time.moment.at if self.time.moment is not None and not typed else None
            about = f"around {clock(at)}" if at is not None else f"since {typed or '2h'}"
            self.open(PageView(self, f"Report {about}", partial(self._report, typed or "2h", at)))

    async def _report(self, typed: str, at: datetime | None) -> str:
        """Return the report of what is around a moment, or since a time as typed, and where it was saved."""
        now = self.clock.now()
        since, until = moment_of(typed, now) or now, now
        if at is not None:
            since, until = await asyncio.to_thread(stretch, self.monitor.box, at, now)
        try:
            report, _ = await self.monitor.report(since, until)
        except NothingRecorded as nothing:
            return str(nothing)
        return f"{await self._saved(report)}\n\n{markdown(report)}"

    async def _saved(self, report: Report) -> str:
        if self.is_web:
            return (
                "Not saved: reports cannot be saved from the browser; the file would be written on the serving machine."
            )
        try:
            screens = (
                {} if self.monitor.may_note() else await turning_points_beside(cast("Drawable", type(self)), report)
            )
            return f"Saved, for you alone to read: {await self.monitor.save_report(report, screens)}"
        except (NotKept, OSError) as error:
            return f"Not saved: {error}"

    def action_settings(self) -> None:
        """Show every setting, and where its value came from."""

        async def read() -> str:
            return await asyncio.to_thread(self._settings_page)

        if self.is_web:
            self.tell("settings are not shown in the browser: they belong to the serving machine")
        elif isinstance(self.screen, View):
            self.open(PageView(self, "Settings", read))

    def action_command_palette(self) -> None:
        """Open the command palette."""
        if not isinstance(self.screen, Menu):
            self.push_screen(Menu(self.try_on, id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Return the palette's entries: every action and list, with the reason why one is not possible now."""
        yield from (command for _, command in self._commands())

    def found(self, typed: str) -> Iterable[tuple[int, SystemCommand]]:
        """Yield the palette's entries that fit what is typed, as the prompt finds them, each with its rank."""
        for key, command in self._commands():
            if (fits := rank(typed, key)) < NO_FIT:
                yield fits, command

    def _commands(self) -> Iterable[tuple[Key, SystemCommand]]:
        for key in self._entries:
            why = self.refusal(key)
            more = key.does.partition(":")[2]
            pressed = f"key {key.shown(self.appearance.keymap)}" if key.key else ""
            told = f"not now: {why}" if why else "  ".join(filter(None, (more.strip(), pressed)))
            named = title(key)
            yield key, SystemCommand(named[:1].upper() + named[1:], told, lambda action=key.action: self._run(action))
        for name in THEMES:
            about = PALETTES[name].about
            key = Key(name=f"theme_{name}", key="", action="", word="", does=f"theme {name}")
            yield key, SystemCommand(f"Theme: {name}", about, Wear(self.wear, name), discover=False)

    async def _run(self, action: str) -> None:
        await self.run_action(action)
