"""The interface of an action: how it looks at things, what it changes, and how it sees that this holds.

It says nothing to the audit trail and never decides what "done" means: the runner does both, for all of them alike.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from core.actions.context import Actor
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.actions.waiting import WaitingAction
from core.domain.actions import Action, Result, ResultPhase
from core.domain.plans import Plan, PlanStep
from core.domain.status import Truth

P = TypeVar("P", bound=Plan)


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared action. `told` goes into the audit row; `planned` is the number of rows.

    `run`: the id of an earlier run that was broken off, and is gone on with.
    """

    told: dict[str, Any]
    planned: int = 0
    run: str = ""


class ReadBack(msgspec.Struct, frozen=True, kw_only=True):
    """Result of the read afterwards: whether it holds, in words, and what the audit row keeps of it."""

    holds: Truth
    text: str
    told: dict[str, Any] = {}


class Planned(ABC, Generic[P]):
    """One action with its arguments. Made anew for each plan and each run.

    `shown`: the plan the operator saw. A subclass names its arguments as keywords of its constructor, after the record.
    """

    action: Action
    changes: ClassVar[bool] = True
    """Whether panels and checks are read anew after it."""

    def __init__(self, parts: Dependencies, shown: P | None = None) -> None:
        self._parts = parts
        self._shown = shown

    @abstractmethod
    async def plan(self) -> P:
        """Return what it would do now. Raises NotLive."""

    async def agree(self) -> P:
        """Return the plan that was shown; where none was, that of now. Raises NotLive."""
        if self._shown is None:
            self._shown = await self.plan()
        return self._shown

    @property
    def agreed(self) -> P:
        """Return the plan that is run."""
        if self._shown is None:
            raise RuntimeError(f"{self.action.title} runs before it was planned")
        return self._shown

    def already(self, text: str) -> Result:
        """Return the result where it is as ordered, and was before."""
        return self.unchanged(text, already=True)

    def unchanged(self, text: str, *, already: bool = False) -> Result:
        """Return the result where nothing is to be done, and nothing was."""
        return Result(action=self.action.name, phase=ResultPhase.UNCHANGED, text=text, already=already)

    def idle(self, plan: P) -> Result:
        """Return the result where nothing of a plan would change."""
        return self.unchanged(plan.text, already=plan.stands)

    def refused(self, text: str) -> Result:
        """Return the result where it may not be done, or was ordered wrongly."""
        return Result(action=self.action.name, phase=ResultPhase.REFUSED, text=text)


class Operation(Planned[P]):
    """An action on the project: audited before and after, and read back."""

    nothing: str = "nothing was changed"
    """How it is said that it did not even begin."""
    subject: str = ""
    """What it works on, before what went wrong with it; empty: its title."""
    unsure: str = "outcome unknown"
    """How it is said that nobody knows."""
    settles: ClassVar[tuple[Action, ...]] = ()
    """Actions whose broken-off runs are closed before this one is planned."""
    undoes: ClassVar[bool] = False
    """Whether it can be undone by its run id: then it has `undo_step` and `undo`."""
    reason: str = ""
    """Why it was ordered, for the events."""

    def __init__(self, parts: Dependencies, shown: P | None = None) -> None:
        super().__init__(parts, shown)
        self._context = parts.context

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
        """Return what really holds now, and note in `run` what is counted by that read and not by the writes.

        `run.changed`, `turned`, `skipped` and `refused` decide, with what holds, how far it came (`Run.phase`). Raises
        NotLive: then nobody knows.
        """

    def follow_up(self, result: Result) -> "Operation[Any] | None":
        """Return the action that belongs to this one and comes after `result`; `None`: there is none."""
        return None

    def with_follow_up(self, result: Result, following: Result, *, retried: bool) -> Result:
        """Return both results as one. `retried`: the whole is tried again as long as nobody answers."""
        return result

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return what an undo of the run `run` would take back; `None` where nothing stands. Raises NotLive."""
        return None

    async def undo(self, undone: str, run: Run) -> None:
        """Take back what the run `undone` did, each row only if its mark still stands. Raises NotLive."""

    def kept(self) -> dict[str, Any]:
        """Return the fields of its `WaitingAction`, where it waits for the project to answer."""
        return {}

    @classmethod
    def of_waiting(cls, parts: Dependencies, waiting: WaitingAction) -> "Operation[Any]":
        """Return the action that waited. Only one whose record says `keeps` is asked."""
        raise NotImplementedError(f"{cls.__name__} does not wait")


class LocalOperation(Planned[P]):
    """An action on this process or this machine: it holds at once.

    With a `target` its audit row, saying that the target was `done`, follows when it can.
    """

    target: str = ""
    done: str = ""
    reason: str = ""
    """Why it was ordered, where its result does not say so."""

    @abstractmethod
    async def act(self, actor: Actor) -> Result:
        """Do it. Raises NotKept where this machine's disk does not take it: then nothing was changed."""

    def verified(self, text: str, *, run: str = "") -> Result:
        """Return the result of one that is done."""
        return Result(action=self.action.name, phase=ResultPhase.VERIFIED, text=text, run=run)
