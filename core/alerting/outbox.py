"""Outgoing messages: kept until accepted, delivered at least once each; no address waits for another."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.alerting.message import Message
from core.base.clock import Clock
from core.base.error_boundary import ErrorBoundary
from core.base.store import NotKept, Store, Transaction
from core.resilience.fault import Counts, Evidence, Fault

KIND: Final = "post"
GIVEN_UP: Final = timedelta(hours=24)
SHOWN: Final = timedelta(days=7)
UNADDRESSED: Final = "unaddressed"
"""The kind of the fault that no recipient of that name exists any more."""

_FIRST_S: Final = 30.0
_LONGEST_S: Final = 900.0


class OutgoingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address, by its name. `undelivered`: given up after 24 h, or the recipient is gone."""

    id: str
    to: str
    message: Message
    at: datetime
    tries: int = 0
    why: str = ""
    undelivered: bool = False
    about: tuple[tuple[str, str], ...] = ()
    """The firing alerts in the message, by name and episode."""


Deliver = Callable[[OutgoingMessage], Awaitable[Fault | None]]
"""Sends a message; returns the fault when it was not accepted. A refusal by a breaker is no attempt."""


class Outbox:
    """The outgoing messages of one project and user. `deliver` sends one; whatever it raises, the others go on."""

    def __init__(self, clock: Clock, store: Store, deliver: Deliver, boundary: ErrorBoundary) -> None:
        self._clock = clock
        self._store = store
        self._deliver = deliver
        self._boundary = boundary
        self._messages: dict[str, OutgoingMessage] = {}
        self._due: dict[str, float] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}

    @property
    def messages(self) -> tuple[OutgoingMessage, ...]:
        """The messages on their way or given up, the oldest first."""
        return tuple(sorted(self._messages.values(), key=lambda message: (message.at, message.id)))

    async def restore(self) -> None:
        """Load what an earlier process could not deliver, or could not record: due at once."""
        for key, message in (await self._store.all(KIND, OutgoingMessage)).items():
            self._messages.setdefault(key, message)

    def put(self, messages: Iterable[OutgoingMessage]) -> None:
        """Add messages, whether or not they could be written to the disk: they are sent all the same."""
        self._messages |= {message.id: message for message in messages}

    def send_due(self) -> None:
        """Start to send what is due, address by address, side by side."""
        waiting: dict[str, list[OutgoingMessage]] = {}
        for message in self.messages:
            if not message.undelivered:
                waiting.setdefault(message.to, []).append(message)
        now = self._clock.elapsed()
        for to, messages in waiting.items():
            if to not in self._busy and now >= self._due.get(to, 0.0):
                task = asyncio.create_task(self._send(to, messages), name=f"watchdesk-post-{to}")
                self._busy[to] = task
                task.add_done_callback(lambda _, to=to: self._busy.pop(to, None))  # type: ignore[misc]  # bound early

    async def settled(self) -> None:
        """Wait for what is being sent now."""
        while self._busy:
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def close(self) -> None:
        """Cancel what is being sent. What was not recorded is sent again by the next process, under the same id."""
        tasks = tuple(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def forget_old(self) -> None:
        """Drop what was given up long ago."""
        before = self._clock.now() - SHOWN
        for message in self.messages:
            if message.undelivered and message.at < before:
                await self._drop(message)

    async def _send(self, to: str, messages: list[OutgoingMessage]) -> None:
        """Send one address's messages in order; the first that is not accepted makes the others wait."""
        for message in messages:
            fault = await self._delivered(message)
            if fault is None:
                await self._drop(message)  # recorded after it was accepted: a kill in between sends it twice
                self._due.pop(to, None)
                continue
            if fault.kind == "refused_by_breaker":
                self._due[to] = self._clock.elapsed() + _FIRST_S
                return
            tried = msgspec.structs.replace(
                message,
                tries=message.tries + 1,
                why=fault.message,
                undelivered=fault.kind == UNADDRESSED or self._clock.now() - message.at >= GIVEN_UP,
            )
            self._messages[message.id] = tried
            self._due[to] = self._clock.elapsed() + min(_LONGEST_S, _FIRST_S * 2.0 ** min(message.tries, 10))
            await self._keep(tried)
            if not tried.undelivered:
                return

    async def _delivered(self, message: OutgoingMessage) -> Fault | None:
        """Deliver a message. Returns the fault if it was not accepted; an unforeseen one is retried like any other."""
        with self._boundary.around(f"sending to {message.to}") as run:
            return await self._deliver(message)
        return Fault(kind="unforeseen", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message=f"sending {run.text}")

    async def _keep(self, message: OutgoingMessage) -> None:
        try:
            await self._store.put(KIND, message.id, message)
        except NotKept:
            return  # the store reports it itself

    async def _drop(self, message: OutgoingMessage) -> None:
        self._messages.pop(message.id, None)
        try:
            await self._store.remove(KIND, message.id)
        except NotKept:
            return  # sent again at the next start, under the same id


def keep(transaction: Transaction, messages: Iterable[OutgoingMessage]) -> None:
    """Write messages to the disk, in the transaction that makes them due."""
    for message in messages:
        transaction.put(KIND, message.id, message)
