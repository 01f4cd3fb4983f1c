"""Actions that another process of this user hands over to a running monitor, which answers with their results.

Each is one document of the durable store: asked, taken up, answered, and removed by who asked. A transaction decides
between taking up and withdrawing, so an action that was withdrawn is never carried out. It is for one process by its
name, which no other ever has, and lapses: what is left over from a crash is never carried out later.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.base.clock import Clock
from core.base.store import Store, Transaction
from core.domain.actions import Action, Result, argument_value
from core.domain.monitor_process import Moment, Name, Word

KIND: Final = "delegated_action"

DELEGATED: Final = {action.name: action for action in (RESET_BREAKER, HOLD_BREAKER, RELEASE_BREAKER)}
"""The actions that a running monitor takes from another process. Another one is a word here."""

_MOST_AT_ONCE: Final = 20
_LONGEST: Final = timedelta(hours=1)
_FORGOTTEN_AFTER: Final = timedelta(minutes=1)


class DelegatedAction(msgspec.Struct, frozen=True, kw_only=True):
    """One action for the process `to`, with its arguments as its record names them.

    It lapses at `until` unless it was taken up. `result`: what came of it.
    """

    id: Name
    to: Name
    action: Word
    arguments: Annotated[dict[Word, Word], Meta(max_length=20)]
    at: Moment
    until: Moment
    taken_at: Moment | None = None
    result: Result | None = None

    def stands(self, now: datetime) -> bool:
        """Return whether it may be taken up. One from the future does not: the clock was set back since."""
        return self.taken_at is None and self.at <= now < self.until and self.until - self.at <= _LONGEST

    def known(self, now: datetime) -> bool:
        """Return whether somebody may still wait for its result."""
        return now - self.until < _FORGOTTEN_AFTER and self.at - now < _FORGOTTEN_AFTER


class DelegatedActions:
    """Those of this project and user on this machine. What writes raises NotKept."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store

    async def ask(self, to: str, action: Action, arguments: Mapping[str, str], within_s: float) -> DelegatedAction:
        """Ask the process `to` to take an action up within `within_s` seconds."""
        now = self._clock.now()
        asked = DelegatedAction(
            id=uuid.uuid4().hex,
            to=to,
            action=action.name,
            arguments=dict(arguments),
            at=now,
            until=now + timedelta(seconds=within_s),
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
            if asked is not None and (asked.taken_at is None or asked.result is not None):
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
            taken = tuple(msgspec.structs.replace(one, taken_at=now) for one in asked[:_MOST_AT_ONCE])
            for one in taken:
                transaction.put(KIND, one.id, one)
            return taken

        return await self._store.change(work)


def answer(one: DelegatedAction, result: Result) -> Callable[[Transaction], None]:
    """Return what answers within a transaction, unless nobody waits for it any more."""

    def work(transaction: Transaction) -> None:
        if transaction.get(KIND, one.id, DelegatedAction) is not None:
            transaction.put(KIND, one.id, msgspec.structs.replace(one, result=result))

    return work


def given(one: DelegatedAction) -> tuple[Action, dict[str, Any]]:
    """Return the action and its arguments. Raises ValueError with a sentence for what is none that is taken."""
    action = DELEGATED.get(one.action)
    if action is None:
        raise ValueError(f"this monitor takes no such action from another shell: {one.action}")
    known = {argument.name: argument for argument in action.arguments}
    if wrong := [name for name in one.arguments if name not in known]:
        raise ValueError(f"{action.title} knows no {wrong[0]}")
    values = {name: argument_value(argument, one.arguments.get(name, "")) for name, argument in known.items()}
    return action, values
