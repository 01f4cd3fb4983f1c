"""Dependencies of actions: the parts of a monitor that one may need to plan and to run."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import msgspec

from core.actions.breaker_holds import BreakerHolds
from core.actions.context import ActionContext
from core.actions.healer import Healer
from core.actions.read_only import ReadOnlyMode
from core.actions.run import Run
from core.actions.waiting import WaitingActions
from core.alerting.sync import LogRow
from core.domain.alerts import Ack, Alert, Silence, Tried
from core.domain.plans import PlanStep
from core.domain.stops import StopMark


class AlertAccess(Protocol):
    """The alerts as an action sees them; `core.services.alerting.AlertService` is one."""

    def firing(self) -> tuple[Alert, ...]:
        """Return what fires, the worst first."""
        ...

    def silences(self) -> tuple[Silence, ...]:
        """Return every silence that is kept, those that are over included."""
        ...

    async def hear(self) -> None:
        """Read at once what other monitors told of alerts. Never raises for a fault."""
        ...

    async def keep(self, about: Ack | Silence, row: LogRow) -> None:
        """Keep a word about alerts on this machine, apply it, and write its row. Raises NotKept."""
        ...


class Undoable(Protocol):
    """Something that can take back its own changes: a repair of a heal, or an action."""

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return what an undo of the run `run` would take back of it; `None` where nothing stands. Raises NotLive."""
        ...

    async def undo(self, undone: str, run: Run) -> None:
        """Take back what the run `undone` did, each row only if its mark still stands. Raises NotLive."""
        ...


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that actions work with.

    `now`: the database's time, `None` while it is not known; `likely_now`: the best guess. `standing_stop`: the stop
    last seen on the config row. `undoable`: the action of a name, if it can be undone.
    """

    context: ActionContext
    healer: Healer
    now: Callable[[], datetime | None]
    likely_now: Callable[[], datetime]
    standing_stop: Callable[[], StopMark | None]
    undoable: Callable[[str], Undoable | None]
    waiting: WaitingActions
    holds: BreakerHolds
    read_only: ReadOnlyMode
    alerts: AlertAccess
    check_now: Callable[[], Awaitable[None]]
    restart_watchdog: Callable[[], None]
    send_test_messages: Callable[[], Awaitable[tuple[Tried, ...]]]
