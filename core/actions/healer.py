"""The plan of a heal: each repair is asked what it would do; one failure does not hinder the next."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from core.actions.audit import AuditTrail
from core.actions.context import ActionContext, Actor
from core.actions.repairs import BY_DEFAULT, HealRules, Proposal, Repair, Survey
from core.actions.repairs.stuck_tasks import StuckTasks
from core.base.error_boundary import ErrorBoundary
from core.base.text import clean, in_steps, plural
from core.domain.plans import HealPlan, OfferedRow, PlanStep
from core.domain.records import Task
from core.domain.stuck import Overdue, StuckRules, find_overdue
from core.resilience import NotLive
from core.resilience.fault import Fault

T = TypeVar("T")

_MOST_OFFERED: Final = 30
"""The most stuck tasks that an operator chooses among."""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, and the survey it was made from."""

    plan: HealPlan
    survey: Survey


UNTIMED: Final = (
    "the database time is unknown and this machine's clock differs from the project's, so nothing is treated as stuck,"
    " old or failing; synchronize this machine's clock with NTP"
)


class Healer:
    """Plans heals of one project. `boundary` keeps what fails unforeseen to the one repair it happened in."""

    def __init__(
        self,
        context: ActionContext,
        repairs: tuple[Repair, ...],
        *,
        stuck: StuckRules,
        rules: HealRules,
        boundary: ErrorBoundary,
    ) -> None:
        self._context = context
        self.repairs = {repair.name: repair for repair in repairs}
        self._stuck = stuck
        self._rules = rules
        self.boundary = boundary

    async def plan(
        self,
        now: datetime | None,
        *,
        automatic: bool = False,
        lifted_at: datetime | None = None,
        only: Collection[str] = BY_DEFAULT,
        tasks: Collection[str] = (),
    ) -> Findings:
        """Return what a heal would do at the database's time `now`, of the repairs in `only`.

        `tasks`: of the stuck ones these alone; empty for all of them.

        `automatic` goes by failures since `lifted_at`, and fails nothing whose silence is not proven. While the time is
        not known nothing is judged by its age, and that is said. What could not be measured is a note of its own.
        Raises NotLive when nothing could be.
        """
        reads, timed = self._context.reads, now is not None
        now = now or self._context.clock.now()
        (config, config_fault), (overdue, overdue_fault) = await asyncio.gather(
            _known(reads.config.fetch),
            _known(lambda: find_overdue(reads.tasks, now, self._stuck) if timed else _nothing()),
        )
        if config_fault is not None and (overdue_fault is not None or not timed):
            raise NotLive(config_fault)
        overdue = overdue or Overdue()
        spared: frozenset[str] = frozenset()
        if automatic and overdue.stuck:
            since = now - timedelta(seconds=self._rules.spare_s)
            found, spared_fault = await _known(lambda: reads.audit.given_back(since))
            spared = found or frozenset()
            overdue_fault = overdue_fault or spared_fault  # whom an operator spared is not known: nobody is failed
            overdue = overdue if spared_fault is None else Overdue()
        survey = Survey(
            now=now,
            timed=timed,
            automatic=automatic,
            config=config,
            overdue=overdue,
            config_fault=config_fault,
            overdue_fault=overdue_fault,
            lifted_at=lifted_at,
            spared=spared,
            chosen=frozenset(tasks),
        )
        notes = [f"the config row could not be read: {config_fault.sentence()}"] if config_fault is not None else []
        if overdue_fault is not None:
            notes.append(f"what is stuck could not be found out: {overdue_fault.sentence()}")
        proposals = [await self._propose(repair, survey) for repair in self.repairs.values() if repair.name in only]
        steps = tuple(proposal.step for proposal in proposals if proposal.step is not None)
        notes += [note for proposal in proposals for note in proposal.notes]
        notes = notes if timed else [UNTIMED, *notes]
        unknown = [fault for fault in (config_fault, overdue_fault) if fault is not None]
        if config is None and config_fault is None and not reads.config.sees_all:
            _, hidden_fault = await _known(reads.config.visible)
            unknown += [hidden_fault] if hidden_fault is not None else []
        plan = HealPlan(
            refused=_none_stuck(survey) if overdue_fault is None and timed else "",
            steps=steps,
            notes=tuple(notes),
            only=tuple(sorted(only)),
            tasks=tuple(sorted(tasks)),
            offered=_offered(survey) if StuckTasks.name in only else (),
            unknown=tuple(unknown),
        )
        return Findings(plan=plan, survey=survey)

    async def brake(self, found: Findings) -> str:
        """Return why so much is stuck that a person should look first; empty when it is not. Raises NotLive.

        Summed over the last hour, with what the watchdog healed in it.
        """
        stuck, rules = len(found.survey.stuck), self._rules
        if not stuck:
            return ""
        since = found.survey.now - timedelta(seconds=rules.brake_window_s)
        healed = await self._context.reads.counts.healed(since)
        together, running = stuck + healed, found.survey.overdue.running + healed
        before = f" and {healed:,} healed within the hour" if healed else ""
        if together > rules.brake_rows:
            return f"{plural(stuck, 'stuck task')}{before}, more than {rules.brake_rows}"
        if running >= rules.brake_running and together > rules.brake_share * running:
            return f"{stuck:,} of {found.survey.overdue.running:,} running are stuck{before}"
        return ""

    async def note_dry_run(self, found: Findings, actor: Actor) -> bool:
        """Audit a plan that is shown and not applied. Whether the row was written."""
        trail = AuditTrail(self._context, "heal", actor)
        steps = "; ".join(f"{step.title.lower()}: {step.effect}" for step in found.plan.steps)
        return await trail.skip(described(found), f"dry-run, nothing was changed: {steps}")

    async def _propose(self, repair: Repair, survey: Survey) -> Proposal:
        what = repair.name.replace("_", " ")
        with self.boundary.around(f"planning the repair of {what}") as fenced:
            try:
                return await repair.plan(survey)
            except NotLive as not_live:
                return Proposal(notes=(f"{what}: could not be planned: {not_live.fault.sentence()}",))
        return Proposal(notes=(f"{what}: could not be planned: {fenced.text}",))


