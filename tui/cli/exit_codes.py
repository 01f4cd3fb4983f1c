"""The exit code of what a command found: a state, a result, a fault."""

from collections.abc import Iterable
from typing import Final

from core.domain.actions import Result, ResultPhase
from core.domain.snapshot import Snapshot, State
from core.domain.state_word import hidden
from core.resilience.fault import Fault, Party
from tui.cli.exits import CRITICAL, DONE, PARTLY, UNREACHABLE, WRONG

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

_WORST_FIRST: Final = (CRITICAL, UNREACHABLE, WRONG, PARTLY, DONE)


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


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of several projects: critical, then unreachable, then wrong, then a warning; 0 for none.

    What is known to be critical goes before what is unknown, and that before what nobody could have known.
    """
    return min(codes, key=_WORST_FIRST.index, default=DONE)
