"""Single orders and tasks: withdraw what waits, say it is still meant, undo, retry."""

from typing import Final

from core.base.text import short
from core.domain.actions import ACTIONS, DRY_RUN_OFF, DRY_RUN_ON, HEAL, RETRY, UNDO, WITHDRAW, label
from core.domain.records import LogEntry, Task
from core.domain.snapshot import Snapshot, Waiting
from tui.actions.choice import Choice, Choices, Verb
from tui.actions.ui import Ui
from tui.dialogs import retry_dialog, still_meant_dialog, undo_dialog, withdraw_dialog

_UNDONE_BY_RUN: Final = frozenset({HEAL.name, DRY_RUN_ON.name, DRY_RUN_OFF.name})


async def single_orders(front: Ui) -> None:
    """Whatever can be done about single ones."""
    chosen = await front.choose("Which action or task?", order_choices(front.monitor.snapshot))
    if chosen is not None:
        await act(front, chosen)


async def act(front: Ui, chosen: Choice) -> None:
    """Withdraw or confirm what waits, by its id; undo a run; retry a task; or list the orders of a kind."""
    match chosen.verb:
        case Verb.WITHDRAW if front.allowed(WITHDRAW):
            front.ask(withdraw_dialog(front.monitor, chosen.of))
        case Verb.CONFIRM if front.allowed(WITHDRAW):
            await _ask_whether_meant(front, chosen.of)
        case Verb.UNDO if front.allowed(UNDO):
            front.ask(undo_dialog(front.monitor, chosen.of))
        case Verb.OLDER:
            front.visit("trail", f"order:{chosen.of}")
        case Verb.RETRY if front.allowed(RETRY):
            front.ask(retry_dialog(front.monitor, chosen.of))


def order_choices(snapshot: Snapshot) -> Choices:
    """Return the choices about single orders and tasks: withdraw and confirm, undo, retry; the newest first.

    Heals that are not among the newest log rows any more are a list away: the last choice.
    """
    choices = []
    for one in snapshot.waiting:
        if one.asks:
            choices.append((Choice(Verb.CONFIRM, one.id), f"still meant: {one.words} …"))
        choices.append((Choice(Verb.WITHDRAW, one.id), f"withdraw: {_waits(one, snapshot)}"))
    runs: dict[str, LogEntry] = {}
    for entry in snapshot.logs.value or ():
        if undoable(entry):
            runs.setdefault(entry.run, entry)
    choices += [(Choice(Verb.UNDO, run), f"undo: {_told(entry, snapshot)}") for run, entry in list(runs.items())[:5]]
    failed = [task for task in snapshot.tasks.newest.value or () if task.status == "failed"]
    choices += [(Choice(Verb.RETRY, task.id), f"retry: {_failed(task, snapshot)}") for task in failed[:10]]
    older = "undo an older heal: the audit trail lists them all, enter opens one …"
    return (*choices, (Choice(Verb.OLDER, HEAL.name), older))


def undoable(entry: LogEntry) -> bool:
    """Return whether a row closes an order that can be undone by its run."""
    return entry.order in _UNDONE_BY_RUN and entry.status in {"completed", "failed"}


def _waits(one: Waiting, snapshot: Snapshot) -> str:
    return f"{one.words}, waits for {short(snapshot.at - one.at)}"


def _told(entry: LogEntry, snapshot: Snapshot) -> str:
    ago = f" {short(snapshot.at - entry.at)} ago" if entry.at is not None else ""
    return f"{label(entry.order)} by {entry.actor}{ago}: {entry.summary}"


def _failed(task: Task, snapshot: Snapshot) -> str:
    ago = f" {short(snapshot.at - task.completed_at)} ago" if task.completed_at is not None else ""
    return f"{task.description}, failed{ago}: {task.error}"


async def _ask_whether_meant(front: Ui, key: str) -> None:
    meant = next((one for one in await front.monitor.waiting() if one.id == key), None)
    if meant is None:
        front.tell("it waits no more")
    elif front.allowed(ACTIONS[meant.order]):
        front.ask(still_meant_dialog(front.monitor, meant))