def described(found: Findings) -> dict[str, Any]:
    """Return the plan for the audit row."""
    config = found.survey.config
    undo = {"dry_run": config.dry_run} if config is not None else {}
    return {"steps": [{"name": s.name, "count": s.count} | _why(s) for s in found.plan.steps], "undo": undo}


def _why(step: PlanStep) -> dict[str, str]:
    return {"why": step.why} if step.why else {}


def _none_stuck(survey: Survey) -> str:
    """Return in words that no task that was chosen is stuck; empty where one is, or none was chosen."""
    if not survey.chosen or survey.stuck:
        return ""
    names = ", ".join(sorted(survey.chosen)) if len(survey.chosen) == 1 else plural(len(survey.chosen), "chosen task")
    return f"{names}: not stuck, or not visible to this account"


def _offered(survey: Survey) -> tuple[OfferedRow, ...]:
    """Return the stuck tasks to choose from; none where they are one alone, or too many to look at."""
    offered = survey.offered
    if not 1 < len(offered) <= _MOST_OFFERED:
        return ()
    return tuple(OfferedRow(task.id, _in_words(task, survey.now)) for task in offered)


def _in_words(task: Task, now: datetime) -> str:
    since = f"{in_steps(now - task.began_at)}  " if task.began_at is not None else ""
    return since + ": ".join(filter(None, (task.task_type, clean(task.description, 80))))


async def _nothing() -> Overdue:
    return Overdue()


async def _known(ask: Callable[[], Awaitable[T]]) -> tuple[T | None, Fault | None]:
    """Return the answer, or why there is none. Cancelled before its turn, it has begun nothing."""
    try:
        return await ask(), None
    except NotLive as not_live:
        return None, not_live.fault
