"""Every action. Another one is a module in this package and a line in `OPERATIONS`."""

from typing import Any, Final

from core.actions.acknowledge import Acknowledge
from core.actions.action import LocalOperation, Operation, Planned
from core.actions.approve import Approve
from core.actions.assign import Assign
from core.actions.breakers import HoldBreaker, ReleaseBreaker, ResetBreaker
from core.actions.cancel import Cancel
from core.actions.create_task import CreateTask
from core.actions.dependencies import Dependencies
from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON, DryRunOff, DryRunOn
from core.actions.emergency_stop import EmergencyStop
from core.actions.heal import HEAL, CleanUp, Heal
from core.actions.pause_type import PauseType
from core.actions.process import CheckNow, ObserveOff, RestartWatchdog, TestMessage
from core.actions.reject import Reject
from core.actions.requeue import Requeue
from core.actions.requeue_simulated import RequeueSimulated
from core.actions.requeue_tasks import RequeueTasks
from core.actions.resume import Resume
from core.actions.retry_matching import RetryMatching
from core.actions.retry_task import Retry
from core.actions.run_pending import RunPending
from core.actions.safety_check import DisableCheck, EnableCheck
from core.actions.set_config import Disable, Enable, SetConfig
from core.actions.set_priority import SetPriority
from core.actions.silence import EndSilence, SilenceAlerts
from core.actions.undo import Undo
from core.actions.unpause_type import UnpauseType
from core.actions.waiting import WaitingAction
from core.actions.withdraw import ConfirmWaiting, Withdraw
from core.domain.actions import Action
from core.domain.plans import Plan

OPERATIONS: Final[tuple[type[Planned[Any]], ...]] = (
    Heal,
    ResetBreaker,
    EmergencyStop,
    Resume,
    DryRunOn,
    CheckNow,
    Acknowledge,
    SilenceAlerts,
    RunPending,
    RestartWatchdog,
    HoldBreaker,
    ReleaseBreaker,
    Approve,
    Reject,
    Cancel,
    Retry,
    RetryMatching,
    Requeue,
    RequeueTasks,
    RequeueSimulated,
    SetPriority,
    Assign,
    CreateTask,
    PauseType,
    UnpauseType,
    CleanUp,
    TestMessage,
    ObserveOff,
    DryRunOff,
    SetConfig,
    Enable,
    Disable,
    EnableCheck,
    DisableCheck,
    Undo,
    Withdraw,
    ConfirmWaiting,
    EndSilence,
)
"""In the order of the footer and the menu."""


def _refuse_duplicates() -> None:
    """Raise ValueError where two actions share what must be theirs alone: else one would silently be the other."""
    taken: dict[tuple[str, str], str] = {}
    for kind in OPERATIONS:
        action, shortcut = kind.action, kind.action.shortcut
        claims = [("name", action.name)]
        claims += [("command", action.command.name)] if action.command is not None else []
        if shortcut is not None:
            claims += [("shortcut", shortcut.name), *(("key", key) for key in shortcut.key.split(",") if key)]
        for claim in claims:
            other = taken.setdefault(claim, kind.__name__)
            if other != kind.__name__:
                raise ValueError(f"{kind.__name__} and {other} have the same {claim[0]}: {claim[1]}")


_refuse_duplicates()

_BY_NAME: Final = {operation.action.name: operation for operation in OPERATIONS}

ACTIONS: Final = {name: operation.action for name, operation in _BY_NAME.items()}
"""Every record, by the name of the action."""

UNDOABLE: Final = frozenset(
    {HEAL.name, DRY_RUN_ON.name, DRY_RUN_OFF.name}
    | {kind.action.name for kind in OPERATIONS if issubclass(kind, Operation) and kind.undoes}
)
"""The names of the actions that can be undone by their run."""

AUDITED: Final = tuple(operation.action for operation in OPERATIONS if issubclass(operation, Operation))
"""The actions on the project: their broken-off runs are closed by whoever comes next."""


def operation(
    parts: Dependencies, action: Action, shown: Plan | None, **arguments: Any
) -> Operation[Any] | LocalOperation[Any]:
    """Return an action with its arguments, named as its record names them. Raises KeyError for one not listed."""
    made: Any = _BY_NAME[action.name](parts, shown, **arguments)
    return made  # type: ignore[no-any-return]  # one of the two, by construction


def kind_of(action: Action) -> type[Planned[Any]]:
    """Return the class of an action. Raises KeyError for one not listed."""
    return _BY_NAME[action.name]


def statuses_of(action: Action) -> tuple[str, ...]:
    """Return the statuses of the tasks that an action on chosen tasks changes; empty for any other action."""
    statuses: tuple[str, ...] = getattr(_BY_NAME.get(action.name), "statuses", ())
    return statuses


def waiting_operation(parts: Dependencies, waiting: WaitingAction) -> Operation[Any] | None:
    """Return the action that waited; `None`: this version does not know it."""
    kind = _BY_NAME.get(waiting.order)
    if kind is None or not kind.action.keeps or not issubclass(kind, Operation):
        return None
    return kind.of_waiting(parts, waiting)


def undoable_operation(parts: Dependencies, name: str) -> Operation[Any] | None:
    """Return the action of that name, if what it changed can be taken back."""
    kind = _BY_NAME.get(name)
    return kind(parts) if kind is not None and issubclass(kind, Operation) and kind.undoes else None
