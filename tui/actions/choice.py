"""Choices an operator is offered: a verb, and the key of what it is about."""

from enum import StrEnum
from typing import TypeAlias

import msgspec


class Verb(StrEnum):
    """Action of a choice. `errand`: the one of the key of that name; `older`: list all orders of that kind."""

    ACKNOWLEDGE = "acknowledge"
    SILENCE = "silence"
    END_SILENCE = "end_silence"
    RESET = "reset"
    RELEASE = "release"
    HOLD = "hold"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    UNDO = "undo"
    OLDER = "older"
    RETRY = "retry"
    SHOW_TASK = "show_task"
    LIST_LOGS = "list_logs"
    ERRAND = "errand"


class Choice(msgspec.Struct, frozen=True):
    """One choice. `of`: the key of what it is about; empty for all of them, or to ask which."""

    verb: Verb
    of: str = ""


Choices: TypeAlias = tuple[tuple[Choice, str], ...]
"""Choices with their words, in the order in which they are offered."""
