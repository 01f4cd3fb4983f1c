"""The one way an action goes: rights, plan again, audit, change, read back, audit, event."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.actions.action import LocalOperation, Operation, Planned, ReadBack
from core.actions.audit import AuditTrail
from core.actions.context import ActionContext, Actor
from core.actions.rights import Rights
from core.actions.run import Progress, Run, phase_of, unhindered
from core.actions.running import RunningActions
from core.actions.waiting import WaitingActions
from core.backend.faults import classify
from core.base.error_boundary import ErrorBoundary
from core.base.store import NotKept
from core.domain.actions import Action, Result, ResultPhase
from core.domain.events import ActionEnded, Happening, Remark
from core.domain.plans import Plan, PlanChanged
from core.domain.records import BegunRun
from core.domain.status import Level, Truth
from core.resilience import NotLive
from core.resilience.fault import Fault

_LOST_AFTER: Final = timedelta(hours=1)
"""An action that has not ended so long after it began runs nowhere any more."""

_LOOKED_BACK: Final = timedelta(hours=25)
_SETTLED_EVERY_S: Final = 60.0
_LAST_WORD_S: Final = 5.0
_IN_FLIGHT_S: Final = 0.2
_CLOSING_S: Final = 1.0
_UNHEARD: Final = frozenset({ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN})


class Runner:
    """Runs actions: one at a time, an emergency stop beside and before any other, the clean-up of logs in its own lane.

    `discover` finds out which schema the project has. `now` is the server's time as far as it is known, for who cannot
    read the database's own; `learn` hears of that. `tell` takes an event, `ours` the id of our own run.
    """

    def __init__(  # noqa: PLR0913 - all that an action meets on its way
        self,
        context: ActionContext,
        *,
        rights: Rights,
        running: RunningActions,
        waiting: WaitingActions,
        discover: Callable[[], Awaitable[Any]],
        now: Callable[[], datetime],
        boundary: ErrorBoundary,
        tell: Callable[[Happening], None],
        ours: Callable[[str], None],
        learn: Callable[[datetime], None] = lambda _: None,
    ) -> None:
        self._context = context
        self._rights = rights
        self._under_way = running
        self._waiting = waiting
        self._discover = discover
        self._learn = learn
        self._tell = tell
        self._ours = ours
        self._boundary = boundary
        self._now = now
        self._one, self._stopping, self._cleaning = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self._stops = 0
        self._running: set[str] = set()
        self._settled: dict[str, float] = {}
        self._rest: set[asyncio.Task[None]] = set()

    def end_the_others(self) -> None:
        """Let every other action end at its next batch, even if the stop that wants it is over sooner than that."""
        self._stops += 1

    def busy(self, action: Action) -> bool:
        """Return whether another action is in the way of this one."""
        return self._lane(action).locked()

    @contextlib.asynccontextmanager
    async def lane(self, action: Action) -> AsyncIterator[int]:
        """Wait until no other action is in the way of this one. Give the number of stops before it was ordered."""
        before = self._stops
        if action.hurries:
            self.end_the_others()
        async with self._lane(action):
            yield before

    def _lane(self, action: Action) -> asyncio.Lock:
        return self._stopping if action.hurries else self._cleaning if action.beside else self._one

    async def plan(self, operation: Planned[Any], actor: Actor) -> Plan:
        """Return what an action would do now. Raises NotLive."""
        if isinstance(operation, Operation):
            await self._discover()
            for action in operation.settles:
                await self.settle(action, actor)
        plan: Plan = await operation.plan()
        return plan

    async def run(  # noqa: PLR0913 - all that an action may be ordered with
        self,
        operation: Operation[Any],
        actor: Actor,
        *,
        run: str = "",
        new: str = "",
        stops: int | None = None,
        keep: bool = False,
        part: bool = False,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
    ) -> Result:
        """Carry an action out. With the `run` of one that was begun before, it is gone on with; else it is run `new`.

        `stops`: what its lane gave, where that is held already; another stop since ends it. `keep` it on the disk where
        nobody answers, if its record says so. `part`: it belongs to another action, and is told with that one.

        Raises PlanChanged where it is not what was shown; nothing for a fault.
        """
        action = operation.action
        counted = contextlib.nullcontext() if part else self._under_way.counted(action, actor)
        lane = self.lane(action) if stops is None else contextlib.nullcontext(stops)
        with counted:
            if not part and (refused := await self._rights.refusal(action)) is not None:
                return refused
            async with lane as before:
                may_go_on = self._unless_stopped(action, go_on, before)
                begun = await self._begin(operation, actor, (run, new), may_go_on, progress)
                if isinstance(begun, Result):
                    result = begun
                else:
                    doing, trail = begun
                    with self._registered(trail):
                        with self._changing(operation, doing, trail):
                            await operation.run(doing)
                        result = await self._end(
                            operation, doing, trail, await self._read_back(operation, doing, trail)
                        )
                if (following := operation.follow_up(result)) is not None:
                    second = await self.run(following, actor, stops=before, part=True, progress=progress, go_on=go_on)
                    result = operation.with_follow_up(result, second, retried=keep or bool(run))
        if keep and action.keeps and result.phase in _UNHEARD:
            result = await self._keep(operation, actor, result)
        if not part:
            self._tell(ActionEnded.of(result, str(actor), operation.reason))
        return result

    async def run_local(self, operation: LocalOperation[Any], actor: Actor, *, new: str = "") -> Result:
        """Carry out an action on this machine. Its audit row follows when it can, unless nothing may be written.

        `new`: the id of its run; empty: any.
        """
        action = operation.action
        if why := self._rights.may(action):
            return Result(action=action.name, phase=ResultPhase.REFUSED, text=why)
        try:
            result = await operation.act(actor)
        except NotKept as error:
            result = operation.refused(f"nothing was changed: {error}")
            self._tell(ActionEnded.of(result, str(actor)))
            return result
        if result.phase is not ResultPhase.VERIFIED:
            return result
        if operation.target and not self._rights.observes():
            trail = AuditTrail(self._context, action.name, actor, new)
            result = msgspec.structs.replace(result, run=trail.run)
            told = {"target": operation.target, "done": operation.done, "text": result.text}
            told |= {"reason": operation.reason} if operation.reason else {}
            self._later(self._audit(action, trail, told))
        self._tell(ActionEnded.of(result, str(actor), operation.reason))
        return result

    async def settle(self, action: Action, actor: Actor) -> None:
        """Close the audit of earlier runs that were broken off: their process is gone. Never raises for a fault."""
        if self._rights.observes():
            return
        now = self._context.clock.elapsed()
        last = self._settled.get(action.name)
        if last is not None and now - last < _SETTLED_EVERY_S:
            return
        self._settled[action.name] = now
        wall = self._now()  # the database's, as far as it is known: its clock stamped what was begun
        try:
            begun = await self._context.reads.audit.unfinished(action.name, wall - _LOOKED_BACK)
        except NotLive:
            return
        for one in begun:
            if self._is_gone(one, actor, wall):
                name = one.who.removeprefix(f"{one.by} ").removesuffix(f"@{one.host}")
                who = Actor(by=one.by, who=name, host=one.host)
                text = "interrupted: the process that ran it ended first; rows it changed carry this run id"
                await AuditTrail(self._context, action.name, who, one.run).end({"text": text}, completed=False)

    async def close(self) -> None:
        """Let what was ended from outside, and audit rows on their way, arrive for a moment."""
        if self._rest:
            await asyncio.wait(self._rest, timeout=_CLOSING_S)
        for task in self._rest:
            task.cancel()

    async def _begin(
        self,
        operation: Operation[Any],
        actor: Actor,
        runs: tuple[str, str],
        go_on: Callable[[], str],
        progress: Progress | None,
    ) -> tuple[Run, AuditTrail] | Result:
        """Look again and open the audit; the result, where that is all there is to it. Raises PlanChanged.

        `runs`: the id of the one that was begun before, and that of a new one; either may be empty.
        """
        action, (run, new) = operation.action, runs
        try:
            await self._discover()
        except NotLive as not_live:
            if not (action.hurries or action.keeps):
                return self._not_begun(operation, not_live.fault, run)
        if not action.hurries:
            await self.settle(action, actor)
        fault: Fault | None = None
        changed: PlanChanged | None = None
        with self._boundary.around(f"looking again: {action.title}") as looked:
            try:
                prepared = await operation.prepare(run)
            except NotLive as not_live:
                fault = not_live.fault
            except PlanChanged as plan_changed:
                changed = plan_changed
        if changed is not None:
            raise changed
        if looked.error is not None:
            fault = classify(looked.error)
        if fault is not None:
            return self._not_begun(operation, fault, run)
        if isinstance(prepared, Result):
            if run and await self._was_begun(run):
                trail = AuditTrail(self._context, action.name, actor, run)
                await trail.end({"text": prepared.text}, completed=prepared.done)
            return prepared
        trail = AuditTrail(self._context, action.name, actor, prepared.run or run or new)
        self._ours(trail.run)
        try:
            with self._registered(trail):
                await trail.start(prepared.told, hurry=action.hurries)
        except NotLive as not_live:
            if not action.hurries:
                nothing = f"{operation.nothing}, the audit row could not be written"
                return self._not_begun(operation, not_live.fault, trail.run, nothing, planned=prepared.planned)
        if (at := trail.now()) is not None:
            self._learn(at)
        doing = Run(
            trail.run,
            actor,
            self._context,
            planned=prepared.planned,
            now=lambda: trail.now() or self._now(),
            database_now=trail.now,
            go_on=go_on,
            progress=progress,
            also=lambda nested: self.run(nested, actor, stops=self._stops, part=True, progress=progress, go_on=go_on),
        )
        return doing, trail

    def _not_begun(
        self, operation: Operation[Any], fault: Fault, run: str, nothing: str = "", *, planned: int = 0
    ) -> Result:
        text = f"{nothing or operation.nothing}: {fault.sentence()}"
        return Result(action=operation.action.name, phase=phase_of(fault), text=text, run=run, planned=planned)

    async def _keep(self, operation: Operation[Any], actor: Actor, result: Result) -> Result:
        """Let it wait for the project to answer."""
        try:
            kept, new = await self._waiting.keep(operation.action.name, actor, run=result.run, **operation.kept())
        except NotKept as error:
            return msgspec.structs.replace(result, text=f"{result.text}; and it cannot be kept: {error}")
        when = "kept until the project answers" if new else f"one waits already, since {kept.at:%H:%M} UTC"
        return msgspec.structs.replace(result, phase=ResultPhase.WAITING, text=f"{result.text}; {when}", run=kept.id)

    async def _audit(self, action: Action, trail: AuditTrail, told: dict[str, Any]) -> None:
        try:
            await trail.start(told)
        except NotLive as not_live:
            text = f"{action.title.lower()} of {told['target']} is not in the audit log: {not_live.fault.sentence()}"
            self._tell(Remark(text=text, level=Level.WARNING))
            return
        await trail.end(told, completed=True)

    async def _was_begun(self, run: str) -> bool:
        try:
            told = await self._context.reads.audit.of_run(run)
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

    def _unless_stopped(self, action: Action, go_on: Callable[[], str], before: int) -> Callable[[], str]:
        def may() -> str:
            return "an emergency stop was requested" if self._stops != before else go_on()

        return go_on if action.hurries else may

    @contextlib.contextmanager
    def _registered(self, trail: AuditTrail) -> Iterator[None]:
        """Within it the run is known to be alive: nobody here closes its audit as broken off."""
        self._running.add(trail.run)
        try:
            yield
        finally:
            self._running.discard(trail.run)

    @contextlib.contextmanager
    def _changing(self, operation: Operation[Any], run: Run, trail: AuditTrail) -> Iterator[None]:
        """Note what goes wrong within; what it changed is read back and its audit closed whatever that was."""
        subject = operation.subject or operation.action.title
        with self._boundary.around(operation.action.title) as fenced:
            try:
                yield
            except NotLive as not_live:
                run.fail(subject, not_live.fault)
            except asyncio.CancelledError:
                self._later(self._last_word(operation, run, trail))
                raise
        if fenced.error is not None:
            run.fail(subject, classify(fenced.error))

    async def _read_back(self, operation: Operation[Any], run: Run, trail: AuditTrail) -> ReadBack:
        fault: Fault | None = None
        with self._boundary.around(f"reading back: {operation.action.title}") as fenced:
            try:
                return await operation.read_back(run)
            except NotLive as not_live:
                fault = not_live.fault
            except asyncio.CancelledError:
                self._later(self._last_word(operation, run, trail))
                raise
        if not run.sent and run.fault is not None:  # nothing of it can have arrived
            return ReadBack(holds=Truth.FALSE, text=f"{operation.nothing}: {run.fault.sentence()}")
        if fenced.error is not None:
            fault = classify(fenced.error)
        why = fault.sentence() if fault is not None else ""
        return ReadBack(holds=Truth.UNKNOWN, text=f"{operation.unsure}: {why}")

    async def _end(self, operation: Operation[Any], run: Run, trail: AuditTrail, outcome: ReadBack) -> Result:
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
            action=operation.action.name,
            phase=phase,
            text=text,
            run=run.id,
            planned=run.planned,
            changed=run.changed,
            skipped=run.skipped,
            refused=run.refused,
            already=phase is ResultPhase.UNCHANGED and outcome.holds is Truth.TRUE and run.whole,
        )

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._rest.add(task)
        task.add_done_callback(self._rest.discard)

    async def _last_word(self, operation: Operation[Any], run: Run, trail: AuditTrail) -> None:
        """It was ended from outside: count what was on its way, and close its audit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORD_S):
                await asyncio.sleep(_IN_FLIGHT_S if run.in_flight else 0)
                await run.recount()
        text = f"ended from outside; {run.text()}"
        await trail.end(run.described() | {"text": text}, completed=False)
