"""Start an action: at once where it is safe, else by its dialog; or follow what was chosen of a list."""

from typing import Any

from core.domain.actions import POSITIONAL, Action, ArgumentKind, Tier
from tui.actions.choice import Choice, Choices, Go
from tui.actions.ui import Ui
from tui.dialogs import ActionDialog


async def start(ui: Ui, action: Action, of: str = "", **given: Any) -> None:
    """Start an action, about `of` if it is about something. `given`: what its fields begin with."""
    if not ui.allowed(action):
        return
    if of:
        subject = next(one for one in action.arguments if one.kind in POSITIONAL)
        given[subject.name] = of if subject.kind is ArgumentKind.SUBJECT else (of,)
    if action.tier is not Tier.SAFE:
        ui.ask(ActionDialog(ui.monitor, action, given))
        return
    ui.tell(f"{action.title} …")
    result = await ui.monitor.run(action, **given)
    ui.tell(result.text)


async def begin(ui: Ui, action: Action, **given: Any) -> None:
    """Open the dialog of an action, whatever its tier: what was typed in full is shown before it is done."""
    if ui.allowed(action):
        ui.ask(ActionDialog(ui.monitor, action, given))


async def follow(ui: Ui, chosen: Choice) -> None:
    """Do what was chosen: start its action, or go where it leads."""
    match chosen.what:
        case Go.KEY:
            await ui.press(chosen.of)
        case Go.TASK:
            ui.open_row("tasks", chosen.of)
        case Go.TASKS:
            ui.visit("tasks", chosen.of)
        case Go.LOGS_OF:
            ui.visit("logs", f"task:{chosen.of}")
        case Go.TRAIL:
            ui.visit("trail", f"action:{chosen.of}")
        case Action() as action:
            await start(ui, action, chosen.of, **({chosen.flag: True} if chosen.flag else {}))


async def choose(ui: Ui, action: Action, heading: str, choices: Choices, none: str = "") -> None:
    """Let the operator choose what to start, if `action` may run. `none`: what is said where there is no choice."""
    if not ui.allowed(action):
        return
    if not choices:
        ui.tell(none)
        return
    chosen = await ui.choose(heading, choices)
    if chosen is not None:
        await follow(ui, chosen)
