"""A screen beside the service of its machine gives it its operator's actions: they outlive the terminal.

Only a service is given actions, and only where it acts and is of this very version: what was shown must mean the same
there. Another screen is not, for it may end at any moment. What stays with the screen itself: to allow actions despite
its own --observe, everything while it observes, and what cannot be handed over (see `carried`). Breakers are each
process's own, so an order about them holds in both, as do "check now" and a restart of the watchdog.

An action is either taken up by the service or withdrawn: never both, and never carried out twice. What was withdrawn is
run here at once. What was taken up and has no answer is looked for in the audit trail, where its run is known; only an
emergency stop is then gone on with here, by the same run, for stopping twice does no harm and not stopping does.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.actions.carried import NotCarried, Order
from core.actions.context import Actor
from core.actions.delegated import DELEGATED
from core.actions.process import CHECK_NOW, RESTART
from core.actions.rights import Rights
from core.actions.run import Progress, unhindered
from core.base.store import NotKept
from core.base.text import clean
from core.base.version import __version__
from core.domain.actions import Action, Result, ResultPhase
from core.domain.events import ActionEnded
from core.domain.monitor_process import MonitorProcess
from core.domain.service_view import ServiceView
from core.resilience import NotLive
from core.services.context import Context
from core.services.delegation import SILENT_S, Carrier, Delegation, NotTaken
from core.services.succession import Succession

_TAKE_UP_S: Final = 5.0
_TAKE_UP_HURRIED_S: Final = 2.0
_SILENT_HURRIED_S: Final = 4.0
_BREAKERS: Final = (RESET_BREAKER, HOLD_BREAKER, RELEASE_BREAKER)
BOTH_SIDES: Final = frozenset(action.name for action in (CHECK_NOW, RESTART, *_BREAKERS))
"""The actions that are done in the service and in the screen: each process has its own of what they are about."""


class Attachment:
    """Runs orders, in the service where one acts beside this screen. `own_side` does one here, without an audit row."""

    def __init__(  # noqa: PLR0913 - both sides of an order, and who may give it
        self,
        context: Context,
        succession: Succession,
        delegation: Delegation,
        rights: Rights,
        operator: Actor,
        *,
        here: Carrier,
        own_side: Callable[[Order], Awaitable[None]],
    ) -> None:
        self._context = context
        self._succession = succession
        self._delegation = delegation
        self._rights = rights
        self._operator = operator
        self._here = here
        self._own_side = own_side

    def view(self) -> ServiceView | None:
        """Return the service that acts here, as it is shown."""
        service = self._succession.service
        return None if service is None else service.as_service(self._not_taken(service))

    def carried_out_by(self, action: Action, breaker: str = "") -> str:
        """Return who carries an action out, in a line; empty where this process does."""
        service = self._taker(action, breaker)
        if service is None:
            return ""
        too = ", and in this screen too" if action.name in BOTH_SIDES else ""
        stands = next((one.state.value.replace("_", "-") for one in service.breakers if one.key == breaker), "")
        there = f"; there {breaker} is {stands}" if breaker and stands else ""
        return f"Carried out by the service on this machine (pid {service.pid}){too}{there}."

    async def run(
        self, order: Order, *, progress: Progress | None = None, go_on: Callable[[], str] = unhindered
    ) -> Result:
        """Run an order where it is to be run. Raises PlanChanged with the new plan."""
        service = self._taker(order.action, str(order.arguments.get("breaker", "")))
        if service is None:
            return await self._here(order, progress=progress, go_on=go_on)
        own: list[asyncio.Task[str]] = []

        def taken() -> None:
            if order.action.name in BOTH_SIDES:
                own.append(asyncio.create_task(self._own(order)))

        try:
            result = await self._delegation.give(
                service,
                msgspec.structs.replace(order, who=self._operator.who),
                _TAKE_UP_HURRIED_S if order.action.hurries else _TAKE_UP_S,
                silent_s=_SILENT_HURRIED_S if order.action.hurries else SILENT_S,
                called=f"the service, pid {service.pid},",
                progress=progress,
                go_on=go_on,
                taken=taken,
            )
        except (NotTaken, NotKept, NotCarried) as why:
            result = await self._here(order, progress=progress, go_on=go_on)
            return _noted(result, f"here: {why}")
        if result.phase is ResultPhase.UNKNOWN and order.action.hurries:
            again = msgspec.structs.replace(order, again=result.run)
            return _noted(await self._here(again, progress=progress, go_on=go_on), f"here: {result.text}")
        if result.phase is ResultPhase.UNKNOWN:
            result = await self._found_out(result)
        else:
            result = _noted(result, "by the service" + "".join([await one for one in own]))
        self._context.events.add(ActionEnded.of(result, str(self._operator), str(order.arguments.get("reason", ""))))
        return result

    def _taker(self, action: Action, breaker: str) -> MonitorProcess | None:
        """Return the service that is given an action; `None` where this process runs it."""
        service = self._succession.alive()
        if service is None or self._not_taken(service) or action.name not in DELEGATED:
            return None
        if self._rights.observes() or self._rights.may(action):
            return None
        known = action is HOLD_BREAKER or not breaker or any(one.key == breaker for one in service.breakers)
        return service if known or action not in _BREAKERS else None

    def _not_taken(self, service: MonitorProcess) -> str:
        if service.version != __version__:
            return f"the service is of version {clean(service.version, 40)}, this screen of {__version__}"
        return "this screen observes" if self._rights.observes() else ""

    async def _own(self, order: Order) -> str:
        what = f"{order.action.title.lower()} in this screen"
        with self._context.boundary.around(what), contextlib.suppress(NotKept):
            await self._own_side(order)
            return " and here"
        return ", not here"

    async def _found_out(self, result: Result) -> Result:
        """Return what the audit trail tells of a run without an answer."""
        try:
            told = await self._context.reads.audit.of_run(result.run)
        except NotLive:
            return result
        if told is None:
            return _noted(result, "the audit trail has nothing of it yet")
        if told.status == "completed":
            phase = ResultPhase.VERIFIED
            text = f"{told.summary} (by the service, as the audit trail has it: {result.text})"
            return msgspec.structs.replace(result, phase=phase, text=text)
        return _noted(result, f"the audit trail: {told.status}" + (f", {told.summary}" if told.summary else ""))


def _noted(result: Result, note: str) -> Result:
    return msgspec.structs.replace(result, text=f"{result.text} ({note})")
