"""What a key sets out to do with a kind of task: pause it, or give back what its pause set aside."""

from core.actions.pause_type import PAUSE_TYPE
from core.actions.unpause_type import UNPAUSE_TYPE
from tui.actions.choice import Choice
from tui.actions.start import choose
from tui.actions.ui import Ui


async def pause(ui: Ui) -> None:
    """Choose which task type to pause, of those that are seen."""
    snapshot = ui.monitor.snapshot
    paused = {one.task_type for one in snapshot.pauses}
    seen = {task.task_type for task in snapshot.tasks.newest.value or () if task.task_type}
    choices = tuple((Choice(PAUSE_TYPE, name), name) for name in sorted(seen - paused))
    await choose(ui, PAUSE_TYPE, "Pause which type?", choices, "no task is seen whose type could be paused")


async def unpause(ui: Ui) -> None:
    """Choose which paused task type to give back."""
    choices = tuple((Choice(UNPAUSE_TYPE, one.task_type), one.text) for one in ui.monitor.snapshot.pauses)
    await choose(ui, UNPAUSE_TYPE, "Unpause which type?", choices, "no task type is paused")
