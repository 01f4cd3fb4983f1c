"""Healing: plan what is wrong, show it, recompute, apply step by step; one failure does not hinder the next."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.act.audit import Trail
from core.act.means import Actor, Means, lost
from core.act.orders import HEAL, HealPlan, Phase, PlanStep, Result
from core.backend.commands import BATCH
from core.backend.schema import Shape
from core.backend.target import KeyKind, Target
from core.facts import Fault
from core.model import SystemConfig, Task
from core.resilience import NotLive
from core.stuck import StuckRules, cutoff, find_overdue
from core.text import plural, short

STUCK: Final = "stuck_tasks"
CONFIG_ROW: Final = "config_row"
DRY_RUN: Final = "dry_run"
OLD_LOGS: Final = "old_logs"

Progress = Callable[[str, int, int], None]
"""Told after each batch: the step's title, rows done, rows planned."""


class HealRules(msgspec.Struct, frozen=True, kw_only=True):
    """Section `heal` of the settings."""

    dry_run_above_percent: float = 50.0
    few_finished: int = 5
    window_h: float = 24.0
    recent_failure_s: float = 900.0
    keep_logs_days: float = 30.0
    brake_rows: int = 50
    brake_share: float = 0.5
    brake_running: int = 10


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and what applying it needs to know."""

    plan: HealPlan
    now: datetime
    config: SystemConfig | None
    stuck: tuple[Task, ...]
    running: int
    logs_before: datetime


def _always() -> bool:
    return True


class Healer:
    """Plans and applies heals of one project."""

    def __init__(self, means: Means, target: Target, stuck: StuckRules, rules: HealRules) -> None:
        self._means = means
        self._target = target
        self._stuck = stuck
        self._rules = rules

    async def plan(self, now: datetime, *, automatic: bool = False) -> Findings:
        """What a heal would do at the server's time `now`. Raises NotLive when it cannot be measured.

        `automatic` judges by the narrower window, and calls nothing stuck while no logs are visible.
        """
        live = self._means.live
        config = await live.config()
        overdue = await find_overdue(live, now, self._stuck)
        stuck = () if automatic and not overdue.logs_visible else overdue.stuck
        before = now - timedelta(days=self._rules.keep_logs_days)
        old = await live.count_old_logs(before)
        steps: list[PlanStep] = []
        notes: list[str] = []
        if config is None:
            if await self._absence_proven():
                steps.append(
                    PlanStep(
                        name=CONFIG_ROW,
                        title="Config row missing",
                        effect="create it, disabled and in dry-run",
                        count=1,
                    )
                )
            else:
                notes.append("no config row is visible to us; whether there is one only a secret key can tell")
        if stuck:
            steps.append(_stuck_step(stuck, now, logs_visible=overdue.logs_visible))
        if overdue.slow:
            notes.append(f"{plural(len(overdue.slow), 'slow task')} past its time still writes logs: left alone")
        if config is not None and not config.dry_run and await self._failing(now, automatic=automatic):
            steps.append(
                PlanStep(
                    name=DRY_RUN,
                    title="Failure rate too high",
                    effect="turn dry-run on until an operator turns it off",
                    count=1,
                )
            )
        if old:
            steps.append(
                PlanStep(
                    name=OLD_LOGS,
                    title="Old log rows",
                    effect=f"delete log rows older than {self._rules.keep_logs_days:.0f} days",
                    count=old,
                )
            )
        return Findings(
            plan=HealPlan(steps=tuple(steps), notes=tuple(notes)),
            now=now,
            config=config,
            stuck=stuck,
            running=overdue.running,
            logs_before=before,
        )

    def braked(self, findings: Findings) -> bool:
        """Whether so many tasks are stuck at once that a person should look first."""
        stuck = len(findings.stuck)
        many = findings.running >= self._rules.brake_running and stuck > self._rules.brake_share * findings.running
        return stuck > self._rules.brake_rows or many

    async def apply(
        self, found: Findings, actor: Actor, progress: Progress | None = None, go_on: Callable[[], bool] = _always
    ) -> Result:
        """Carry out a plan just made. Reports what really changed, row by row, read from the answers.

        `go_on` is asked before every batch: no longer allowed, it stops there and says so.
        """
        plan = found.plan
        if plan.empty:
            return Result(order=HEAL.name, phase=Phase.SEEN, text="nothing to heal", already=True)
        trail = Trail(self._means, HEAL.name, actor)
        try:
            await trail.start(_described(plan, found))
        except NotLive as not_live:
            return Result(
                order=HEAL.name,
                phase=_phase(not_live.fault),
                text=f"nothing was changed, the audit row could not be written: {not_live.fault.sentence()}",
                run=trail.run,
                planned=plan.rows,
            )
        tally = _Tally(planned=plan.rows, go_on=go_on)
        for step in plan.steps:
            if tally.halted():
                break
            before = tally.changed
            try:
                await self._carry_out(step, found, trail.run, tally, progress)
            except NotLive as not_live:
                tally.fail(step, not_live)
            tally.by_step[step.title.lower()] = tally.changed - before
        whole = tally.whole
        audited = await trail.end(tally.described(), completed=whole)
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

    async def _carry_out(
        self, step: PlanStep, found: Findings, run: str, tally: "_Tally", progress: Progress | None
    ) -> None:
        def tell(done: int) -> None:
            if progress is not None:
                progress(step.title, done, step.count)

        match step.name:
            case "config_row":
                await self._create_config(tally)
            case "stuck_tasks":
                await self._fail_stuck(found, run, tally, tell)
            case "dry_run":
                await self._dry_run(found, tally)
            case "old_logs":
                await self._delete_logs(step, found, tally, tell)
            case _:
                raise AssertionError(step.name)

    async def _create_config(self, tally: "_Tally") -> None:
        documented = self._means.commands.schema.shape is Shape.DOCUMENTED
        ours = uuid.uuid5(uuid.NAMESPACE_URL, f"{self._target.url}#watchdesk-config")
        config_id: str | int = 1 if documented else str(ours)
        try:
            await self._means.write("db:create_config", lambda: self._means.commands.create_config(config_id))
        except NotLive as not_live:
            if not_live.fault.kind != "duplicate":
                raise
            tally.skipped += 1
            return
        tally.changed += await self._means.live.config() is not None

    async def _fail_stuck(self, found: Findings, run: str, tally: "_Tally", tell: Callable[[int], None]) -> None:
        marker = f"watchdesk:stuck:{run}"
        done = 0
        # Tasks of one estimate share a cut-off, so that one statement can repeat the condition for all of them.
        for limit, group in _by_cutoff(found, self._stuck):
            for start in range(0, len(group), BATCH):
                if tally.halted():
                    return
                ids = tuple(task.id for task in group[start : start + BATCH])
                changed = await self._fail_batch(ids, limit, marker)
                missed = tuple(i for i in ids if i not in changed)
                refused = await self._still_running(missed)
                tally.changed += len(changed)
                tally.refused += refused
                tally.skipped += len(missed) - refused
                done += len(ids)
                tell(done)

    async def _fail_batch(self, ids: tuple[str, ...], limit: datetime, marker: str) -> tuple[str, ...]:
        at = self._means.clock.now()
        text = f"{marker}: no sign of life past its time"
        try:
            return await self._means.write(
                "db:fail_stuck",
                lambda: self._means.commands.fail_stuck(ids, began_before=limit, at=at, error=text),
            )
        except NotLive as not_live:
            if not lost(not_live):
                raise
            return await self._means.live.marked_among(ids, "failed", marker)

    async def _still_running(self, ids: tuple[str, ...]) -> int:
        """How many of `ids` are unchanged although they could have been: the write was not allowed to us."""
        if not ids:
            return 0
        now_overdue = {task.id for task in (await find_overdue(self._means.live, self._now(), self._stuck)).stuck}
        return sum(1 for i in ids if i in now_overdue)

    async def _dry_run(self, found: Findings, tally: "_Tally") -> None:
        config = found.config
        if config is None:
            return
        await self._means.write(
            "db:set_dry_run", lambda: self._means.commands.set_dry_run(config.id, on=True, at=self._means.clock.now())
        )
        seen = await self._means.live.config()
        if seen is not None and seen.dry_run:
            tally.changed += 1
        else:
            tally.refused += 1

    async def _delete_logs(self, step: PlanStep, found: Findings, tally: "_Tally", tell: Callable[[int], None]) -> None:
        done = 0
        while done < step.count and not tally.halted():
            ids = await self._means.live.old_logs(found.logs_before, min(BATCH, step.count - done))
            if not ids:
                tally.skipped += step.count - done
                return
            gone = await self._means.write(
                "db:delete_old_logs",
                lambda ids=ids: self._means.commands.delete_logs(ids, before=found.logs_before),  # type: ignore[misc]  # bound now
            )
            if not gone:
                tally.refused += step.count - done
                return
            done += gone
            tally.changed += gone
            tell(done)

    async def _failing(self, now: datetime, *, automatic: bool) -> bool:
        live, rules = self._means.live, self._rules
        since = now - timedelta(hours=rules.window_h)
        if automatic:
            lifted = await live.last_lift_at()
            since = max(since, lifted) if lifted is not None else since
            failed_at = await live.last_failed_at()
            if failed_at is None or now - failed_at > timedelta(seconds=rules.recent_failure_s):
                return False
        rate = await live.success_rate(since, now, without_ours=automatic)
        failed = rate.failed_percent
        return failed is not None and rate.finished >= rules.few_finished and failed > rules.dry_run_above_percent

    async def _absence_proven(self) -> bool:
        if self._target.kind is KeyKind.SECRET and not self._target.signs_in:
            return True
        try:
            return await self._means.live.config_absent()
        except NotLive:
            return False

    def _now(self) -> datetime:
        return self._means.clock.now()


class _Tally:
    """What a heal has done so far."""

    def __init__(self, planned: int, go_on: Callable[[], bool]) -> None:
        self.planned = planned
        self._go_on = go_on
        self._halted = False
        self.changed = self.skipped = self.refused = 0
        self.by_step: dict[str, int] = {}
        self.faults: list[tuple[str, Fault]] = []

    @property
    def whole(self) -> bool:
        """Whether nothing was refused, nothing failed, and nobody said stop."""
        return not self.refused and not self.faults and not self._halted

    def halted(self) -> bool:
        """Whether it may not go on. Once that was so it stays so."""
        self._halted = self._halted or not self._go_on()
        return self._halted

    def fail(self, step: PlanStep, error: NotLive) -> None:
        """Note a step that could not be carried out."""
        self.faults.append((step.title, error.fault))

    def phase(self) -> Phase:
        """The worst thing that happened, or that all was seen."""
        if self.whole:
            return Phase.SEEN
        if self.changed:
            return Phase.PARTLY
        return _phase(self.faults[0][1]) if self.faults else Phase.REFUSED

    def text(self) -> str:
        """One line for people."""
        parts = ", ".join(f"{title} {count:,}" for title, count in self.by_step.items())
        line = f"{self.changed:,} changed ({parts}), {self.skipped:,} skipped, {self.refused:,} refused"
        if self.refused:
            line += "; refused rows are not ours to change: sign in as the master account or use a secret key"
        if self._halted:
            line += "; halted: the lease is no longer ours"
        return line + "".join(f"; {title}: {fault.sentence()}" for title, fault in self.faults)

    def described(self) -> dict[str, Any]:
        """For the audit row."""
        return {
            "planned": self.planned,
            "changed": self.changed,
            "skipped": self.skipped,
            "refused": self.refused,
            "text": self.text(),
        }


def _phase(fault: Fault) -> Phase:
    return Phase.REFUSED if fault.evidence.value == "alive" else Phase.UNREACHABLE


def _stuck_step(stuck: tuple[Task, ...], now: datetime, *, logs_visible: bool) -> PlanStep:
    began = stuck[0].began_at
    longest = f", the longest for {short(now - began)}" if began is not None else ""
    unsure = "" if logs_visible else "; no logs are visible to us, so their silence proves nothing"
    return PlanStep(
        name=STUCK,
        title="Stuck tasks",
        effect=f"mark {plural(len(stuck), 'task')} as failed{longest}{unsure}",
        count=len(stuck),
        ids=tuple(task.id for task in stuck),
    )


def _described(plan: HealPlan, found: Findings) -> dict[str, Any]:
    """The plan for the audit row, with what an undo will need."""
    undo = [
        {"id": task.id, "status": task.status, "started_at": task.started_at and task.started_at.isoformat()}
        for task in found.stuck[:1000]
    ]
    return {"steps": [{"name": s.name, "count": s.count} for s in plan.steps], "undo": undo}


def _by_cutoff(found: Findings, rules: StuckRules) -> list[tuple[datetime, tuple[Task, ...]]]:
    groups: dict[datetime, list[Task]] = {}
    for task in found.stuck:
        groups.setdefault(cutoff(task, found.now, rules), []).append(task)
    return [(limit, tuple(tasks)) for limit, tasks in groups.items()]
