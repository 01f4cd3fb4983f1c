"""Assign: which agent, or who, a task is meant for."""

import json
from typing import Final

from core.actions.task_change import TASKS
from core.actions.task_value import TaskValue
from core.domain.actions import Action, Argument, Command, Shortcut, Tier
from core.domain.records import ChosenTask

ASSIGN: Final = Action(
    name="assign",
    tier=Tier.CONFIRM,
    title="Assign",
    effect="record who a task is for; the agents' own function ignores this and picks up any task",
    halts=True,
    arguments=(
        TASKS,
        Argument(
            name="to",
            words="assign to this agent or person",
            help="Whom it is for.",
            longest=100,
            required=True,
            replans=True,
        ),
    ),
    shortcut=Shortcut(name="assign", word="assign", does="assign the task under the cursor to an agent or a person"),
    command=Command(
        name="assign",
        help="Assign the tasks with these ids, or all that are pending or in review and match a filter.",
    ),
)


class Assign(TaskValue):
    """Assigns tasks."""

    action = ASSIGN
    settles = (ASSIGN,)
    nothing = "nothing was assigned"
    otherwise = "must be pending or in review, and not assigned to them already"
    key = "db:assign_tasks"
    column = "assigned_to"

    @staticmethod
    def value(one: ChosenTask) -> str | None:
        """Return whom the task is assigned to."""
        who: str | None = json.loads(one.assigned_json)
        return who
