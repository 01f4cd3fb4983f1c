"""Undo: take back what one action changed, by its run id, only where its mark still stands."""

import uuid
from collections.abc import Collection
from typing import Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.cancel import CANCEL
from core.actions.create_task import CREATE_TASK
from core.actions.dependencies import Dependencies, Undoable
from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON, DryRunOff, DryRunOn
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.pause_type import PAUSE_TYPE
from core.actions.repairs import DRY_RUN_TITLE, REPAIRS
from core.actions.requeue import REQUEUE
from core.actions.requeue_tasks import REQUEUE_TASKS
from core.actions.resume import RESUME
from core.actions.run import NOT_OURS, Run
from core.actions.safety_check import DISABLE_CHECK, ENABLE_CHECK
from core.actions.set_config import DISABLE, ENABLE, SET_CONFIG
from core.actions.unpause_type import UNPAUSE_TYPE
from core.base.text import clean
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, ResultPhase, Shortcut, Tier, label
from core.domain.plans import PlanStep, UndoPlan
from core.domain.records import AuditedAction
from core.domain.status import Truth
from core.resilience.fault import Counts, Evidence, Fault

DRY_RUN: Final = "dry-run"
"""What a person calls the undo of a heal that turned dry-run on."""

OPTIONS: Final = (*(repair.undo_option for repair in REPAIRS if repair.undo_option), DRY_RUN)
"""The steps an undo may be of, as a person names them."""

UNDO: Final = Action(
    name="undo",
    tier=Tier.CONFIRM,
    title="Undo",
    effect="undo what one action changed, where it has not been changed since",
    arguments=(
        Argument(name="run", kind=ArgumentKind.SUBJECT, required=True),
        Argument(
            name="only",
            words="undo these",
            kind=ArgumentKind.CHOICES,
            help="These steps alone.",
            choices={option: option for option in OPTIONS},
            default=frozenset(OPTIONS),
            asked=False,
        ),
    ),
    shortcut=Shortcut(name="undo", word="undo", does="undo what one action changed; choose it in the audit trail"),
    command=Command(
        name="undo",
        help=(
            "Undo what the action with this run id changed, where it has not been changed since: a heal, a change of"
            " dry-run, an approval, a rejection, a cancellation, a safety check that was disabled (watchdesk logs"
            " --healing)."
        ),
    ),
)
UNDO_TYPED: Final = msgspec.structs.replace(UNDO, tier=Tier.TYPED)
"""An undo after which the agents do more, such as one that turns dry-run off again."""

_NOT_UNDONE = {
    EMERGENCY_STOP.name: "a stop cannot be undone: use watchdesk resume --requeue",
    RESUME.name: "a resume cannot be undone: set the emergency stop again if necessary",
    REQUEUE_TASKS.name: "a requeue cannot be undone: cancel the tasks instead: watchdesk cancel ID",
    CREATE_TASK.name: "a created task cannot be undone: cancel it instead: watchdesk cancel ID",
    PAUSE_TYPE.name: "a pause cannot be undone here: use watchdesk unpause TYPE",
    UNPAUSE_TYPE.name: "an unpause cannot be undone: pause the type again",
    ENABLE_CHECK.name: "this cannot be undone: disable the check instead: watchdesk disable-check",
    REQUEUE.name: "requeued tasks cannot be rejected again by undo: set the emergency stop again if necessary",
}

_STAYS = {
    CANCEL.name: "; tasks that were running when cancelled stay rejected: to run one again use watchdesk requeue ID"
}

_NOT_OF_TASKS: Final = frozenset({SET_CONFIG.name, ENABLE.name, DISABLE.name, DISABLE_CHECK.name})

_NOT_REACHED = Fault(
    kind="not_reached", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message="the project was not reached"
)

_SET_SINCE = "the config row has changed since then: if you still want dry-run off, turn it off separately (d)"


