"""Choices an operator is offered: an action or a place to go to, and the name of what it is about."""

from enum import StrEnum
from typing import TypeAlias

import msgspec

from core.domain.actions import Action


class Go(StrEnum):
    """Somewhere to go. `task`, `logs_of`: by a task's id; `tasks`: by a filter's text; `key`: what a key does.

    `trail`: the runs of an action.
    """

    TASK = "task"
    TASKS = "tasks"
    LOGS_OF = "logs_of"
    TRAIL = "trail"
    KEY = "key"


class Choice(msgspec.Struct, frozen=True):
    """One choice. `of`: the name of what it is about; empty for all of them, or to ask which. `flag`: one it sets."""

    what: Action | Go
    of: str = ""
    flag: str = ""


Choices: TypeAlias = tuple[tuple[Choice, str], ...]
"""Choices with their words, in the order in which they are offered."""
