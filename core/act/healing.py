"""Healing: plan what is wrong, show it, recompute, apply step by step; one failure does not hinder the next."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.act.audit import Trail
from core.act.means import Actor, Means
from core.act.orders import HEAL, HealPlan, Phase, Result
from core.act.repairs import HealRules, Repair, Survey, Tally
from core.act.tally import phase_of
from core.resilience import NotLive
from core.stuck import Overdue, StuckRules, find_overdue
from core.text import plural

Progress = Callable[[str, int, int], None]
"""Told after each batch: the step's title, rows done, rows planned."""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, and the survey it was made from."""

    plan: HealPlan
    survey: Survey


UNTIMED: Final = (
    "the database's time is not known, this machine's clock and the project's differ: nothing is called stuck, old or"
    " failing; let this machine's clock be set by the network (NTP)"
)


def unhindered() -> str:
    """Nothing stands against going on."""
    return ""


class Healer:
    """Plans and applies heals of one project."""

    def __init__(self, means: Means, repairs: tuple[Repair, ...], *, stuck: StuckRules, rules: HealRules) -> None:
        self._means = means
        self._repairs = repairs
        self._stuck = stuck
        self._rules = rules

    async def plan(
        self, now: datetime | None, *, automatic: bool = False, lifted_at: datetime | None = None
    ) -> Findings:
        """What a heal would do at the database's time `now`. Raises NotLive when it cannot be measured.

        `automatic` goes by failures since `lifted_at`, and calls nothing stuck while no logs are visible. While the
        time is not known nothing is judged by its age, and that is said.
        """
        live, timed = self._means.live, now is not None
        now = now or self._means.clock.now()
        overdue = await find_overdue(live, now, self._stuck) if timed else Overdue()
        config = await live.config()
        spared: frozenset[str] = frozenset()
        if automatic and overdue.stuck:
            spared = await live.given_back(now - timedelta(seconds=self._rules.spare_s))
        survey = Survey(
            now=now,
            timed=timed,
            automatic=automatic,
            config=config,
            overdue=overdue,
            lifted_at=lifted_at,
            spared=spared,
        )
        proposals = [await repair.plan(survey) for repair in self._repairs]
        steps = tuple(proposal.step for proposal in proposals if proposal.step is not None)
        notes = tuple(note for proposal in proposals for note in proposal.notes)
        notes = notes if timed else (UNTIMED, *notes)
        return Findings(plan=HealPlan(steps=steps, notes=notes), survey=survey)

    async def brake(self, found: Findings) -> str:
        """Why so much is stuck that a person should look first; empty when it is not. Raises NotLive.

        Summed over the last hour, with what the watchdog healed in it.
        """
        stuck, rules = len(found.survey.stuck), self._rules
        if not stuck:
            return ""
        healed = await self._means.live.count_healed(found.survey.now - timedelta(seconds=rules.brake_window_s))
        together, running = stuck + healed, found.survey.overdue.running + healed
        before = f" and {healed:,} healed within the hour" if healed else ""
        if together > rules.brake_rows:
            return f"{plural(stuck, 'stuck task')}{before}, more than {rules.brake_rows}"
        if running >= rules.brake_running and together > rules.brake_share * running:
            return f"{stuck:,} of {found.survey.overdue.running:,} running are stuck{before}"
        return ""

    async def note_dry_run(self, found: Findings, actor: Actor) -> bool:
        """Audit a plan that is shown and not applied. Whether the row was written."""
        trail = Trail(self._means, HEAL.name, actor)
        steps = "; ".join(f"{step.title.lower()} {step.count:,}" for step in found.plan.steps)
        return await trail.skip(_described(found), f"dry-run, nothing was changed: {steps}")

    async def apply(
        self,
        found: Findings,
        actor: Actor,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
    ) -> Result:
        """Carry out a plan just made. Reports what really changed, row by row, read from the answers.

        `go_on` is asked before every batch: why it must stop there, which is then said.
        """
        plan = found.plan
        if plan.empty:
            return Result(order=HEAL.name, phase=Phase.SEEN, text="nothing to heal", already=True)
        trail = Trail(self._means, HEAL.name, actor)
        try:
            await trail.start(_described(found))
        except NotLive as not_live:
            return Result(
                order=HEAL.name,
                phase=phase_of(not_live.fault),
                text=f"nothing was changed, the audit row could not be written: {not_live.fault.sentence()}",
                run=trail.run,
                planned=plan.rows,
            )
        tally = Tally(trail.run, actor.by, plan.rows, go_on)
        repairs = {repair.name: repair for repair in self._repairs}
        for step in plan.steps:
            if tally.halted():
                break
            before = tally.changed

            def tell(done: int, title: str = step.title, count: int = step.count) -> None:
                if progress is not None:
                    progress(title, done, count)

            try:
                await repairs[step.name].apply(step, found.survey, tally, tell)
            except NotLive as not_live:
                tally.fail(step.title, not_live)
            tally.close(step, before)
        audited = await trail.end(tally.described(), completed=tally.whole)
        text = tally.text() + ("" if audited else "; the closing audit row could not be written")
        return Result(
            order=HEAL.name,
            phase=tally.phase(),
            text=text,
            run=trail.run,
            planned=tally.planned,
            changed=tally.changed,
            skipped=tally.skipped,
            refused=tally.refused,
        )


def _described(found: Findings) -> dict[str, Any]:
    """The plan for the audit row."""
    config = found.survey.config
    undo = {"dry_run": config.dry_run} if config is not None else {}
    return {"steps": [{"name": s.name, "count": s.count} for s in found.plan.steps], "undo": undo}
