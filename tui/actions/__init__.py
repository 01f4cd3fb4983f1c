"""What a key or the menu sets out to do: each asks what it must, and hands the order in."""

from collections.abc import Awaitable, Callable
from typing import Final

from tui.actions.alerts import acknowledge, silence, test_message
from tui.actions.breakers import any_breaker, hold, release
from tui.actions.faults import switch_fault
from tui.actions.project import (
    check,
    clean_up,
    dry_run,
    heal,
    observe_off,
    requeue,
    restart,
    resume,
    retry_matching,
    run,
    stop,
)
from tui.actions.single import single_orders
from tui.actions.time_travel import earlier, event_after, event_before, jump, later, note, now
from tui.actions.ui import Ui

ERRANDS: Final[dict[str, Callable[[Ui], Awaitable[None]]]] = {
    "heal": heal,
    "stop": stop,
    "resume": resume,
    "requeue": requeue,
    "clean_up": clean_up,
    "dry_run": dry_run,
    "check": check,
    "run": run,
    "restart": restart,
    "reset": any_breaker,
    "hold": hold,
    "release": release,
    "acknowledge": acknowledge,
    "silence": silence,
    "test_message": test_message,
    "orders": single_orders,
    "observe_off": observe_off,
    "retry_matching": retry_matching,
    "faults": switch_fault,
    "earlier": earlier,
    "later": later,
    "event_before": event_before,
    "event_after": event_after,
    "jump": jump,
    "note": note,
    "now": now,
}
"""Every errand by the name of its key."""

AT_ONCE: Final = frozenset({"check", "test_message"})
"""Errands that ask nothing and take their time: a key held down must not pile them up."""
