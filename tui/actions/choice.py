"""What can be chosen: what is to be done, and with which one of what there is."""

from enum import StrEnum
from typing import TypeAlias

import msgspec


class Verb(StrEnum):
    """What a choice does. `errand`: what the key of that name does; `older`: lists all orders of that kind."""

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
    """One thing that can be done. `of`: the key of what it is done with; empty for all of them, or to ask which."""

    verb: Verb
    of: str = ""


Choices: TypeAlias = tuple[tuple[Choice, str], ...]
"""Each with its words, in the order in which they are offered."""
