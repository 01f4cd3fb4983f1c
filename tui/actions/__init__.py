"""What a key or the menu sets out to do. An action that is not listed here is started as its record says."""

from collections.abc import Awaitable, Callable
from typing import Final

from core.actions.acknowledge import ACKNOWLEDGE
from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.actions.catalogue import ACTIONS
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.process import OBSERVE_OFF
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.safety_check import DISABLE_CHECK, ENABLE_CHECK, NO_SETTINGS
from core.actions.set_config import SET_CONFIG
from core.actions.silence import SILENCE
from core.actions.undo import UNDO
from core.backend.schema import Shape
from core.domain.actions import POSITIONAL, Action
from tui.actions.alerts import ack_choices, silence_choices
from tui.actions.breakers import breaker_choices, hold_choices, known, release_choices
from tui.actions.faults import switch_fault
from tui.actions.pauses import pause, unpause
from tui.actions.runs import run_choices
from tui.actions.start import choose, follow, start
from tui.actions.tasks import approve, assign, cancel, reject, requeue_simulated, requeue_tasks, set_priority
from tui.actions.time_travel import earlier, event_after, event_before, jump, later, note, now, zoom_in, zoom_out
from tui.actions.ui import Ui

Handler = Callable[[Ui], Awaitable[None]]


async def stop(ui: Ui) -> None:
    """Ask for an emergency stop; what fires already says why."""
    firing = (one for one in ui.monitor.snapshot.alerts if one.is_so and one.severity == "critical")
    worst = next((one for one in firing if one.rule != EMERGENCY_STOP.name), None)
    await start(ui, EMERGENCY_STOP, reason="" if worst is None else f"{worst.title}: {worst.text}")


async def requeue(ui: Ui) -> None:
    """Requeue what the last stop left rejected; while it stands the dialog resumes first."""
    await start(ui, RESUME)


async def reset(ui: Ui) -> None:
    """Choose what to do with the breakers as they stand."""
    await choose(ui, RESET_BREAKER, "Which breaker?", breaker_choices(known(ui.monitor.snapshot)))


async def hold(ui: Ui) -> None:
    """Choose a breaker to hold open."""
    choices = hold_choices(known(ui.monitor.snapshot))
    await choose(ui, HOLD_BREAKER, "Hold which breaker open?", choices, "no breaker was used yet")


async def release(ui: Ui) -> None:
    """Choose a held breaker to release."""
    choices = release_choices(known(ui.monitor.snapshot))
    await choose(ui, RELEASE_BREAKER, "Release which breaker?", choices, "no breaker is held")


async def acknowledge(ui: Ui) -> None:
    """Acknowledge what fires: the one alert, or a chosen one."""
    choices = ack_choices(ui.monitor.snapshot)
    if len(choices) == 1:
        await follow(ui, choices[0][0])
    else:
        await choose(ui, ACKNOWLEDGE, "Acknowledge which alert?", choices, "no unacknowledged alert is firing")


async def silence(ui: Ui) -> None:
    """Choose what to silence, or which silence to take back."""
    await choose(ui, SILENCE, "Silence what?", silence_choices(ui.monitor.snapshot))


async def runs(ui: Ui) -> None:
    """Choose among what can be done about single runs and tasks."""
    chosen = await ui.choose("Which action or task?", run_choices(ui.monitor.snapshot))
    if chosen is not None:
        await follow(ui, chosen)


async def observe_off(ui: Ui) -> None:
    """Allow actions for a while, where it was started with `--observe`."""
    project = ui.monitor.snapshot.project
    if not project.observe:
        ui.tell("actions are already allowed: it was not started with --observe")
    elif project.orders_for_s is not None:
        ui.tell("actions are allowed already")
    else:
        await start(ui, OBSERVE_OFF)


async def retry_matching(ui: Ui) -> None:
    """Show what failed: from there all of it, or what a filter leaves of it, goes back to pending."""
    if ui.allowed(RETRY_MATCHING):
        ui.visit("tasks", "status:failed")


async def enable_check(ui: Ui) -> None:
    """Show the safety checks that are disabled: one of them is chosen there."""
    await _safety_checks(ui, ENABLE_CHECK, "status:disabled")


async def disable_check(ui: Ui) -> None:
    """Show the safety checks that are enabled: one of them is chosen there."""
    await _safety_checks(ui, DISABLE_CHECK, "status:enabled")


async def _safety_checks(ui: Ui, action: Action, filter_text: str) -> None:
    if not ui.allowed(action):
        return
    if ui.shown.project.shape == Shape.DEPLOYED:
        ui.tell(NO_SETTINGS)
    else:
        ui.visit("safety", filter_text)


async def set_value(ui: Ui) -> None:
    """Show the config row: one of its values is chosen there."""
    if ui.allowed(SET_CONFIG):
        ui.visit("config")


async def undo(ui: Ui) -> None:
    """Show what was done: what is to be taken back is chosen there."""
    if ui.allowed(UNDO):
        ui.visit("trail")


def _starting(action: Action) -> Handler:
    """Return what starts an action that is about nothing in particular."""
    subject = next((one.name for one in action.arguments if one.kind in POSITIONAL and one.required), "")

    async def handler(ui: Ui) -> None:
        if subject:
            ui.tell(f"{action.title}: choose its {subject} in a list")
        else:
            await start(ui, action)

    return handler


HANDLERS: Final[dict[str, Handler]] = {
    action.shortcut.name: _starting(action) for action in ACTIONS.values() if action.shortcut is not None
} | {
    "stop": stop,
    "requeue": requeue,
    "reset": reset,
    "hold": hold,
    "release": release,
    "acknowledge": acknowledge,
    "silence": silence,
    "orders": runs,
    "observe_off": observe_off,
    "retry_matching": retry_matching,
    "approve": approve,
    "reject": reject,
    "cancel": cancel,
    "requeue_simulated": requeue_simulated,
    "requeue_tasks": requeue_tasks,
    "priority": set_priority,
    "pause": pause,
    "unpause": unpause,
    "assign": assign,
    "enable_check": enable_check,
    "disable_check": disable_check,
    "set": set_value,
    "undo": undo,
    "faults": switch_fault,
    "earlier": earlier,
    "later": later,
    "event_before": event_before,
    "event_after": event_after,
    "jump": jump,
    "zoom_in": zoom_in,
    "zoom_out": zoom_out,
    "note": note,
    "now": now,
}
"""Every handler by the name of its key."""
