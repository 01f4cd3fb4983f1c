"""Actions that another process of this user hands over to a running monitor, which answers with their results.

Each is one document of the durable store: asked, taken up, answered, and removed by who asked. A transaction decides
between taking up and withdrawing, so an action that was withdrawn is never carried out. It is for one process by its
name, which no other ever has, and lapses: what is left over from a crash is never carried out later. While it is being
carried out the document tells how far it has come, and takes the word that it must stop between two batches.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.actions.carried import (
    MOST_PLAN,
    NotCarried,
    Order,
    Value,
    arguments_of,
    carried_arguments,
    carried_plan,
    plan_of,
)
from core.actions.catalogue import ACTIONS
from core.actions.process import OBSERVE_OFF
from core.base.clock import Clock
from core.base.store import Store, Transaction
from core.base.text import clean
from core.domain.actions import Result
from core.domain.monitor_process import Moment, Name, Whole, Word

KIND: Final = "delegated_action"

DELEGATED: Final = {name: action for name, action in ACTIONS.items() if action is not OBSERVE_OFF}
"""The actions that a running monitor takes from another process: all but the one that is about a single screen."""

_MOST_AT_ONCE: Final = 20
_WHO: Final = 200
_LONGEST: Final = timedelta(hours=1)
_FORGOTTEN_AFTER: Final = timedelta(minutes=1)


PlanText = Annotated[str, Meta(max_length=MOST_PLAN)]


class DelegatedAction(msgspec.Struct, frozen=True, kw_only=True):
    """One action for the process `to`, with its arguments as its record names them, and who ordered it.

    `shown`, and `changed` where that is not what holds now: the plan as text. `again`: the run to go on with. It lapses
    at `until` unless it was taken up. `told_at`: when who carries it out last told that it does, and how far it has
    come. `halt`: why it must stop between two batches. `result`: what came of it.
    """

    id: Name
    to: Name
    action: Word
    arguments: Annotated[dict[Word, Value], Meta(max_length=20)]
    at: Moment
    until: Moment
    who: Word = ""
    again: Word = ""
    shown: PlanText = ""
    taken_at: Moment | None = None
    told_at: Moment | None = None
    progress: tuple[Word, Whole, Whole] | None = None
    halt: Word = ""
    changed: PlanText = ""
    result: Result | None = None

    @property
    def run(self) -> str:
        """Return the id of its run, by which the audit trail has it where it was begun."""
        return self.again or str(uuid.UUID(self.id))

    @property
    def answered(self) -> bool:
        """Return whether there is nothing more to come of it."""
        return self.result is not None or bool(self.changed)

    def stands(self, now: datetime) -> bool:
        """Return whether it may be taken up. One from the future does not: the clock was set back since."""
        return self.taken_at is None and self.at <= now < self.until and self.until - self.at <= _LONGEST

    def known(self, now: datetime) -> bool:
        """Return whether somebody may still wait for its result."""
        last = max(self.until, min(self.told_at or self.until, now))
        return now - last < _FORGOTTEN_AFTER and self.at - now < _FORGOTTEN_AFTER


class DelegatedActions:
    """Those of this project and user on this machine. What writes raises NotKept."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store

    async def ask(self, to: str, order: Order, within_s: float) -> DelegatedAction:
        """Ask the process `to` to take an order up within `within_s` seconds. Raises NotCarried."""
        now, arguments = self._clock.now(), carried_arguments(order.arguments)
        arguments_of(order.action, arguments)  # what the other end would not take is not even asked
        asked = DelegatedAction(
            id=uuid.uuid4().hex,
            to=to,
            action=order.action.name,
            arguments=arguments,
            at=now,
            until=now + timedelta(seconds=within_s),
            who=clean(order.who, _WHO),
            again=order.again,
            shown=carried_plan(order.shown),
        )
        await self._store.put(KIND, asked.id, asked)
        return asked

    async def look(self, name: str) -> DelegatedAction | None:
        """Return one as it is now; `None` if it is gone."""
        return await self._store.get(KIND, name, DelegatedAction)

    async def withdraw(self, name: str) -> bool:
        """Remove one, unless it is being carried out. Returns whether it is certain that it never is."""

        def work(transaction: Transaction) -> bool:
            asked = transaction.get(KIND, name, DelegatedAction)
            if asked is not None and (asked.taken_at is None or asked.answered):
                transaction.remove(KIND, name)
            return asked is not None and asked.taken_at is None

        return await self._store.change(work)

    async def take(self, to: str) -> tuple[DelegatedAction, ...]:
        """Take up those for the process `to`, oldest first, and clear away what nobody waits for any more."""
        if not await self._store.all(KIND, object):
            return ()  # nearly always: a look, and nothing is written

        def work(transaction: Transaction) -> tuple[DelegatedAction, ...]:
            now, kept = self._clock.now(), transaction.all(KIND, DelegatedAction)
            transaction.retain(KIND, {key for key, one in kept.items() if key == one.id and one.known(now)})
            asked = sorted(
                (one for key, one in kept.items() if key == one.id and one.to == to and one.stands(now)),
                key=lambda one: (one.at, one.id),
            )
            taken = tuple(msgspec.structs.replace(one, taken_at=now, told_at=now) for one in asked[:_MOST_AT_ONCE])
            for one in taken:  # what was shown is written once: from now on the document is written again and again
                transaction.put(KIND, one.id, msgspec.structs.replace(one, shown=""))
            return taken

        return await self._store.change(work)

    async def tend(self, name: str, progress: tuple[str, int, int] | None) -> str:
        """Tell that one is being carried out, and how far it has come. Returns why it must stop, empty if it need not.

        Who asked may be gone: it is carried out nevertheless.
        """

        def work(transaction: Transaction) -> str:
            one = transaction.get(KIND, name, DelegatedAction)
            if one is None or one.answered:
                return ""
            transaction.put(KIND, name, msgspec.structs.replace(one, told_at=self._clock.now(), progress=progress))
            return one.halt

        return await self._store.change(work)

    async def halt(self, name: str, why: str) -> None:
        """Ask who carries one out to stop between two batches."""

        def work(transaction: Transaction) -> None:
            one = transaction.get(KIND, name, DelegatedAction)
            if one is not None:
                transaction.put(KIND, name, msgspec.structs.replace(one, halt=clean(why, _WHO)))

        await self._store.change(work)


def answer(one: DelegatedAction, result: Result | None, changed: str = "") -> Callable[[Transaction], None]:
    """Return what answers within a transaction, unless nobody waits for it any more.

    `changed`: the plan as it is now, where it is not what was shown.
    """

    def work(transaction: Transaction) -> None:
        if transaction.get(KIND, one.id, DelegatedAction) is not None:
            told = msgspec.structs.replace(one, result=result, changed=changed, shown="")
            transaction.put(KIND, one.id, told)

    return work


def given(one: DelegatedAction) -> Order:
    """Return what was ordered. Raises NotCarried with a sentence for what is none that is taken."""
    action = DELEGATED.get(one.action)
    if action is None:
        raise NotCarried(f"this monitor takes no such action from another shell: {clean(one.action, 60)}")
    return Order(
        action=action,
        arguments=arguments_of(action, one.arguments),
        shown=plan_of(action, one.shown),
        again=one.again,
        who=one.who,
    )
