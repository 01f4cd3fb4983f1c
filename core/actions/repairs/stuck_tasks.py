"""Repair of stuck tasks: marked as failed, each only if it is unchanged since the plan."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from core.actions.batches import requeue
from core.actions.repairs.repair import Proposal, Repair, Survey
from core.actions.run import Run
from core.backend.writes.rows import BATCH
from core.base.text import in_steps, plural
from core.domain.markers import STUCK, Markers
from core.domain.plans import PlanStep
from core.domain.records import Task
from core.domain.stuck import cutoff


class StuckTasks(Repair):
    """Fails stuck tasks. The write repeats status and time, so that a finished or reclaimed task is untouched."""

    name = "stuck_tasks"
    option = "stuck"
    done = "stuck tasks marked as failed"
    automatic = True
    undo_option = "tasks"

    async def plan(self, survey: Survey) -> Proposal:
        """Plan to fail stuck tasks; slow ones are reported and left alone."""
        notes = []
        if survey.overdue.slow:
            slow = plural(len(survey.overdue.slow), "slow task")
            notes.append(f"overdue but still writing logs: {slow}, left alone")
        unproven = survey.overdue.unproven
        if unproven and survey.automatic:
            silent = plural(len(unproven), "task")
            notes.append(
                f"the logs of {silent} are not visible to this account, so it cannot tell whether they are stuck: left"
                " alone"
            )
        spared = sum(task.id in survey.spared for task in survey.overdue.stuck)
        if spared:
            notes.append(f"{plural(spared, 'task')} restored by an operator: left alone")
        stuck = survey.stuck
        if survey.chosen and survey.overdue_fault is None:
            others = len(survey.offered) - len(stuck)
            notes += [f"{plural(others, 'other stuck task')}: left alone, not chosen"] if others else []
            gone = len(survey.chosen) - len(stuck)
            notes += [f"{plural(gone, 'chosen task')} not stuck: left alone"] if gone else []
        if not stuck:
            return Proposal(notes=tuple(notes))
        began = stuck[0].began_at
        longest = f", the longest for {in_steps(survey.now - began)}" if began is not None else ""
        whose = "" if len(unproven) == len(stuck) else f" of {len(unproven):,}"
        unsure = f"; the logs{whose} are not visible to this account: they may still be working" if unproven else ""
        step = PlanStep(
            name=self.name,
            title="Stuck tasks",
            effect=f"mark {plural(len(stuck), 'task')} as failed{longest}{unsure}",
            count=len(stuck),
            ids=tuple(task.id for task in stuck),
            done=self.done,
        )
        return Proposal(step=step, notes=tuple(notes))

    async def apply(self, step: PlanStep, survey: Survey, run: Run, tell: Callable[[int], None]) -> None:
        """Fail them batch by batch. Tasks of one estimate share a cut-off, which one statement repeats for all."""
        reads, writes = self._context.reads, self._context.writes
        marks = _marks(run.id)
        text = f"{marks.begins[0]}: by {run.by}, no sign of life past its time"
        done = 0
        for limit, group in self._by_cutoff(survey, min(survey.now, run.now())):
            send = partial(writes.tasks.fail_stuck, began_before=limit, error=text)

            async def changed(ids: tuple[str, ...]) -> tuple[str, ...]:
                return await reads.task_ids.marked_among(ids, "failed", marks)

            async def left(ids: tuple[str, ...], limit: datetime = limit) -> int:
                # Still running as before: the write was not allowed to us, and said so by changing nothing.
                return await reads.task_ids.count_unchanged(ids, limit)

            for start in range(0, len(group), BATCH):
                if run.halted():
                    return
                ids = group[start : start + BATCH]
                run.count(ids, await run.change("db:fail_stuck", ids, send=send, changed=changed, left=left))
                done += len(ids)
                tell(done)

    async def undo_step(self, run: str) -> PlanStep | None:
        """Plan to requeue the tasks that still carry the heal's mark."""
        marks = _marks(run)
        tasks = await self._context.reads.task_ids.count_marked(marks, "failed")
        if not tasks:
            return None
        return PlanStep(name=self.name, title=plural(tasks, "task"), effect="back to in progress", count=tasks)

    async def undo(self, healed: str, run: Run) -> None:
        """Put the tasks back to in progress, each only if its mark still stands."""
        await requeue(run, _marks(healed), from_status="failed", to_status="in_progress", title="Healed tasks")

    def _by_cutoff(self, survey: Survey, now: datetime) -> list[tuple[datetime, tuple[str, ...]]]:
        """Return the tasks by their cut-off at `now`, the database's time: the plan's clock may have been ahead."""
        groups: dict[datetime, list[Task]] = {}
        for task in survey.stuck:
            groups.setdefault(cutoff(task, now, self._settings.stuck), []).append(task)
        return [(limit, tuple(task.id for task in tasks)) for limit, tasks in groups.items()]


def _marks(run: str) -> Markers:
    return Markers(begins=(f"{STUCK}{run}",))
