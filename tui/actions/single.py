"""Single orders and tasks: withdraw what waits, say it is still meant, undo, retry."""

from core.domain.actions import ACTIONS, RETRY, UNDO, WITHDRAW
from tui.actions.ui import Ui
from tui.dialogs import order_choices, retry_dialog, still_meant_dialog, undo_dialog, withdraw_dialog


async def single_orders(front: Ui) -> None:
    """Whatever can be done about single ones."""
    await act(front, await front.choose("Which order or task?", order_choices(front.monitor.snapshot)) or "")


async def act(front: Ui, chosen: str) -> None:
    """Carry out `withdraw:ID`, `confirm:ID`, `undo:RUN` or `retry:TASK`; `older:ORDER` lists all of a kind."""
    verb, _, key = chosen.partition(":")
    if verb == "withdraw" and front.allowed(WITHDRAW):
        front.ask(withdraw_dialog(front.monitor, key))
    elif verb == "confirm" and front.allowed(WITHDRAW):
        await _ask_whether_meant(front, key)
    elif verb == "undo" and front.allowed(UNDO):
        front.ask(undo_dialog(front.monitor, key))
    elif verb == "older":
        front.visit("trail", f"order:{key}")
    elif verb == "retry" and front.allowed(RETRY):
        front.ask(retry_dialog(front.monitor, key))


async def _ask_whether_meant(front: Ui, key: str) -> None:
    meant = next((one for one in await front.monitor.waiting() if one.id == key), None)
    if meant is None:
        front.tell("it waits no more")
    elif front.allowed(ACTIONS[meant.order]):
        front.ask(still_meant_dialog(front.monitor, meant))
