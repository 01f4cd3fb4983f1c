"""Set priority: the agents take pending tasks by priority, the highest first, then by age."""

from typing import Final

from core.actions.task_change import TASKS
from core.actions.task_value import TaskValue
from core.domain.actions import Action, Argument, ArgumentKind, Command, Shortcut, Tier
from core.domain.records import ChosenTask

SET_PRIORITY: Final = Action(
    name="set_priority",
    tier=Tier.CONFIRM,
    title="Set priority",
    effect="the agents take pending tasks by priority, the highest first",
    verb="Prioritize",
    halts=True,
    arguments=(
        TASKS,
        Argument(
            name="to",
            kind=ArgumentKind.NUMBER,
            words="priority, the highest goes first",
            help="From 0 to 10, the highest first.",
            most=10,
            required=True,
            replans=True,
        ),
    ),
    shortcut=Shortcut(name="priority", word="priority", does="set the priority of the task under the cursor"),
    command=Command(
        name="priority",
        help="Set it for the tasks with these ids, or for all that are pending or in review and match a filter.",
    ),
)


class SetPriority(TaskValue):
    """Sets the priority of tasks."""

    action = SET_PRIORITY
    settles = (SET_PRIORITY,)
    nothing = "no priority was set"
    otherwise = "must be pending or in review, and not have that priority already"
    key = "db:set_priority"
    column = "priority"

    @staticmethod
    def value(one: ChosenTask) -> int | None:
        """Return the task's priority."""
        return one.task.priority
