"""Orders about the whole project."""

from core.actions.heal import CLEANING
from core.domain.actions import (
    CLEAN_UP,
    DRY_RUN_ON,
    EMERGENCY_STOP,
    HEAL,
    OBSERVE_OFF,
    REQUEUE,
    RESTART,
    RESUME,
    RETRY_MATCHING,
    RUN_PENDING,
)
from tui.actions.ui import Ui
from tui.dialogs import DryRunDialog, HealDialog, ResumeDialog, StopDialog, observe_dialog, run_dialog


async def heal(front: Ui) -> None:
    """Show the plan and ask."""
    if front.allowed(HEAL):
        front.ask(HealDialog(front.monitor))


async def stop(front: Ui) -> None:
    """Ask for a reason and the word."""
    if front.allowed(EMERGENCY_STOP):
        front.ask(StopDialog(front.monitor))


async def resume(front: Ui) -> None:
    """Lift the emergency stop."""
    if front.allowed(RESUME):
        front.ask(ResumeDialog(front.monitor))


async def requeue(front: Ui) -> None:
    """Give back what the last stop left rejected; while it stands it is lifted first."""
    if front.allowed(REQUEUE):
        front.ask(ResumeDialog(front.monitor))


async def clean_up(front: Ui) -> None:
    """Show how many log rows are past their time, and ask."""
    if front.allowed(CLEAN_UP):
        front.ask(HealDialog(front.monitor, CLEANING))


async def dry_run(front: Ui) -> None:
    """Turn dry-run to what it is not."""
    if front.allowed(DRY_RUN_ON):
        front.ask(DryRunDialog(front.monitor))


async def run(front: Ui) -> None:
    """Let the agents work off what is pending."""
    if front.allowed(RUN_PENDING):
        front.ask(run_dialog(front.monitor))


async def restart(front: Ui) -> None:
    """Begin the watchdog's loop anew."""
    if front.allowed(RESTART):
        front.monitor.restart_watchdog()
        front.tell("the watchdog's loop was restarted")


async def check(front: Ui) -> None:
    """Refresh everything, run all checks."""
    front.tell("checking …")
    await front.monitor.check_now()
    front.tell("checked")


async def observe_off(front: Ui) -> None:
    """Allow actions for a while although it only observes."""
    project = front.monitor.snapshot.project
    if not project.observe:
        front.tell("it does not only observe: actions are allowed")
    elif project.orders_for_s is not None:
        front.tell("actions are allowed already")
    elif front.allowed(OBSERVE_OFF):
        front.ask(observe_dialog(front.monitor))


async def retry_matching(front: Ui) -> None:
    """Show what failed: from there all of it, or what a filter leaves of it, goes back to pending."""
    if front.allowed(RETRY_MATCHING):
        front.visit("tasks", "status:failed")
