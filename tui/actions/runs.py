"""Choices about single runs and tasks: withdraw what waits, say that it is still meant, undo, retry."""

from core.actions.catalogue import UNDOABLE
from core.actions.heal import HEAL
from core.actions.retry_task import RETRY
from core.actions.undo import UNDO
from core.actions.withdraw import CONFIRM_WAITING, WITHDRAW
from core.base.text import in_steps
from core.domain.actions import label
from core.domain.records import LogEntry, Task
from core.domain.snapshot import Snapshot, Waiting
from tui.actions.choice import Choice, Choices, Go


def run_choices(snapshot: Snapshot) -> Choices:
    """Return the choices: withdraw and confirm, undo, retry; the newest first.

    Heals that are not among the newest log rows any more are a list away: the last choice.
    """
    choices = []
    for one in snapshot.waiting:
        if one.asks:
            choices.append((Choice(CONFIRM_WAITING, one.id), f"confirm: {one.words} …"))
        choices.append((Choice(WITHDRAW, one.id), f"withdraw: {_waits(one, snapshot)}"))
    runs: dict[str, LogEntry] = {}
    for entry in snapshot.logs.value or ():
        if undoable(entry):
            runs.setdefault(entry.run, entry)
    choices += [(Choice(UNDO, run), f"undo: {_told(entry, snapshot)}") for run, entry in list(runs.items())[:5]]
    failed = [task for task in snapshot.tasks.newest.value or () if task.status == "failed"]
    choices += [(Choice(RETRY, task.id), f"retry: {_failed(task, snapshot)}") for task in failed[:10]]
    older = "undo an older heal: the audit trail lists them all, enter opens one …"
    return (*choices, (Choice(Go.TRAIL, HEAL.name), older))


def undoable(entry: LogEntry) -> bool:
    """Return whether a row closes an action that can be undone by its run."""
    return entry.order in UNDOABLE and entry.status in {"completed", "failed"}


def _waits(one: Waiting, snapshot: Snapshot) -> str:
    return f"{one.words}, waits for {in_steps(snapshot.at - one.at)}"


def _told(entry: LogEntry, snapshot: Snapshot) -> str:
    at = entry.happened_at
    ago = f" {in_steps(snapshot.at - at)} ago" if at is not None else ""
    return f"{label(entry.order)} by {entry.actor}{ago}: {entry.summary}"


def _failed(task: Task, snapshot: Snapshot) -> str:
    ago = f" {in_steps(snapshot.at - task.completed_at)} ago" if task.completed_at is not None else ""
    return f"{task.description}, failed{ago}: {task.why}"
