"""The app: first picture from the newest snapshot, then each one as it comes; keys become dialogs and orders."""

import logging
from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from textual import events, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen

from core.act.orders import (
    ACKNOWLEDGE,
    DRY_RUN_ON,
    EMERGENCY_STOP,
    HEAL,
    LIFT,
    RESET_BREAKER,
    RETRY,
    RUN_PENDING,
    SILENCE,
    UNDO,
    Order,
)
from core.clock import Clock, SystemClock
from core.resilience import BreakerRecord, BreakerState
from core.snapshot import Snapshot
from core.state import NotKept
from tui.calls import Calls
from tui.contract import FaultSwitch, MonitorLike
from tui.dialogs import (
    SWALLOW_S,
    ChoiceDialog,
    Dialog,
    HealDialog,
    HelpDialog,
    HoldDialog,
    LiftDialog,
    ModeDialog,
    QuitDialog,
    SilenceDialog,
    StopDialog,
    observe_dialog,
    order_choices,
    retry_dialog,
    run_dialog,
    silence_choices,
    undo_dialog,
    withdraw_dialog,
)
from tui.palettes import PLAIN
from tui.screens.dashboard import Dashboard
from tui.text import Net, Signs
from tui.themes import palette, themes

log = logging.getLogger(__name__)


class WatchdeskApp(App[None]):
    """The monitor on a terminal."""

    CSS_PATH = "watchdesk.tcss"
    TITLE = "watchdesk"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "heal", "heal", tooltip="heal: shows the plan, then asks"),
        Binding("r", "breakers", "reset", tooltip="breakers: reset one or all, release one, hold one open"),
        Binding("ctrl+e", "stop", "STOP", tooltip="emergency stop: wants a reason and the word STOP", priority=True),
        Binding("u", "lift", "lift", tooltip="lift the emergency stop: wants the project's name"),
        Binding("d", "mode", "dry-run", tooltip="dry-run on or off: off wants the project's name"),
        Binding("c", "check", "check", tooltip="check now: refresh everything, run all six checks"),
        Binding("a", "acknowledge", "ack", tooltip="acknowledge an alert: you take care, nobody else is told"),
        Binding("z", "silence", "silence", tooltip="silence alerts for a while, or take a silence back"),
        Binding("p", "run_pending", "run", tooltip="run pending tasks: asks, then the agents' function works them off"),
        Binding("o", "orders", "orders", tooltip="orders and failures: withdraw what waits, undo, retry a failed task"),
        Binding("w", "restart", "restart", tooltip="restart the watchdog's loop"),
        Binding("x", "faults", "faults", tooltip="the demo's faults, on and off"),
        Binding("question_mark", "help", "help", key_display="?", tooltip="this help"),
        Binding("q", "quit", "quit", tooltip="quit"),
    ]

    def __init__(
        self,
        monitor: MonitorLike,
        *,
        clock: Clock | None = None,
        theme: str = "dark",
        ascii_signs: bool = False,
        faults: FaultSwitch | None = None,
    ) -> None:
        self._net = Net(ascii_only=ascii_signs, colourless=theme == PLAIN)
        super().__init__()
        self.no_color = theme == PLAIN  # Textual's own greys are colours, too, and it takes an empty NO_COLOR for one
        self._monitor = monitor
        self._clock = clock or SystemClock()
        self._faults = faults
        for one in themes(monitor.snapshot.project.colour):
            self.register_theme(one)
        self.theme = f"watchdesk-{theme}"
        self.animation_level = "none"
        styles = palette(theme, monitor.snapshot.project.colour)
        self._dashboard = Dashboard(Signs(ascii_only=ascii_signs), styles, faults=faults is not None)
        self._dialog_opened = 0.0
        self._calls = Calls(ascii_only=ascii_signs)

    def get_default_screen(self) -> Screen[None]:
        """The dashboard is the bottom of the stack."""
        return self._dashboard

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, but for its greys, and the net below everything."""
        return [*(one for one in super().get_line_filters() if not isinstance(one, Monochrome | NoColor)), self._net]

    def on_mount(self) -> None:
        """Show what is known, then bring the monitor to life."""
        self._unsubscribe = self._monitor.subscribe(self._show)
        self.call_after_refresh(self._begin)
        self.set_interval(1.0, self._tick)

    async def on_unmount(self) -> None:
        """Whatever ended the app, the monitor ends with it."""
        self._unsubscribe()
        await self._monitor.close()

    async def on_event(self, event: events.Event) -> None:
        """Keys typed before a dialog could be read were meant for what lay below it."""
        early = self._clock.elapsed() - self._dialog_opened < SWALLOW_S
        asking = isinstance(self.screen, Dialog | ChoiceDialog) if self.is_running and self._screen_stack else False
        if early and asking and isinstance(event, events.Key) and not event.is_forwarded and event.key != "escape":
            return
        await super().on_event(event)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every key's order by name."""
        for binding in self._own_bindings():
            action = binding.action
            yield SystemCommand(
                binding.tooltip.split(":")[0].capitalize(), binding.tooltip, lambda a=action: self._run(a)
            )

    def action_heal(self) -> None:
        """h"""
        if self._allowed(HEAL):
            self._ask(HealDialog(self._monitor))

    def action_stop(self) -> None:
        """ctrl+e"""
        if self._allowed(EMERGENCY_STOP):
            self._ask(StopDialog(self._monitor))

    def action_lift(self) -> None:
        """u"""
        if self._allowed(LIFT):
            self._ask(LiftDialog(self._monitor))

    def action_mode(self) -> None:
        """d"""
        if self._allowed(DRY_RUN_ON):
            self._ask(ModeDialog(self._monitor))

    def action_run_pending(self) -> None:
        """p"""
        if self._allowed(RUN_PENDING):
            self._ask(run_dialog(self._monitor))

    def action_restart(self) -> None:
        """w"""
        self._monitor.restart_watchdog()
        self._tell("the watchdog's loop was restarted")

    @work(group="orders")
    async def action_orders(self) -> None:
        """o"""
        if not isinstance(self.screen, Dashboard):
            return
        choices = order_choices(self._monitor.snapshot)
        if not choices:
            self._tell("no order waits, none can be undone, no task failed lately")
            return
        verb, _, key = (await self._choose("Which order or task?", choices) or "").partition(":")
        if verb == "withdraw":
            self._ask(withdraw_dialog(self._monitor, key))
        elif verb == "confirm":
            try:
                still = await self._monitor.confirm_waiting(key)
                self._tell("still meant: carried out as soon as the project answers" if still else "it waits no more")
            except NotKept as not_kept:
                self._tell(f"nothing was changed: {not_kept}")
        elif verb == "undo" and self._allowed(UNDO):
            self._ask(undo_dialog(self._monitor, key))
        elif verb == "retry" and self._allowed(RETRY):
            self._ask(retry_dialog(self._monitor, key))

    async def action_quit(self) -> None:
        """q"""
        if self._monitor.snapshot.waiting and isinstance(self.screen, Dashboard):
            self._ask(QuitDialog(self._monitor))
        else:
            self.exit()

    @work(exclusive=True, group="check")
    async def action_check(self) -> None:
        """c"""
        self._tell("checking …")
        await self._monitor.check_now()
        self._tell("checked")

    @work(group="alerts")
    async def action_acknowledge(self) -> None:
        """a"""
        if not self._allowed(ACKNOWLEDGE) or not isinstance(self.screen, Dashboard):
            return
        choices = ack_choices(self._monitor.snapshot)
        if not choices:
            self._tell("no alert fires that nobody takes care of")
            return
        one = choices[0][0] if len(choices) == 1 else await self._choose("Take care of which alert?", choices)
        if one is not None:
            self._tell((await self._monitor.acknowledge(one)).text)

    @work(group="alerts")
    async def action_silence(self) -> None:
        """z"""
        if not self._allowed(SILENCE) or not isinstance(self.screen, Dashboard):
            return
        chosen = await self._choose("Silence what?", silence_choices(self._monitor.snapshot)) or ""
        verb, _, what = chosen.partition("|")
        if verb == "end":
            self._tell((await self._monitor.end_silence(what)).text)
        elif verb == "silence":
            self._ask(SilenceDialog(self._monitor, what))

    @work(group="breakers")
    async def action_breakers(self) -> None:
        """r"""
        if not self._allowed(RESET_BREAKER) or not isinstance(self.screen, Dashboard):
            return
        chosen = await self._choose("Which breaker?", breaker_choices(self._monitor.snapshot.breakers))
        verb, _, key = (chosen or "").partition(":")
        if verb == "reset":
            self._tell((await self._monitor.reset_breaker(key or None)).text)
        elif verb == "release":
            self._tell((await self._monitor.release_breaker(key)).text)
        elif verb == "hold":
            keys = [(record.key, record.key) for record in self._monitor.snapshot.breakers]
            key = await self._choose("Hold which breaker open?", keys) or ""
            if key:
                self._ask(HoldDialog(self._monitor, key))

    @work(group="faults")
    async def action_faults(self) -> None:
        """x"""
        if self._faults is None or not isinstance(self.screen, Dashboard):
            return
        try:
            on = await self._faults.all()
            choices = [(n, f"{'ON ' if on.get(n) else 'off'}  {n}: {text}") for n, text in self._faults.names()]
            chosen = await self._choose("Switch which fault of the sandbox?", choices)
            if chosen is not None:
                await self._faults.set(chosen, not on.get(chosen))
                self._tell(f"{chosen} is {'off' if on.get(chosen) else 'on'}")
        except OSError as error:
            self._tell(f"the sandbox does not answer: {error}")

    def action_help(self) -> None:
        """?"""
        self.push_screen(HelpDialog(self._own_bindings(), self._monitor.snapshot.notices))

    def _own_bindings(self) -> list[Binding]:
        own = [binding for binding in self.BINDINGS if isinstance(binding, Binding)]
        return [b for b in own if b.action != "faults" or self._faults is not None]

    async def _choose(self, heading: str, choices: Sequence[tuple[str, str]]) -> str | None:
        self.clear_notifications()  # they would lie on the list of a small screen
        self._dialog_opened = self._clock.elapsed()
        return await self.push_screen_wait(ChoiceDialog(heading, choices))

    def _ask(self, dialog: Dialog) -> None:
        if isinstance(self.screen, Dashboard):
            self.clear_notifications()  # they would lie on the buttons of a small screen
            self._dialog_opened = self._clock.elapsed()
            self.push_screen(dialog)

    def _allowed(self, order: Order) -> bool:
        why = self._monitor.may(order)
        if why and self._monitor.snapshot.project.observe:
            self._ask(observe_dialog(self._monitor))
        elif why:
            self._tell(f"{order.title}: {why}")
        return not why

    def _tell(self, text: str) -> None:
        self.notify(text, markup=False, timeout=4)

    async def _run(self, action: str) -> None:
        await self.run_action(action)

    async def _begin(self) -> None:
        self._show(self._monitor.snapshot)
        await self._monitor.start()

    def _show(self, snapshot: Snapshot) -> None:
        if self._dashboard.is_mounted:
            self._dashboard.show(snapshot)
            if self._driver is not None and (call := self._calls.heard(snapshot)):
                self._driver.write(call)

    def _tick(self) -> None:
        """Let ages and the clock move on; a line that reads the same is not written again."""
        self._show(msgspec.structs.replace(self._monitor.snapshot, at=self._clock.now()))

    def _fatal_error(self) -> None:
        """Leave without a traceback on the terminal: with its local variables it would show secrets."""
        log.error("the app failed", exc_info=self._exception)
        self.exit(return_code=1, message=f"watchdesk failed ({type(self._exception).__name__}); see the log file")


def ack_choices(snapshot: Snapshot) -> list[tuple[str, str]]:
    """What fires and nobody takes care of, the worst first."""
    firing = [alert for alert in snapshot.alerts if alert.fires and not alert.acked]
    return [(alert.key, f"{alert.severity}: {alert.title}: {alert.text}") for alert in firing]


def breaker_choices(records: Sequence[BreakerRecord]) -> list[tuple[str, str]]:
    """What can be done with the breakers, as they stand: those that are not closed first."""
    bad = [record for record in records if record.state is not BreakerState.CLOSED]
    choices = [("reset:", "reset all of them")] if len(bad) > 1 else []
    for record in bad:
        if record.state is BreakerState.HELD:
            choices.append(
                (f"release:{record.key}", f"release {record.key}, held by {record.held_by}: {record.held_why}")
            )
        else:
            state = record.state.value.replace("_", "-")
            choices.append((f"reset:{record.key}", f"reset {record.key}, {state}: {record.last_error}"))
    none = "" if bad else "every breaker is closed, nothing to reset; "
    return [*choices, ("hold:", f"{none}hold one open …")]
