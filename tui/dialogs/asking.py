"""Which dialog an order gets, and where what it says comes from."""

from core.actions.waiting import WaitingAction
from core.base.text import plural
from core.domain.actions import (
    ACTIONS,
    OBSERVE_OFF,
    RETRY,
    RUN_PENDING,
    UNDO,
    WITHDRAW,
    Result,
    ResultPhase,
    RetryPlan,
    UndoPlan,
)
from tui.base.interfaces import MonitorLike
from tui.dialogs.confirm import ConfirmDialog, Shown
from tui.time_travel.recorded import clock


def run_dialog(monitor: MonitorLike) -> ConfirmDialog:
    """Let the agents work off what is pending."""

    async def look() -> Shown:
        plan = await monitor.plan_run()
        return Shown(text="\n".join((f"{plural(plan.pending, 'task')} pending.", *plan.notes)))

    return ConfirmDialog(RUN_PENDING, _name(monitor), look=look, act=monitor.run_pending, verb="Run")


def undo_dialog(monitor: MonitorLike, run: str) -> ConfirmDialog:
    """Take back one order."""
    plan = UndoPlan(run=run, text="", refused="not read yet")

    async def look() -> Shown:
        nonlocal plan
        plan = await monitor.plan_undo(run)
        return Shown(text=plan.text, rows=plan.tasks, possible=not plan.refused, order=plan.order)

    async def act() -> Result:
        return await monitor.undo(plan)

    return ConfirmDialog(UNDO, _name(monitor), look=look, act=act)


def retry_dialog(monitor: MonitorLike, task: str) -> ConfirmDialog:
    """Send one failed task back."""
    plan = RetryPlan(task=task, text="", refused="not read yet")

    async def look() -> Shown:
        nonlocal plan
        plan = await monitor.plan_retry(task)
        return Shown(text=plan.text, rows=1, possible=not plan.refused)

    async def act() -> Result:
        return await monitor.retry(plan)

    return ConfirmDialog(RETRY, _name(monitor), look=look, act=act, verb="Retry")


def withdraw_dialog(monitor: MonitorLike, name: str) -> ConfirmDialog:
    """Forget an order that waits."""

    async def look() -> Shown:
        waiting = next((one for one in await monitor.waiting() if one.id == name), None)
        if waiting is None:
            return Shown(text="It does not wait any more.", possible=False)
        return Shown(text=f"{waiting.words()}\nIt has not been carried out.")

    return ConfirmDialog(WITHDRAW, _name(monitor), look=look, act=lambda: monitor.withdraw(name), verb="Withdraw")


def still_meant_dialog(monitor: MonitorLike, meant: WaitingAction) -> ConfirmDialog:
    """Let an order go on waiting: asked as the order itself is, its word included, for it is given once more."""
    order = ACTIONS[meant.order]

    async def look() -> Shown:
        if meant.id not in {one.id for one in await monitor.waiting()}:
            return Shown(text="It does not wait any more.", possible=False)
        return Shown(text=f"{meant.words()}\nGiven {clock(meant.at)}. Still meant, it is carried out once it can be.")

    async def act() -> Result:
        if await monitor.confirm_waiting(meant.id):
            said = "still meant: carried out as soon as the project answers"
            return Result(order=order.name, phase=ResultPhase.WAITING, text=said)
        return Result(order=order.name, phase=ResultPhase.REFUSED, text="it waits no more")

    return ConfirmDialog(order, _name(monitor), look=look, act=act, verb="Still meant")


def observe_dialog(monitor: MonitorLike) -> ConfirmDialog:
    """Allow actions for a while although it only observes."""

    async def look() -> Shown:
        return Shown(text="It was started with --observe. Afterwards it observes again by itself.")

    async def act() -> Result:
        monitor.lift_observe()
        return Result(order=OBSERVE_OFF.name, phase=ResultPhase.VERIFIED, text="actions are allowed for 15 minutes")

    return ConfirmDialog(OBSERVE_OFF, _name(monitor), look=look, act=act)


def _name(monitor: MonitorLike) -> str:
    return monitor.snapshot.project.name