class Undo(Operation[UndoPlan]):
    """Takes back what the action with the id `run` changed, of the steps in `only`."""

    action = UNDO
    settles = (HEAL, UNDO)

    def __init__(
        self, parts: Dependencies, shown: UndoPlan | None = None, *, run: str = "", only: Collection[str] = ()
    ) -> None:
        super().__init__(parts, shown)
        self._run = shown.run if shown is not None else run
        self._only = frozenset(only or OPTIONS)
        self._steps: tuple[PlanStep, ...] = ()
        self._taken_back: dict[str, int] = {}
        """Rows, by the name of the repair."""
        self._undoable: dict[str, Undoable] = {}
        self._turned: Result | None = None
        """Result of turning dry-run."""

    async def plan(self) -> UndoPlan:
        """Return what would be taken back now. Raises NotLive."""
        try:
            run = str(uuid.UUID(self._run))
        except ValueError:
            return _no(self._run, f"{clean(self._run, 60)} is not a run id: see watchdesk logs --healing")
        order = await self._context.reads.audit.of_run(run)
        if order is None:
            return _no(run, f"no action with the run id {run} is visible to this account: see watchdesk logs --healing")
        what = f"{label(order.order)} by {order.actor}"
        if order.order in {DRY_RUN_ON.name, DRY_RUN_OFF.name}:
            return await self._plan_dry_run(order, what, to=order.order == DRY_RUN_OFF.name)
        if order.order in _NOT_UNDONE:
            return _no(run, f"{what}: {_NOT_UNDONE[order.order]}")
        self._undoable = self._undoable_parts(order.order)
        if not self._undoable and order.order != HEAL.name:
            return _no(run, f"{what}: there is nothing of it to take back")
        found = [await part.undo_step(run) for part in self._undoable.values()]
        steps = tuple(step for step in found if step is not None)
        turned_on = order.done.get(DRY_RUN_TITLE.lower(), 0) > 0 and DRY_RUN in self._only
        mode = await self._plan_dry_run(order, what, to=False) if turned_on else None
        dry_run = mode.dry_run if mode is not None else None
        parts = [f"{step.title} {step.effect}" for step in steps]
        parts += ["dry-run off: the agents change things for real"] if dry_run is False else []
        notes = [f"; dry-run is left alone, {_SET_SINCE}"] if mode is not None and _SET_SINCE in mode.text else []
        if not parts:
            if order.order not in _NOT_OF_TASKS:
                await self._context.reads.counts.in_status("pending")  # proves that rows are visible
            notes.append(_STAYS.get(order.order, ""))
            return _idle(run, f"{what}: nothing of it stands any more that could be taken back{''.join(notes)}")
        notes += ["; deleted log rows are not brought back"] if "old_logs" in order.steps else []
        text = f"{what}: {', '.join(parts)}{''.join(notes)}"
        config_at = mode.config_at if mode is not None else None
        return UndoPlan(
            run=run,
            text=text,
            steps=steps,
            tasks=sum(step.count for step in steps),
            dry_run=dry_run,
            config_at=config_at,
            action=UNDO_TYPED if any(step.typed for step in steps) else _confirmed_as(dry_run),
        )

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: dry-run is turned off only if nobody has set it since."""
        shown = await self.agree()
        if shown.refused:
            return self.refused(shown.refused)
        if shown.idle:
            return self.idle(shown)
        repairs = self._parts.healer.repairs
        only = {repairs[step.name].undo_option for step in shown.steps if step.name in repairs}
        only |= {DRY_RUN} if shown.dry_run is not None else set()
        self._only = frozenset(only) or self._only
        now = await self.plan()
        if now.refused:
            return self.refused(now.refused)
        if now.idle:
            return self.idle(now)
        if now.dry_run != shown.dry_run:
            return self.unchanged(f"nothing was changed, it is not what was shown any more: {now.text}")
        self._steps = now.steps
        told = {"undoes": shown.run, "tasks": now.tasks, "dry_run": shown.dry_run}
        return Prepared(told=told, planned=now.tasks, run=run)

    async def run(self, run: Run) -> None:
        """Take back the rows first, then turn dry-run."""
        for step in self._steps:
            before = run.changed
            try:
                await self._undoable[step.name].undo(self.agreed.run, run)
            finally:  # broken off in the middle, what was taken back up to there still counts
                self._taken_back[step.name] = run.changed - before
        if self.agreed.dry_run is not None and not run.halted():
            turn = DryRunOn if self.agreed.dry_run else DryRunOff
            self._turned = await run.also(turn(self._parts, seen_at=self.agreed.config_at))

    async def read_back(self, run: Run) -> ReadBack:
        """Return what was taken back."""
        said = [f"{self._taken_back.get(step.name, 0):,} of {step.title} {step.effect}" for step in self._steps]
        if run.refused:
            said.append(NOT_OURS)
        if run.unknown:
            said.append(f"{run.unknown:,} with unknown outcome (response lost)")
        if run.halt:
            said.append(f"halted: {run.halt}")
        said += [fault for fault in (run.faults_text().removeprefix("; "),) if fault]
        told = {"ids": run.ids[:1000], "undoes": self.agreed.run}
        holds = Truth.of(run.changed == run.planned)
        if self._turned is not None:
            said.append(self._turned.text)
            run.changed += self._turned.changed if not run.planned else 0
            if not self._turned.done:
                _count_failed(run, self._turned)
        elif self.agreed.dry_run is not None:
            holds = Truth.FALSE
        return ReadBack(holds=holds, text="; ".join(said), told=told)

    def _undoable_parts(self, action: str) -> dict[str, Undoable]:
        """Return what can undo its part of an action, by its name: the repairs of a heal, or the action itself."""
        if action == HEAL.name:
            repairs = self._parts.healer.repairs.values()
            return {repair.name: repair for repair in repairs if repair.undo_option in self._only}
        undoable = self._parts.undoable(action)
        return {action: undoable} if undoable is not None else {}

    async def _plan_dry_run(self, order: AuditedAction, what: str, *, to: bool) -> UndoPlan:
        config = await self._context.reads.config.fetch()
        if config is None or config.dry_run is to:
            return _idle(order.run, f"{what}: nothing of it stands any more", stands=config is not None)
        if not to and (order.config_at is None or config.updated_at != order.config_at):
            return _idle(order.run, f"{what}: {_SET_SINCE}")
        text = f"{what}: dry-run {'on' if to else 'off'} again"
        config_at = None if to else config.updated_at
        return UndoPlan(run=order.run, text=text, dry_run=to, config_at=config_at, action=_confirmed_as(to))


def _count_failed(run: Run, mode: Result) -> None:
    if mode.phase is ResultPhase.UNKNOWN:
        run.unknown += 1
    elif mode.phase is ResultPhase.UNREACHABLE:
        run.fail("dry-run", _NOT_REACHED)
    else:
        run.refused += 1


def _confirmed_as(dry_run: bool | None) -> Action:
    return UNDO_TYPED if dry_run is False else UNDO


def _no(run: str, why: str) -> UndoPlan:
    return UndoPlan(run=run, text=why, refused=why)


def _idle(run: str, why: str, *, stands: bool = False) -> UndoPlan:
    return UndoPlan(run=run, text=why, idle=True, stands=stands)
