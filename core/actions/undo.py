"""Undo: take back what one action changed, by its run id, only where its mark still stands."""

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.context import ActionContext
from core.actions.repairs import DRY_RUN_TITLE, REPAIRS, Repair
from core.actions.run import NOT_OURS, Run
from core.base.text import clean
from core.domain.actions import (
    DRY_RUN_OFF,
    DRY_RUN_ON,
    EMERGENCY_STOP,
    HEAL,
    REQUEUE,
    RESUME,
    UNDO,
    PlanStep,
    Result,
    ResultPhase,
    UndoPlan,
    label,
)
from core.domain.records import AuditedAction
from core.domain.status import Truth
from core.resilience.fault import Counts, Evidence, Fault

DRY_RUN: Final = "dry-run"
"""What a person calls the undo of a heal that turned dry-run on."""

OPTIONS: Final = (*(repair.undo_option for repair in REPAIRS if repair.undo_option), DRY_RUN)
"""The steps an undo may be of, as a person names them."""

_NOT_UNDONE = {
    EMERGENCY_STOP.name: "a stop is not undone: watchdesk resume --requeue",
    RESUME.name: "a resume is not undone: stop again if you must",
    REQUEUE.name: "what was requeued is not rejected again: stop again if you must",
}

_NOT_REACHED = Fault(
    kind="not_reached", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message="the project was not reached"
)

_SET_SINCE = "the config row was changed since: turn dry-run off by itself, if it is meant"


async def plan_undo(
    means: ActionContext, repairs: Mapping[str, Repair], run: str, only: Collection[str] = OPTIONS
) -> UndoPlan:
    """Return what would be taken back now, of the steps in `only`, each of `repairs` by its name. Raises NotLive."""
    try:
        run = str(uuid.UUID(run))
    except ValueError:
        return _no(run, f"{clean(run, 60)} is no run id: see watchdesk logs --healing")
    order = await means.live.audited(run)
    if order is None:
        return _no(run, f"no action with the run id {run} is visible to us: see watchdesk logs --healing")
    what = f"{label(order.order)} by {order.actor}"
    if order.order in {DRY_RUN_ON.name, DRY_RUN_OFF.name}:
        return await _plan_mode(means, order, what, to=order.order == DRY_RUN_OFF.name)
    if order.order != HEAL.name:
        why = _NOT_UNDONE.get(order.order, "there is nothing of it to take back")
        return _no(run, f"{what}: {why}")
    undoable = [repair for repair in repairs.values() if repair.undo_option in only]
    found = [await repair.undo_step(run) for repair in undoable]
    steps = tuple(step for step in found if step is not None)
    turned_on = order.done.get(DRY_RUN_TITLE.lower(), 0) > 0 and DRY_RUN in only
    mode = await _plan_mode(means, order, what, to=False) if turned_on else None
    dry_run = mode.dry_run if mode is not None else None
    parts = [f"{step.title} {step.effect}" for step in steps]
    parts += ["dry-run off: the agents change things for real"] if dry_run is False else []
    notes = [f"; dry-run is left alone, {_SET_SINCE}"] if mode is not None and _SET_SINCE in mode.refused else []
    if not parts:
        return _no(run, f"{what}: nothing of it stands any more{''.join(notes)}")
    notes += ["; deleted log rows are not brought back"] if "old_logs" in order.steps else []
    text = f"{what}: {', '.join(parts)}{''.join(notes)}"
    config_at = mode.config_at if mode is not None else None
    return UndoPlan(
        run=run, text=text, steps=steps, tasks=sum(step.count for step in steps), dry_run=dry_run, config_at=config_at
    )


class Undo(Operation):
    """Takes back what was shown. `set_dry_run` turns dry-run on or off, as an action of its own."""

    order = UNDO

    def __init__(
        self,
        means: ActionContext,
        repairs: Mapping[str, Repair],
        shown: UndoPlan,
        set_dry_run: Callable[[bool], Awaitable[Result]],
    ) -> None:
        self._means = means
        self._repairs = repairs
        self._steps: tuple[PlanStep, ...] = ()
        self._taken_back: dict[str, int] = {}
        """Rows, by the name of the repair."""
        self._shown = shown
        self._set_dry_run = set_dry_run
        self._mode: Result | None = None

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: dry-run is turned off only if nobody has set it since."""
        shown = self._shown
        if shown.refused:
            return self.refused(shown.refused)
        only = {self._repairs[step.name].undo_option for step in shown.steps}
        only |= {DRY_RUN} if shown.dry_run is not None else set()
        now = await plan_undo(self._means, self._repairs, shown.run, only)
        if now.refused:
            return self.refused(now.refused)
        if now.dry_run != shown.dry_run:
            return self.refused(f"nothing was changed, it is not what was shown any more: {now.text}")
        self._steps = now.steps
        told = {"undoes": shown.run, "tasks": now.tasks, "dry_run": shown.dry_run}
        return Prepared(told=told, planned=now.tasks, run=run)

    async def run(self, run: Run) -> None:
        """What the repairs changed first, then dry-run."""
        for step in self._steps:
            before = run.changed
            try:
                await self._repairs[step.name].undo(self._shown.run, run)
            finally:  # broken off in the middle, what was taken back up to there still counts
                self._taken_back[step.name] = run.changed - before
        if self._shown.dry_run is not None and not run.halted():
            self._mode = await self._set_dry_run(self._shown.dry_run)

    async def read_back(self, run: Run) -> ReadBack:
        """Say what was taken back."""
        said = [f"{self._taken_back.get(step.name, 0):,} of {step.title} {step.effect}" for step in self._steps]
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


def _no(run: str, why: str) -> UndoPlan:
    return UndoPlan(run=run, text=why, refused=why)
