"""What an action is: how it looks at things, what it changes, and how it sees that this holds.

It says nothing to the audit trail and never decides what "done" means: the runner does both, for all of them alike.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import msgspec

from core.actions.run import Run
from core.domain.actions import Action, Result, ResultPhase
from core.domain.status import Truth


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be done. `told` goes into the audit row; `planned` is how many rows it is about.

    `run`: the id of an earlier run that was broken off, and is gone on with.
    """

    told: dict[str, Any]
    planned: int = 0
    run: str = ""


class ReadBack(msgspec.Struct, frozen=True, kw_only=True):
    """What a read showed afterwards: whether it holds, in words, and what the audit row keeps of it."""

    holds: Truth
    text: str
    told: dict[str, Any] = {}


class Operation(ABC):
    """One action that was ordered. Made anew for each time it is."""

    hurry: ClassVar[bool] = False
    """Whether nothing holds it up, an audit row that cannot be written included."""

    order: Action
    nothing: str = "nothing was changed"
    """How it is said that it did not even begin."""
    subject: str = ""
    """What it works on, before what went wrong with it; empty: its title."""
    unsure: str = "not known what came of it"
    """How it is said that nobody knows."""

    @abstractmethod
    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: what is to be done now, or why nothing is. `run` is given for one that was begun before.

        Raises NotLive, or PlanChanged where it is not what was shown.
        """

    @abstractmethod
    async def run(self, run: Run) -> None:
        """Change things, each only if it still is as it was seen. Raises NotLive."""

    @abstractmethod
    async def read_back(self, run: Run) -> ReadBack:
        """What really holds now. Raises NotLive: then nobody knows."""

    def already(self, text: str) -> Result:
        """It is as ordered, and was before: nothing is to be done."""
        return self.unchanged(text, already=True)

    def unchanged(self, text: str, *, already: bool = False) -> Result:
        """Nothing is to be done, and nothing was."""
        return Result(order=self.order.name, phase=ResultPhase.UNCHANGED, text=text, already=already)

    def refused(self, text: str) -> Result:
        """It may not be done, or makes no sense."""
        return Result(order=self.order.name, phase=ResultPhase.REFUSED, text=text)
