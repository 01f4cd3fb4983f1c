"""The one way an action goes: look again, audit, change, read back, audit. What "done" means is decided here alone."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Final

from core.actions.action import Operation, ReadBack
from core.actions.audit import AuditTrail
from core.actions.context import ActionContext, Actor
from core.actions.run import Progress, Run, phase_of, unhindered
from core.backend.faults import classify
from core.base.error_boundary import ErrorBoundary
from core.domain.actions import CLEAN_UP, EMERGENCY_STOP, Action, Result, ResultPhase
from core.domain.records import BegunRun
from core.domain.status import Truth
from core.resilience import NotLive
from core.resilience.fault import Fault

_LOST_AFTER: Final = timedelta(hours=1)
"""An action that has not ended so long after it began runs nowhere any more."""

_LOOKED_BACK: Final = timedelta(hours=25)
_SETTLED_EVERY_S: Final = 60.0
_LAST_WORD_S: Final = 5.0
_IN_FLIGHT_S: Final = 0.2
_CLOSING_S: Final = 1.0


class Runner:
    """Runs actions: one at a time, an emergency stop beside and before any other, the clean-up of logs in its own lane.

    `now` is the server's time as far as it is known, for who cannot read the database's own; `learn` hears of that.
    """

    def __init__(
        self,
        means: ActionContext,
        *,
        now: Callable[[], datetime],
        fence: ErrorBoundary,
        learn: Callable[[datetime], None] = lambda _: None,
    ) -> None:
        self._means = means
        self._learn = learn
        self._fence = fence
        self._now = now
        self._one, self._stopping, self._cleaning = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self._stops = 0
        self._running: set[str] = set()
        self._settled: dict[str, float] = {}
        self._last_words: set[asyncio.Task[None]] = set()

    def end_what_is_under_way(self) -> None:
        """Let every action end at its next batch: a stop was ordered, even if it is over sooner than that batch."""
        self._stops += 1

    def busy(self, order: Action) -> bool:
        """Whether another action is in the way of this one."""
        return self._lane(order).locked()

    @contextlib.asynccontextmanager
    async def lane(self, order: Action) -> AsyncIterator[int]:
        """Wait until no other action is in the way of this one. How many stops there were before it was ordered."""
        before = self._stops
        if order is EMERGENCY_STOP:
            self.end_what_is_under_way()
        async with self._lane(order):
            yield before

    def _lane(self, order: Action) -> asyncio.Lock:
        return {EMERGENCY_STOP.name: self._stopping, CLEAN_UP.name: self._cleaning}.get(order.name, self._one)

    async def run(
        self,
        action: Operation,
        actor: Actor,
        *,
        run: str = "",
        stops: int | None = None,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
    ) -> Result:
        """Carry an action out, within its lane. With the `run` of one that was begun before, it is gone on with.

        `stops`: how many emergency stops there were when it was ordered; another one since ends it.

        Raises PlanChanged where it is not what was shown; nothing for a fault.
        """
        order = action.order
        go_on = self._unless_stopped(order, go_on, self._stops if stops is None else stops)
        if not action.hurry:
            await self.settle(order, actor)
        try:
            prepared = await action.prepare(run)
        except NotLive as not_live:
            text = f"{action.nothing}: {not_live.fault.sentence()}"
            return Result(order=order.name, phase=phase_of(not_live.fault), text=text, run=run)
        if isinstance(prepared, Result):
            if run and await self._was_begun(run):
                await AuditTrail(self._means, order.name, actor, run).end(
                    {"text": prepared.text}, completed=prepared.done
                )
            return prepared
        trail = AuditTrail(self._means, order.name, actor, prepared.run or run)
        self._running.add(trail.run)
        try:
            try:
                await trail.start(prepared.told, hurry=action.hurry)
            except NotLive as not_live:
                if not action.hurry:
                    return Result(
                        order=order.name,
                        phase=phase_of(not_live.fault),
                        text=f"{action.nothing}, the audit row could not be written: {not_live.fault.sentence()}",
                        run=trail.run,
                        planned=prepared.planned,
                    )
            if (at := trail.now()) is not None:
                self._learn(at)
            doing = Run(
                trail.run,
                actor,
                self._means,
                planned=prepared.planned,
                now=lambda: trail.now() or self._now(),
                go_on=go_on,
                progress=progress,
            )
            try:
                await self._change(action, doing)
                outcome = await self._read_back(action, doing)
            except asyncio.CancelledError:
                self._say_last_word(action, doing, trail)
                raise
            return await self._end(action, doing, trail, outcome)
        finally:
            self._running.discard(trail.run)

    async def settle(self, order: Action, actor: Actor) -> None:
        """Close the audit of earlier runs that were broken off: their process is gone. Never raises for a fault."""
        now = self._means.clock.elapsed()
        last = self._settled.get(order.name)
        if last is not None and now - last < _SETTLED_EVERY_S:
            return
        self._settled[order.name] = now
        wall = self._now()  # the database's, as far as it is known: its clock stamped what was begun
        try:
            begun = await self._means.live.ask(
                "db:fetch_unfinished", lambda queries: queries.unfinished(order.name, wall - _LOOKED_BACK)
            )
        except NotLive:
            return
        for one in begun:
            if self._is_gone(one, actor, wall):
                name = one.who.removeprefix(f"{one.by} ").removesuffix(f"@{one.host}")
                who = Actor(by=one.by, who=name, host=one.host)
                text = "broken off: whoever ran it ended before it did; what it changed carries its run id"
                await AuditTrail(self._means, order.name, who, one.run).end({"text": text}, completed=False)

    async def close(self) -> None:
        """Let what was ended from outside say so, for a moment."""
        if self._last_words:
            await asyncio.wait(self._last_words, timeout=_CLOSING_S)
        for task in self._last_words:
            task.cancel()

    async def _was_begun(self, run: str) -> bool:
        try:
            told = await self._means.live.audited(run)
        except NotLive:
            return False
        return told is not None and told.status == "started"

    def _is_gone(self, begun: BegunRun, actor: Actor, wall: datetime) -> bool:
        if begun.run in self._running:
            return False
        if wall - begun.at > _LOST_AFTER:
            return True
        if begun.host != actor.host or begun.pid is None:
            return False
        if begun.pid == os.getpid():
            return True
        import psutil  # noqa: PLC0415 - a megabyte, for a run of another process that never ended

        return not psutil.pid_exists(begun.pid)

    def _unless_stopped(self, order: Action, go_on: Callable[[], str], before: int) -> Callable[[], str]:
        def may() -> str:
            return "an emergency stop was asked for" if self._stops != before else go_on()

        return go_on if order is EMERGENCY_STOP else may

    async def _change(self, action: Operation, run: Run) -> None:
        with self._fence.around(action.order.title) as fenced:
            try:
                await action.run(run)
            except NotLive as not_live:
                run.fail(action.subject or action.order.title, not_live.fault)
        if fenced.error is not None:  # whatever it was, what it changed is read back and its audit closed
            run.fail(action.subject or action.order.title, classify(fenced.error))

    async def _read_back(self, action: Operation, run: Run) -> ReadBack:
        fault: Fault | None = None
        with self._fence.around(f"reading back: {action.order.title}") as fenced:
            try:
                return await action.read_back(run)
            except NotLive as not_live:
                fault = not_live.fault
        fault = fault or classify(fenced.error or RuntimeError())
        if not run.sent and run.fault is not None:  # nothing of it can have arrived
            return ReadBack(holds=Truth.FALSE, text=f"{action.nothing}: {run.fault.sentence()}")
        return ReadBack(holds=Truth.UNKNOWN, text=f"{action.unsure}: {fault.sentence()}")

    async def _end(self, action: Operation, run: Run, trail: AuditTrail, outcome: ReadBack) -> Result:
        phase = run.phase(outcome.holds)
        text = outcome.text
        told = run.described() | {"text": text} | outcome.told
        closed = await trail.end(told, completed=run.whole and phase in {ResultPhase.VERIFIED, ResultPhase.UNCHANGED})
        if (at := trail.now()) is not None:
            self._learn(at)
        if not closed:
            text += f"; the {'closing audit row' if trail.begun else 'audit rows'} could not be written"
        elif not trail.begun:
            text += "; the opening audit row could not be written"
        return Result(
            order=action.order.name,
            phase=phase,
            text=text,
            run=run.id,
            planned=run.planned,
            changed=run.changed,
            skipped=run.skipped,
            refused=run.refused,
            already=phase is ResultPhase.UNCHANGED and outcome.holds is Truth.TRUE and run.whole,
        )

    def _say_last_word(self, action: Operation, run: Run, trail: AuditTrail) -> None:
        task = asyncio.create_task(self._last_word(action, run, trail))
        self._last_words.add(task)
        task.add_done_callback(self._last_words.discard)

    async def _last_word(self, action: Operation, run: Run, trail: AuditTrail) -> None:
        """It was ended from outside: count what was on its way, and close its audit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORD_S):
                await asyncio.sleep(_IN_FLIGHT_S if run.in_flight else 0)
                await run.recount()
        text = f"ended from outside; {run.text()}"
        await trail.end(run.described() | {"text": text}, completed=False)
