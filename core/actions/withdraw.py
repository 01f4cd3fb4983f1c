"""Actions on what waits for the project to answer: withdraw it, or say that it is still meant."""

from typing import Final

import msgspec

from core.actions.action import LocalOperation
from core.actions.context import Actor
from core.actions.dependencies import Dependencies
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.resume import RESUME
from core.actions.waiting import WaitingAction
from core.domain.actions import Action, Argument, ArgumentKind, Result, ResultPhase, Tier
from core.domain.plans import Sentence

WITHDRAW: Final = Action(
    name="withdraw",
    tier=Tier.CONFIRM,
    title="Withdraw a waiting action",
    effect="drop an action that is waiting for the project to answer",
    writes=False,
    verb="Withdraw",
    arguments=(Argument(name="waiting", kind=ArgumentKind.SUBJECT, required=True),),
)
CONFIRM_WAITING: Final = Action(
    name="confirm_waiting",
    tier=Tier.CONFIRM,
    title="Confirm a waiting action",
    effect="let an action go on waiting for the project to answer",
    verb="Confirm",
    arguments=(Argument(name="waiting", kind=ArgumentKind.SUBJECT, required=True),),
)

_GONE: Final = "It does not wait any more."
_KEPT: Final = {action.name: action for action in (EMERGENCY_STOP, RESUME)}


def confirmed_as(waiting: WaitingAction) -> Action:
    """Return the record by which an operator confirms that it is still meant: its tier and word are the action's."""
    meant = _KEPT.get(waiting.order, CONFIRM_WAITING)
    return msgspec.structs.replace(
        CONFIRM_WAITING, title=meant.title, effect=meant.effect, tier=meant.tier, word=meant.word
    )


class Withdraw(LocalOperation[Sentence]):
    """Forgets the waiting action with the id `waiting`."""

    action = WITHDRAW

    def __init__(self, parts: Dependencies, shown: Sentence | None = None, *, waiting: str = "") -> None:
        super().__init__(parts, shown)
        self._id = waiting

    async def plan(self) -> Sentence:
        """Return what waits."""
        waiting = await self._find()
        if waiting is None:
            return Sentence(text=_GONE, refused=_GONE)
        return Sentence(text=f"{waiting.words()}\nIt has not been carried out.")

    async def act(self, actor: Actor) -> Result:
        """Remove it from the disk. Raises NotKept."""
        waiting = await self._find()
        if waiting is None or not await self._parts.waiting.remove(self._id):
            return self.already("no such action waits any more")
        return self.verified(f"withdrawn: {waiting.words()}")

    async def _find(self) -> WaitingAction | None:
        return next((one for one in await self._parts.waiting.all() if one.id == self._id), None)


class ConfirmWaiting(Withdraw):
    """Lets a waiting action go on waiting: confirmed as the action itself is, for it is ordered once more."""

    action = CONFIRM_WAITING

    async def plan(self) -> Sentence:
        """Return what waits, and since when."""
        waiting = await self._find()
        if waiting is None:
            return Sentence(text=_GONE, refused=_GONE)
        at = f"{waiting.at.astimezone():%Y-%m-%d %H:%M:%S}"
        text = f"{waiting.words()}\nRequested at {at}. If you confirm, it runs as soon as the project answers."
        return Sentence(text=text, action=confirmed_as(waiting))

    async def act(self, actor: Actor) -> Result:
        """Note it on the disk. Raises NotKept."""
        if not await self._parts.waiting.confirm(self._id):
            return self.refused("it is no longer waiting")
        text = "confirmed: it runs as soon as the project answers"
        return Result(action=self.action.name, phase=ResultPhase.WAITING, text=text)
