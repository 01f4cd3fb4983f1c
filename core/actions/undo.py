"""Undo: take back what one action changed, by its run id, only where its mark still stands."""

import uuid
from collections.abc import Awaitable, Callable

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.batches import requeue
from core.actions.context import ActionContext
from core.actions.repairs import DRY_RUN_TITLE, STUCK
from core.actions.run import NOT_OURS, Run
from core.base.text import clean, plural
from core.domain.actions import (
    DRY_RUN_OFF,
    DRY_RUN_ON,
    EMERGENCY_STOP,
    HEAL,
    REQUEUE,
    RESUME,
    UNDO,
    Result,
    ResultPhase,
    UndoPlan,
)
from core.domain.markers import Markers
from core.domain.records import AuditedAction
from core.domain.status import Truth
from core.resilience.fault import Counts, Evidence, Fault

TASKS, DRY_RUN = "tasks", "dry-run"
"""The steps an undo may be of."""

_NOT_UNDONE = {
    EMERGENCY_STOP.name: "a stop is not undone but lifted: watchdesk resume --requeue",
    RESUME.name: "a lift is not undone: stop again if you must",
    REQUEUE.name: "what was given back is not taken again: stop again if you must",
}

_NOT_REACHED = Fault(
    kind="not_reached", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message="the project was not reached"
)

_SET_SINCE = "the config row was changed since: turn dry-run off by itself, if it is meant"


async def plan_undo(means: ActionContext, run: str, only: tuple[str, ...] = (TASKS, DRY_RUN)) -> UndoPlan:
    """Return what would be taken back now, of the steps in `only`. Raises NotLive."""
    try:
        run = str(uuid.UUID(run))
    except ValueError:
        return _no(run, f"{clean(run, 60)} is no run id: see watchdesk logs --healing")
    order = await means.live.audited(run)
    if order is None:
        return _no(run, f"no order with the run id {run} is visible to us: see watchdesk logs --healing")
    what = f"{order.order.replace('_', ' ')} by {order.actor}"
    if order.order in {DRY_RUN_ON.name, DRY_RUN_OFF.name}:
        return await _plan_mode(means, order, what, to=order.order == DRY_RUN_OFF.name)
    if order.order != HEAL.name:
        why = _NOT_UNDONE.get(order.order, "there is nothing of it to take back")
        return _no(run, f"{what}: {why}")
    marks = _marks(run)
    tasks = await means.live.ask("db:count_marked", lambda q: q.count_marked(marks, "failed")) if TASKS in only else 0
    turned_on = order.done.get(DRY_RUN_TITLE.lower(), 0) > 0 and DRY_RUN in only
    mode = await _plan_mode(means, order, what, to=False) if turned_on else None
    dry_run = mode.dry_run if mode is not None else None
    parts = [f"{plural(tasks, 'task')} back to in progress"] if tasks else []
    parts += ["dry-run off: the agents change things for real"] if dry_run is False else []
    notes = [f"; dry-run is left alone, {_SET_SINCE}"] if mode is not None and _SET_SINCE in mode.refused else []
    if not parts:
        return _no(run, f"{what}: nothing of it stands any more{''.join(notes)}")
    notes += ["; deleted log rows are not brought back"] if "old_logs" in order.steps else []
    text = f"{what}: {', '.join(parts)}{''.join(notes)}"
    config_at = mode.config_at if mode is not None else None
    return UndoPlan(run=run, text=text, tasks=tasks, dry_run=dry_run, config_at=config_at)


class Undo(Operation):
    """Takes back what was shown. `set_dry_run` turns dry-run on or off, as an action of its own."""

    order = UNDO

    def __init__(self, means: ActionContext, shown: UndoPlan, set_dry_run: Callable[[bool], Awaitable[Result]]) -> None:
        self._means = means
        self._shown = shown
        self._set_dry_run = set_dry_run
        self._mode: Result | None = None

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: dry-run is turned off only if nobody has set it since."""
        shown = self._shown
        if shown.refused:
            return self.refused(shown.refused)
        only = ((TASKS,) if shown.tasks else ()) + ((DRY_RUN,) if shown.dry_run is not None else ())
        now = await plan_undo(self._means, shown.run, only)
        if now.refused:
            return self.refused(now.refused)
        if now.dry_run != shown.dry_run:
            return self.refused(f"nothing was changed, it is not what was shown any more: {now.text}")
        told = {"undoes": shown.run, "tasks": now.tasks, "dry_run": shown.dry_run}
        return Prepared(told=told, planned=now.tasks, run=run)

    async def run(self, run: Run) -> None:
        """The tasks first, then dry-run."""
        if run.planned:
            marks = _marks(self._shown.run)
            await requeue(run, marks, from_status="failed", to_status="in_progress", title="Healed tasks")
        if self._shown.dry_run is not None and not run.halted():
            self._mode = await self._set_dry_run(self._shown.dry_run)

    async def read_back(self, run: Run) -> ReadBack:
        """Say what was taken back."""
        said = [f"{run.changed:,} of {plural(run.planned, 'task')} back to in progress"] if run.planned else []
        if run.refused:
            said.append(NOT_OURS)
        if run.unknown:
            said.append(f"{run.unknown:,} not known, their answer was lost")
        if run.halt:
            said.append(f"halted: {run.halt}")
        said += [fault for fault in (run.faults_text().removeprefix("; "),) if fault]
        told = {"ids": run.ids[:1000], "undoes": self._shown.run}
        holds = Truth.of(run.changed == run.planned)
        if self._mode is not None:
            said.append(self._mode.text)
            run.changed += self._mode.changed if not run.planned else 0
            if not self._mode.done:
                _count_failed(run, self._mode)
        elif self._shown.dry_run is not None:
            holds = Truth.FALSE
        return ReadBack(holds=holds, text="; ".join(said), told=told)


async def _plan_mode(means: ActionContext, order: AuditedAction, what: str, *, to: bool) -> UndoPlan:
    config = await means.live.config()
    if config is None or config.dry_run is to:
        return _no(order.run, f"{what}: nothing of it stands any more")
    if not to and (order.config_at is None or config.updated_at != order.config_at):
        return _no(order.run, f"{what}: {_SET_SINCE}")
    text = f"{what}: dry-run {'on' if to else 'off'} again"
    return UndoPlan(run=order.run, text=text, dry_run=to, config_at=None if to else config.updated_at)


def _count_failed(run: Run, mode: Result) -> None:
    if mode.phase is ResultPhase.UNKNOWN:
        run.unknown += 1
    elif mode.phase is ResultPhase.UNREACHABLE:
        run.fail("dry-run", _NOT_REACHED)
    else:
        run.refused += 1


def _marks(run: str) -> Markers:
    return Markers(begins=(f"{STUCK}{run}",))


def _no(run: str, why: str) -> UndoPlan:
    return UndoPlan(run=run, text=why, refused=why)
