"""What a key sets out to do with a kind of task: pause it, or give back what its pause set aside."""

from core.actions.pause_type import PAUSE_TYPE
from core.actions.unpause_type import UNPAUSE_TYPE
from core.domain.queries import Filter
from core.domain.task_groups import GroupBy
from core.resilience import NotLive
from tui.actions.choice import Choice
from tui.actions.start import choose
from tui.actions.ui import Ui


async def pause(ui: Ui) -> None:
    """Choose which task type to pause: of those that are pending, the most frequent first, and of those just seen."""
    if not ui.allowed(PAUSE_TYPE):
        return
    snapshot = ui.monitor.snapshot
    paused = {one.task_type for one in snapshot.pauses}
    try:
        found = await ui.monitor.groups(Filter(status=("pending",)), GroupBy.TYPE)
    except NotLive as not_live:
        ui.tell(f"{PAUSE_TYPE.title}: {not_live.fault.sentence()}")
        return
    pending = {one.name: one.count for one in found.groups}
    pending |= {task.task_type: 0 for task in snapshot.tasks.newest.value or () if task.task_type not in pending}
    choices = tuple(
        (Choice(PAUSE_TYPE, name), f"{name}  {count:,} pending")
        for name, count in pending.items()
        if name and name not in paused
    )
    await choose(ui, PAUSE_TYPE, "Pause which type?", choices, "no task type to pause: no tasks are visible")


async def unpause(ui: Ui) -> None:
    """Choose which paused task type to give back."""
    choices = tuple((Choice(UNPAUSE_TYPE, one.task_type), one.text) for one in ui.monitor.snapshot.pauses)
    await choose(ui, UNPAUSE_TYPE, "Unpause which type?", choices, "no task type is paused")
