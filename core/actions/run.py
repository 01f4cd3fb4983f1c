"""One run of an action: what it writes with, what it has changed so far, and whether it may go on."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import msgspec

from core.actions.context import ActionContext, Actor, lost, may_follow
from core.base.error_boundary import ErrorBoundary
from core.domain.actions import Result, ResultPhase
from core.domain.plans import PlanStep
from core.domain.status import Truth
from core.resilience import NotLive
from core.resilience.fault import Counts, Evidence, Fault

T = TypeVar("T")

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Told after each batch: the step's title, rows done, rows planned."""

NOT_OURS: Final = "this account may not change the refused rows; sign in as the master account or use a secret key"

FOLLOWS: Final = "the response was lost: it may still be carried out"

NOT_ARRIVED: Final = "the response was lost, but it was not carried out: try again"

_IDS_KEPT: Final = 1000


def unhindered() -> str:
    """Nothing stands against going on."""
    return ""


def guarded(progress: Progress | None) -> Progress:
    """Return a listener that raises nothing: what is carried out does not depend on who watches it."""
    boundary = ErrorBoundary(log.warning)

    def tell(title: str, done: int, planned: int) -> None:
        if progress is not None:
            with boundary.around("showing how far an action has come"):
                progress(title, done, planned)

    return tell


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one write: who `changed`, and how many of the others still are as they were.

    `lost`: the answer was lost, and this was read back. `follows`: the write may be carried out yet.
    """

    changed: tuple[str, ...]
    left: int = 0
    lost: NotLive | None = None
    follows: bool = False


class Run:
    """Counts of one run, by its `id`. `now` is the database's clock, as the opening audit row read it.

    Where that could not be written it is the server's, as far as that is known, and `database_now` gives `None`.

    `go_on` is asked before every batch: why it must stop there, empty while it may go on. `also` carries out another
    operation as a part of this one. `unknown` are rows of a write whose answer was lost and that could not be read
    back, or that may change yet.
    """

    def __init__(  # noqa: PLR0913 - who runs what, on which clock, and who hears of it
        self,
        name: str,
        actor: Actor,
        context: ActionContext,
        *,
        planned: int = 0,
        now: Callable[[], datetime],
        database_now: Callable[[], datetime | None] = lambda: None,
        go_on: Callable[[], str] = unhindered,
        progress: Progress | None = None,
        also: Callable[[Any], Awaitable[Result]],
    ) -> None:
        self.id, self.actor, self.by = name, actor, actor.by
        self.context = context
        self.planned = planned
        self.now, self.database_now = now, database_now
        self.also = also
        self._go_on = go_on
        self._progress = guarded(progress)
        self._halted = ""
        self.changed = self.skipped = self.refused = self.unknown = 0
        self.ids: list[str] = []
        self.notes: list[str] = []
        self.told: dict[str, Any] = {}
        """What else the audit row is to keep."""
        self.left_over = 0
        """Rows that were meant and are left for another run."""
        self.follows = False
        """Whether a write whose answer was lost may be carried out yet."""
        self.turned = False
        """Whether something changed that is no row of a list: a flag."""
        self.sent = False
        """Whether anything that was to be written may have arrived."""
        self.in_flight: list[tuple[tuple[str, ...], Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]]] = []
        """Rows of writes that were broken off from outside, and how to read which of them changed."""
        self._by_step: dict[str, int] = {}
        self._done: list[str] = []
        self._faults: list[tuple[str, Fault]] = []

    @property
    def whole(self) -> bool:
        """Return whether nothing was refused, failed or stopped."""
        return not (self.refused or self.unknown or self._faults or self._halted or self.left_over)

    @property
    def fault(self) -> Fault | None:
        """The first thing that went wrong."""
        return self._faults[0][1] if self._faults else None

    @property
    def halt(self) -> str:
        """Return why it stopped between two batches; empty if it did not."""
        return self._halted

    def halted(self) -> bool:
        """Return whether it must stop. Once true it stays so."""
        self._halted = self._halted or self._go_on()
        return bool(self._halted)

    def tell(self, title: str, done: int, planned: int) -> None:
        """Say how far it has come."""
        self._progress(title, done, planned)

    def fail(self, title: str, fault: Fault) -> None:
        """Note what could not be carried out."""
        self._faults.append((title, fault))

    def close(self, step: PlanStep, before: int) -> None:
        """Note what a step changed, given how much had been changed before it."""
        count = self.changed - before
        self._by_step[step.title.lower()] = count
        self._done.append(f"{step.done or step.title.lower()}: {count:,}")

    async def write(self, key: str, send: Callable[[], Awaitable[T]]) -> T | None:
        """Send one write. `None` where its answer was lost: what holds is to be read next. Raises NotLive otherwise."""
        try:
            done = await self.context.write(key, send)
            self.sent = True
            return done
        except NotLive as not_live:
            if not lost(not_live):
                raise
            self.sent = True
            self.follows = self.follows or may_follow(not_live)
            return None

    async def change(
        self,
        key: str,
        ids: tuple[str, ...],
        *,
        send: Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]],
        changed: Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]],
        left: Callable[[tuple[str, ...]], Awaitable[int]],
    ) -> Batch:
        """Change some rows by one conditional write; count from its answer, or where that was lost from a read.

        `changed` reads which of them are as the write makes them, `left` how many are as they were before it.
        Raises NotLive: where it could not be read back either, the rows are unknown.
        """
        missed = ids
        try:
            outcome = await self.context.guard.call(key, partial(send, ids), policy=self.context.once)
        except asyncio.CancelledError:
            self.in_flight.append((ids, changed))
            raise
        not_live = NotLive(outcome.fault) if outcome.fault is not None else None
        if not_live is not None and not lost(not_live):
            raise not_live
        self.sent = True
        try:
            done = await changed(ids) if not_live is not None else outcome.data or ()
            gone = frozenset(done)
            missed = tuple(name for name in ids if name not in gone)
            rest = await left(missed) if missed else 0
        except NotLive:
            self.unknown += len(missed)
            raise
        follows = not_live is not None and bool(rest) and may_follow(not_live)
        self.follows = self.follows or follows
        return Batch(changed=tuple(done), left=rest, lost=not_live, follows=follows)

    def count(self, ids: tuple[str, ...], batch: Batch) -> None:
        """Add up what became of a batch. Raises NotLive where its write was lost and not all of it was carried out."""
        self.changed += len(batch.changed)
        self.ids += batch.changed
        self.skipped += len(ids) - len(batch.changed) - batch.left
        if batch.lost is None:
            self.refused += batch.left
            return
        if batch.follows:
            self.unknown += batch.left
        if batch.left:
            raise batch.lost

    async def recount(self) -> None:
        """Count what writes changed that were broken off from outside; the rest may follow. Never raises."""
        for ids, changed in self.in_flight:
            done: tuple[str, ...] = ()
            with contextlib.suppress(NotLive):
                done = await changed(ids)
            self.changed += len(done)
            self.ids += done
            self.unknown += len(ids) - len(done)

    def phase(self, holds: Truth) -> ResultPhase:
        """Return the phase, given the result of the read-back."""
        if holds is Truth.UNKNOWN:
            return ResultPhase.UNKNOWN
        if holds is Truth.TRUE:
            if not self.whole:
                return ResultPhase.PARTLY
            return ResultPhase.VERIFIED if self.changed or self.turned else ResultPhase.UNCHANGED
        if self.changed or self.turned:
            return ResultPhase.PARTLY
        if self.unknown or self.follows:
            return ResultPhase.UNKNOWN
        if self.fault is not None:
            return phase_of(self.fault)
        return ResultPhase.REFUSED if self.refused else ResultPhase.UNCHANGED

    def text(self) -> str:
        """One line for people."""
        parts = ", ".join(self._done)
        changed = f"{self.changed:,} changed" + (f" ({parts})" if parts else "")
        line = f"{changed}, {self.skipped:,} skipped, {self.refused:,} refused"
        if self.unknown:
            line += f"; {self.unknown:,} with unknown outcome (response lost)"
        if self.refused:
            line += "; this account may not change the refused rows: sign in as the master account or use a secret key"
        if self._halted:
            line += f"; halted: {self._halted}"
        if self.left_over:
            line += f"; {self.left_over:,} more are left: run it again"
        line += "".join(f"; {note}" for note in self.notes)
        return line + self.faults_text()

    def faults_text(self) -> str:
        """Return the faults in words, to be appended to a sentence."""
        return "".join(f"; {title}: {fault.sentence()}" for title, fault in self._faults)

    def why_not(self, *, answered: bool) -> str:
        """Return why one write is not seen, and count it as refused where that is so. `answered`: it had an answer."""
        if self.fault is not None:
            return self.fault.sentence()
        if self.follows or not answered:
            return FOLLOWS if self.follows else NOT_ARRIVED
        self.refused = 1
        return NOT_OURS

    def described(self) -> dict[str, Any]:
        """For the audit row."""
        return {
            "planned": self.planned,
            "changed": self.changed,
            "skipped": self.skipped,
            "refused": self.refused,
            "unknown": self.unknown,
            "steps": self._by_step,
            "ids": self.ids[:_IDS_KEPT],
            **self.told,
        }


def phase_of(fault: Fault) -> ResultPhase:
    """Return the phase of an action that met this fault before it changed anything."""
    refused = fault.evidence is Evidence.ALIVE and fault.counts is Counts.SUCCESS  # too many requests is no refusal
    return ResultPhase.REFUSED if refused else ResultPhase.UNREACHABLE
