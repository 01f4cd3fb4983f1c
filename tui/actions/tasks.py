"""What a key sets out to do with tasks: the one under the cursor, or all that match the filter of a list."""

from collections.abc import Collection
from typing import Final

import msgspec

from core.actions.approve import APPROVE
from core.actions.assign import ASSIGN
from core.actions.cancel import CANCEL
from core.actions.catalogue import statuses_of
from core.actions.pause_type import PAUSE_TYPE
from core.actions.reject import REJECT
from core.actions.requeue_simulated import REQUEUE_SIMULATED
from core.actions.requeue_tasks import REQUEUE_TASKS
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.retry_task import RETRY
from core.actions.set_priority import SET_PRIORITY
from core.actions.unpause_type import UNPAUSE_TYPE
from core.domain.actions import Action
from core.domain.queries import Listing, Table, filter_text
from core.domain.records import Task
from tui.actions.choice import Choice, Choices
from tui.actions.start import start
from tui.actions.ui import Ui

ON_MANY: Final = (RETRY_MATCHING, APPROVE, REJECT, CANCEL, REQUEUE_TASKS, REQUEUE_SIMULATED, SET_PRIORITY, ASSIGN)
"""What can be done with many chosen tasks at once."""

_VALUES: Final = ((SET_PRIORITY, "set its priority …"), (ASSIGN, "assign it …"))

_REQUEUED: Final = ((REQUEUE_TASKS, "requeue: back to pending …"),)

_OF_STATUS: Final = {
    "failed": ((RETRY, "retry: send it back to pending …"),),
    "awaiting_review": (
        (APPROVE, "approve: let the agents run it …"),
        (REJECT, "reject: no agent runs it …"),
        *_VALUES,
    ),
    "completed": ((REQUEUE_SIMULATED, "requeue: do it for real, if it was completed only in dry-run …"),),
    "pending": ((CANCEL, "cancel: reject it …"), *_VALUES),
    **dict.fromkeys(statuses_of(REQUEUE_TASKS), _REQUEUED),
    "in_progress": ((CANCEL, "cancel: reject it; the agent may continue working …"),),
}


_OF_TYPE: Final = {
    "pending": (PAUSE_TYPE, "pause its type: agents pick up no tasks of this type …"),
    "paused": (UNPAUSE_TYPE, "unpause its type: paused tasks go back to pending …"),
}
"""What can be done with the type of a task in a state."""


def actions_on(statuses: Collection[str]) -> tuple[Action, ...]:
    """Return what can be done with many tasks of these statuses."""
    return tuple(action for action in ON_MANY if set(statuses_of(action)).intersection(statuses))


def task_choices(task: Task) -> Choices:
    """Return what can be done with one task as it is, and with its type."""
    of_task = tuple((Choice(action, task.id), words) for action, words in _OF_STATUS.get(task.state, ()))
    of_type = _OF_TYPE.get(task.state) if task.task_type else None
    return of_task if of_type is None else (*of_task, (Choice(of_type[0], task.task_type), of_type[1]))


async def approve(ui: Ui) -> None:
    """Approve the task under the cursor; where there is none, show what waits."""
    await _of_selected(ui, APPROVE)


async def reject(ui: Ui) -> None:
    """Reject the task under the cursor; where there is none, show what waits."""
    await _of_selected(ui, REJECT)


async def cancel(ui: Ui) -> None:
    """Cancel the task under the cursor; where there is none, show what is pending or running."""
    await _of_selected(ui, CANCEL)


async def requeue_tasks(ui: Ui) -> None:
    """Requeue the task under the cursor; where there is none, show what could be."""
    await _of_selected(ui, REQUEUE_TASKS)


async def set_priority(ui: Ui) -> None:
    """Set the priority of the task under the cursor; where there is none, show what is pending."""
    await _of_selected(ui, SET_PRIORITY)


async def assign(ui: Ui) -> None:
    """Assign the task under the cursor; where there is none, show what is pending."""
    await _of_selected(ui, ASSIGN)


async def requeue_simulated(ui: Ui) -> None:
    """Ask whether all that was completed only in dry-run is to be done for real; or the task under the cursor."""
    of = ui.selected_task or f"status:{','.join(statuses_of(REQUEUE_SIMULATED))}"
    await start(ui, REQUEUE_SIMULATED, of)


async def retry(ui: Ui, listing: Listing) -> None:
    """Ask to confirm that every failed task that matches a list's filter goes back to pending."""
    await start(ui, RETRY_MATCHING, tasks=meant_by(listing, RETRY_MATCHING))


async def all_that_match(ui: Ui, listing: Listing, actions: tuple[Action, ...]) -> None:
    """Choose what to do with all tasks that match a list's filter."""
    words = filter_text(listing.filter, listing.table)
    what = f"All tasks that match {words}" if words else "All of them"
    chosen = await ui.choose(f"{what}:", [(one, f"{one.title.lower()}: {one.effect} …") for one in actions])
    if chosen is not None:
        await start(ui, chosen, tasks=meant_by(listing, chosen))


async def _of_selected(ui: Ui, action: Action) -> None:
    if not ui.allowed(action):
        return
    if task := ui.selected_task:
        await start(ui, action, task)
    elif task is not None:
        ui.tell(f"{action.title}: no task is under the cursor")
    elif action not in (APPROVE, REJECT):
        ui.visit("tasks", f"status:{','.join(statuses_of(action))}")
    else:
        ui.visit("inbox")


def meant_by(listing: Listing, action: Action) -> tuple[str, ...]:
    """Return the words of the filter, of its statuses only those that the action is about.

    A filter that names no status stands for all that the action is about; of one that names others nothing is left out.
    """
    given = listing.filter
    statuses = tuple(one for one in statuses_of(action) if not given.status or one in given.status)
    if statuses:
        given = msgspec.structs.replace(given, status=())
    words = filter_text(given, Table.TASKS)
    return (*(() if given.status else (f"status:{','.join(statuses)}",)), *((words,) if words else ()))
