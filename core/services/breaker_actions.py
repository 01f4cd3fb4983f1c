"""Orders about this process alone: they hold at once, and their audit rows follow when they can."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from core.actions.audit import AuditTrail
from core.actions.context import Actor
from core.base.store import NotKept
from core.base.text import clean
from core.domain.actions import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER, Action, Result, ResultPhase
from core.domain.status import Level
from core.resilience import NotLive
from core.services.action_desk import ActionDesk
from core.services.breaker_holds import BreakerHolds
from core.services.events import EventLog


class BreakerActions:
    """Reset, hold, release a breaker; what else was done here is noted.

    `trail` makes the audit rows of an order by its name and who gives it.
    """

    def __init__(
        self, desk: ActionDesk, holds: BreakerHolds, journal: EventLog, trail: Callable[[str, Actor], AuditTrail]
    ) -> None:
        self._desk = desk
        self._holds = holds
        self._journal = journal
        self._trail = trail
        self._audits: set[asyncio.Task[None]] = set()

    async def reset(self, key: str | None, actor: Actor) -> Result:
        """Close one breaker, or all of them."""
        act = self._holds.reset(key, str(actor))
        return await self._act(RESET_BREAKER, actor, key or "all breakers", "reset", act)

    async def hold(self, key: str, why: str, until: datetime | None, actor: Actor) -> Result:
        """Hold one breaker open."""
        why = clean(why.strip(), 200)
        act = self._holds.hold(key, str(actor), why, until)
        return await self._act(HOLD_BREAKER, actor, key, f"held open: {why}", act)

    async def release(self, key: str, actor: Actor) -> Result:
        """End a hold."""
        return await self._act(RELEASE_BREAKER, actor, key, "released", self._holds.release(key, str(actor)))

    async def close(self) -> None:
        """Let audit rows that are on their way arrive, for a moment."""
        if self._audits:
            await asyncio.wait(self._audits, timeout=1.0)
        for task in self._audits:
            task.cancel()

    async def _act(self, order: Action, actor: Actor, target: str, done: str, act: Coroutine[Any, Any, None]) -> Result:
        if refused := self._desk.refused(order):
            act.close()
            return refused
        try:
            await act
        except NotKept as error:
            result = Result(order=order.name, phase=ResultPhase.REFUSED, text=f"nothing was changed: {error}")
            return self._desk.told(actor, result)
        except KeyError:
            return Result(order=order.name, phase=ResultPhase.REFUSED, text=f"there is no breaker {target}")
        return self.note(order, actor, target, done)

    def note(self, order: Action, actor: Actor, target: str, done: str) -> Result:
        """It was done: say so, and let the audit trail know, unless nothing may be written."""
        text, run = f"{target} {done}", ""
        if not self._desk.observes():
            trail = self._trail(order.name, actor)
            run = trail.run
            task = asyncio.create_task(self._audit(order, trail, {"target": target, "done": done, "text": text}))
            self._audits.add(task)
            task.add_done_callback(self._audits.discard)
        return self._desk.told(actor, Result(order=order.name, phase=ResultPhase.VERIFIED, text=text, run=run))

    async def _audit(self, order: Action, trail: AuditTrail, what: dict[str, Any]) -> None:
        try:
            await trail.start(what)
        except NotLive as not_live:
            text = f"{order.title.lower()} of {what['target']} is not in the audit log: {not_live.fault.sentence()}"
            self._journal.say("watchdesk", text, Level.WARNING)
            return
        await trail.end(what, completed=True)
