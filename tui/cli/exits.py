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
    """The code `status` ends with."""
    if snapshot.state is State.UNKNOWN and hidden(snapshot):
        return WRONG
    return _BY_STATE.get(snapshot.state, DONE)


def of_result(result: Result) -> int:
    """The code an order ends with: also done is what was so already."""
    return DONE if result.done else _BY_PHASE.get(result.phase, UNREACHABLE)


def of_fault(fault: Fault) -> int:
    """The code for what kept a command from its answer: a person must act, or nobody is there."""
    return WRONG if fault.person or fault.party is Party.RIGHTS else UNREACHABLE
