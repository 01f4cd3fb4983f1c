"""The means of an action: live reads, guarded writes, and the actor who ordered it."""

import getpass
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from core.backend.reads import Reads
from core.backend.writes import Writes
from core.base.clock import Clock
from core.base.text import clean
from core.domain.actors import By
from core.resilience import Guard, NotLive, Policy, RetryRules
from core.resilience.fault import Evidence

T = TypeVar("T")


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever ordered an action: `by` is `operator` or `watchdog`, `who` the sign-in or the OS user, and the host."""

    by: str
    who: str
    host: str

    def __str__(self) -> str:
        return f"{self.by} {self.who}@{self.host}"


def operator(sign_in: str) -> Actor:
    """The person at this machine; `sign_in` is who the project knows us as."""
    return Actor(by=By.OPERATOR.value, who=_person(sign_in), host=clean(socket.gethostname(), 60))


def watchdog(sign_in: str) -> Actor:
    """The watchdog of this process."""
    return Actor(by=By.WATCHDOG.value, who=_person(sign_in), host=clean(socket.gethostname(), 60))


class ActionContext:
    """Reads and writes of an action. Writes go through the `guard`, which never refuses one.

    `once`: the policy of a write that is sent once, within `total_s` seconds.
    """

    def __init__(self, clock: Clock, guard: Guard, reads: Reads, writes: Writes, *, total_s: float = 30.0) -> None:
        self.clock = clock
        self.reads = reads
        self.writes = writes
        self.guard = guard
        self.once = Policy(total_s=total_s, retry=None, refusable=False)
        self._again = Policy(total_s=total_s, retry=RetryRules(), refusable=False)

    async def write(self, key: str, send: Callable[[], Awaitable[T]]) -> T:
        """One write, sent once. Raises NotLive; see `lost` for whether it may have been carried out."""
        return await self.guard.live(key, send, policy=self.once)

    async def insert(self, key: str, send: Callable[[], Awaitable[None]]) -> None:
        """Insert rows that carry ids of our own: repeated where it failed, for that can do no harm. Raises NotLive.

        A duplicate met on a later try is our own row: the earlier one had arrived, and only its answer was lost.
        """
        outcome = await self.guard.call(key, send, policy=self._again)
        fault = outcome.fault
        if fault is not None and not (outcome.attempts > 1 and fault.kind == "duplicate"):
            raise NotLive(fault)


def may_follow(error: NotLive) -> bool:
    """Return whether a write without an answer may still be carried out: it was neither answered nor broken off."""
    return error.fault.evidence is Evidence.SILENT


def lost(error: NotLive) -> bool:
    """Return whether a failed write may have been carried out nevertheless: its answer was lost."""
    fault = error.fault
    return fault.sent or (fault.evidence in {Evidence.SILENT, Evidence.DOWN} and fault.kind != "refused")


def _person(sign_in: str) -> str:
    if "@" in sign_in:
        return clean(sign_in, 80)
    try:
        return clean(getpass.getuser(), 60)
    except (OSError, KeyError):
        return clean(sign_in, 60)
