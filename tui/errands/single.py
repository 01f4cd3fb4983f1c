"""Single orders and tasks: withdraw what waits, say it is still meant, undo, retry."""

from core.act.orders import RETRY, UNDO, WITHDRAW
from core.state import NotKept
from tui.dialogs import order_choices, retry_dialog, undo_dialog, withdraw_dialog
from tui.front import Front


async def single_orders(front: Front) -> None:
    """Whatever can be done about single ones."""
    await act(front, await front.choose("Which order or task?", order_choices(front.monitor.snapshot)) or "")


async def act(front: Front, chosen: str) -> None:
    """Carry out `withdraw:ID`, `confirm:ID`, `undo:RUN` or `retry:TASK`; `older:ORDER` lists all of a kind."""
    verb, _, key = chosen.partition(":")
    if verb == "withdraw" and front.allowed(WITHDRAW):
        front.ask(withdraw_dialog(front.monitor, key))
    elif verb == "confirm" and front.allowed(WITHDRAW):
        try:
            still = await front.monitor.confirm_waiting(key)
        except NotKept as not_kept:
            front.tell(f"nothing was changed: {not_kept}")
            return
        front.tell("still meant: carried out as soon as the project answers" if still else "it waits no more")
    elif verb == "undo" and front.allowed(UNDO):
        front.ask(undo_dialog(front.monitor, key))
    elif verb == "older":
        front.visit("trail", f"order:{key}")
    elif verb == "retry" and front.allowed(RETRY):
        front.ask(retry_dialog(front.monitor, key))
