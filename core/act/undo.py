"""Undo: take back what one order changed, by its run id, only where its marker still stands."""

import uuid

from core.act.audit import Trail
from core.act.giving_back import give_back
from core.act.means import Actor, Means
from core.act.mode import NOT_OURS, Mode
from core.act.orders import DRY_RUN_OFF, DRY_RUN_ON, EMERGENCY_STOP, HEAL, LIFT, UNDO, Phase, Result, UndoPlan
from core.act.repairs import STUCK
from core.act.tally import phase_of
from core.facts import Fault
from core.resilience import NotLive
from core.text import clean, plural

_NOT_UNDONE = {
    EMERGENCY_STOP.name: "a stop is not undone but lifted: watchdesk resume --requeue",
    LIFT.name: "a lift is not undone: stop again if you must",
}


class Undo:
    """Takes back heals and changes of the mode."""

    def __init__(self, means: Means, mode: Mode) -> None:
        self._means = means
        self._mode = mode

    async def plan(self, run: str) -> UndoPlan:
        """What would be taken back now. Raises NotLive."""
        try:
            run = str(uuid.UUID(run))
        except ValueError:
            return _no(run, f"{clean(run, 60)} is no run id: see watchdesk logs --healing")
        order = await self._means.live.audited(run)
        if order is None:
            return _no(run, f"no order with the run id {run} is visible to us: see watchdesk logs --healing")
        what = f"{order.order.replace('_', ' ')} by {order.actor}"
        if order.order in {DRY_RUN_ON.name, DRY_RUN_OFF.name}:
            return await self._plan_mode(run, what, order.order == DRY_RUN_OFF.name)
        if order.order != HEAL.name:
            why = _NOT_UNDONE.get(order.order, "there is nothing of it to take back")
            return _no(run, f"{what}: {why}")
        tasks = await self._means.live.count_marked(f"{STUCK}{run}", "failed")
        mode = await self._plan_mode(run, what, False) if "dry_run" in order.steps else None
        dry_run = mode.dry_run if mode is not None else None
        parts = [f"{plural(tasks, 'task')} back to in progress"] if tasks else []
        parts += ["dry-run off: the agents change things for real"] if dry_run is False else []
        if not parts:
            return _no(run, f"{what}: nothing of it stands any more")
        never = "; deleted log rows are not brought back" if "old_logs" in order.steps else ""
        return UndoPlan(run=run, text=f"{what}: {', '.join(parts)}{never}", tasks=tasks, dry_run=dry_run)

    async def undo(self, plan: UndoPlan, actor: Actor) -> Result:
        """Carry out what was shown. Reports what really changed. Raises nothing for a fault."""
        if plan.refused:
            return Result(order=UNDO.name, phase=Phase.REFUSED, text=plan.refused)
        trail = Trail(self._means, UNDO.name, actor)
        try:
            await trail.start({"undoes": plan.run, "tasks": plan.tasks, "dry_run": plan.dry_run})
        except NotLive as not_live:
            text = f"nothing was changed, the audit row could not be written: {not_live.fault.sentence()}"
            return Result(order=UNDO.name, phase=phase_of(not_live.fault), text=text, run=trail.run)
        ids, fault = await self._revive(plan.run) if plan.tasks else ([], None)
        said = [f"{len(ids):,} of {plural(plan.tasks, 'task')} back to in progress"] if plan.tasks else []
        whole = fault is None and len(ids) == plan.tasks
        if fault is not None:
            said.append(fault.sentence())
        elif not ids and plan.tasks and await self._still_marked(plan.run):
            said.append(NOT_OURS)
        if plan.dry_run is not None:
            mode = await self._mode.set(plan.dry_run, actor)
            whole = whole and mode.done
            said.append(mode.text)
        text = "; ".join(said)
        await trail.end({"text": text, "ids": ids[:1000], "undoes": plan.run}, completed=whole)
        phase = Phase.SEEN if whole else Phase.PARTLY if ids else phase_of(fault) if fault else Phase.REFUSED
        return Result(
            order=UNDO.name,
            phase=phase,
            text=text,
            run=trail.run,
            planned=plan.tasks,
            changed=len(ids),
            skipped=plan.tasks - len(ids),
        )

    async def _revive(self, run: str) -> tuple[list[str], Fault | None]:
        ids: list[str] = []
        try:
            async for changed in give_back(self._means, f"{STUCK}{run}", from_status="failed", to_status="in_progress"):
                ids += changed
        except NotLive as not_live:
            return ids, not_live.fault
        return ids, None

    async def _still_marked(self, run: str) -> bool:
        try:
            return await self._means.live.count_marked(f"{STUCK}{run}", "failed") > 0
        except NotLive:
            return False

    async def _plan_mode(self, run: str, what: str, to: bool) -> UndoPlan:
        now = await self._mode.plan()
        if not now.known or now.dry_run is to:
            return _no(run, f"{what}: nothing of it stands any more")
        return UndoPlan(run=run, text=f"{what}: dry-run {'on' if to else 'off'} again", dry_run=to)


def _no(run: str, why: str) -> UndoPlan:
    return UndoPlan(run=run, text=why, refused=why)
