"""Exit codes, the same everywhere."""

from typing import Final

from core.domain.actions import Result, ResultPhase
from core.domain.snapshot import Snapshot, State
from core.domain.state_word import hidden
from core.resilience.fault import Fault, Party

DONE: Final = 0
PARTLY: Final = 1
WRONG: Final = 2
CRITICAL: Final = 3
UNREACHABLE: Final = 4
INTERRUPTED: Final = 130

_BY_STATE: Final = {
    State.WARNING: PARTLY,
    State.CRITICAL: CRITICAL,
    State.STOPPED: CRITICAL,
    State.UNKNOWN: UNREACHABLE,
}

_BY_PHASE: Final = {
    ResultPhase.VERIFIED: DONE,
    ResultPhase.PARTLY: PARTLY,
    ResultPhase.UNCHANGED: PARTLY,
    ResultPhase.REFUSED: WRONG,
    ResultPhase.UNKNOWN: UNREACHABLE,
    ResultPhase.UNREACHABLE: UNREACHABLE,
    ResultPhase.WAITING: UNREACHABLE,
}


def of_state(snapshot: Snapshot) -> int:
    """Return the exit code of `status`."""
    if snapshot.state is State.UNKNOWN and hidden(snapshot):
        return WRONG
    return _BY_STATE.get(snapshot.state, DONE)


def of_result(result: Result) -> int:
    """Return the exit code of an action; what was so already counts as done."""
    return DONE if result.done else _BY_PHASE.get(result.phase, UNREACHABLE)


def of_fault(fault: Fault) -> int:
    """Return the exit code of a fault: WRONG if a person must act, else UNREACHABLE."""
    return WRONG if fault.person or fault.party is Party.RIGHTS else UNREACHABLE
