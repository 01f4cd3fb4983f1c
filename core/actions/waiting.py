"""Orders that wait for the project to answer: on the disk before they are accepted, carried out once, or let go.

Whoever runs the loops of this project and user carries them out; any process of the user may keep and withdraw.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.actions.context import Actor
from core.base.clock import Clock
from core.base.store import Store, Transaction
from core.domain.actions import label
from core.domain.actors import By
from core.domain.stops import StopMark

KIND: Final = "pending_order"

LAPSES: Final = timedelta(hours=24)
"""The time an automatic action waits, and after which an operator is asked again whether theirs is still meant."""


class WaitingAction(msgspec.Struct, frozen=True, kw_only=True):
    """One action that waits. `id` is its run id; `begun`: it was running when it was last heard of."""

    id: str
    order: str
    actor: Actor
    at: datetime
    reason: str = ""
    hours: int = 24
    requeue: bool = False
    stop: StopMark | None = None
    """The stop that a lift is for: before another one it lapses."""
    ordered_at: datetime | None = None
    """When it was given by the database's clock, as far as that was known: what came after it there is told by it."""
    begun: bool = False
    confirmed_at: datetime | None = None
    """When an operator said again that it is still meant."""

    @property
    def automatic(self) -> bool:
        """Return whether the watchdog ordered it."""
        return self.actor.by == By.WATCHDOG

    def old(self, now: datetime) -> bool:
        """Return whether it has waited too long to be carried out without a question."""
        return now - (self.confirmed_at or self.at) > LAPSES

    def words(self) -> str:
        """Return the action in words, who ordered it and why."""
        given_back = ", requeueing what was pending" if self.requeue else ""
        why = f": {self.reason}" if self.reason else ""
        return f"{label(self.order)} by {self.actor}{given_back}{why}"


class WaitingActions:
    """The orders that wait, on the disk. Writes raise NotKept. `now` gives the server's time, as far as it is known."""

    def __init__(self, clock: Clock, state: Store, now: Callable[[], datetime] | None = None) -> None:
        self._clock = clock
        self._now = now or clock.now
        self._state = state
        self.known: tuple[WaitingAction, ...] = ()
        """As last read, oldest first. Another process may have changed it since."""

    async def all(self) -> tuple[WaitingAction, ...]:
        """Those on the disk now, oldest first."""
        found = (await self._state.all(KIND, WaitingAction)).values()
        self.known = tuple(sorted(found, key=lambda one: (one.at, one.id)))
        return self.known

    async def keep(  # noqa: PLR0913 - all that is kept of an order
        self,
        order: str,
        actor: Actor,
        *,
        reason: str = "",
        hours: int = 24,
        requeue: bool = False,
        stop: StopMark | None = None,
        run: str = "",
    ) -> tuple[WaitingAction, bool]:
        """Let one wait, and whether it is a new one: of one kind by one kind of actor there is never a second.

        `run` is its id where it was begun already.
        """
        new = WaitingAction(
            id=run or str(uuid.uuid4()),
            begun=bool(run),
            order=order,
            actor=actor,
            at=self._clock.now(),
            ordered_at=self._now(),
            reason=reason,
            hours=hours,
            requeue=requeue,
            stop=stop,
        )

        def again(transaction: Transaction, one: WaitingAction) -> WaitingAction:
            """Ordered once more by an operator it is meant anew, as it was ordered last; one that was begun goes on."""
            if one.automatic:
                return one
            meant = msgspec.structs.replace(
                one,
                confirmed_at=new.at,
                ordered_at=new.ordered_at,
                reason=one.reason if one.begun else new.reason,
                hours=one.hours if one.begun else new.hours,
                requeue=one.requeue or new.requeue,
                stop=new.stop or one.stop,
            )
            transaction.put(KIND, one.id, meant)
            return meant

        def work(transaction: Transaction) -> WaitingAction:
            for one in transaction.all(KIND, WaitingAction).values():
                if one.order == order and one.actor.by == actor.by:
                    return again(transaction, one)
                if one.actor.by == actor.by == By.OPERATOR:
                    transaction.remove(KIND, one.id)  # a stop and then a lift: the later word counts
            transaction.put(KIND, new.id, new)
            return new

        kept = await self._state.change(work)
        await self.all()
        return kept, kept is new

    async def begin(self, one: WaitingAction) -> bool:
        """Note that it is being carried out. Whether it still waits: it may have been withdrawn."""
        return await self._replace(one.id, lambda kept: msgspec.structs.replace(kept, begun=True))

    async def confirm(self, name: str) -> bool:
        """An operator still means it. Whether it still waits."""
        now = self._clock.now()
        return await self._replace(name, lambda kept: msgspec.structs.replace(kept, confirmed_at=now))

    async def remove(self, name: str) -> bool:
        """Forget one: done, lapsed or withdrawn. Whether it was there."""
        removed = await self._state.remove(KIND, name)
        await self.all()
        return removed

    async def _replace(self, name: str, change: Callable[[WaitingAction], WaitingAction]) -> bool:
        def work(transaction: Transaction) -> bool:
            kept = transaction.get(KIND, name, WaitingAction)
            if kept is None:
                return False
            transaction.put(KIND, name, change(kept))
            return True

        found = await self._state.change(work)
        await self.all()
        return found
