"""Some of the tasks that an action is about, in a line of its plan: counts alone do not show whom it hits."""

from typing import Final

from core.actions.context import ActionContext
from core.base.text import clean
from core.domain.records import Task
from core.resilience import NotLive

_NAMED: Final = 3
_CHARS: Final = 60


async def longest_running(context: ActionContext) -> str:
    """Return a line with the tasks that run longest, and since when; empty without any, or where they are not known."""
    found = await _first(context, "in_progress")
    began = found[0].began_at if found else None
    since = f", since {began:%Y-%m-%d %H:%M} UTC" if began is not None else ""
    return f"The longest running{since}: {_names(found)}." if found else ""


async def next_pending(context: ActionContext) -> str:
    """Return a line with the tasks that the agents take first; empty without any, or where they are not known."""
    found = await _first(context, "pending")
    return f"The next: {_names(found)}." if found else ""


async def _first(context: ActionContext, status: str) -> tuple[Task, ...]:
    try:
        return await context.reads.tasks.first(status, _NAMED)
    except NotLive:
        return ()  # no action waits for an example


def _names(tasks: tuple[Task, ...]) -> str:
    return "; ".join(clean(task.description or task.id, _CHARS) for task in tasks)
