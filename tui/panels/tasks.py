"""The tasks panel: the count of each status, the success rate, the age of the last completion, and the newest tasks."""

from datetime import datetime
from typing import Final

from core.domain.records import Task
from core.domain.snapshot import Snapshot
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.text import CLOCK_CELLS, Line, age, ago, clock_time, origin

_SHOWN = ("pending", "in_progress", "failed", "completed", "awaiting_review", "rejected")
"""The statuses in order; a narrow screen drops the last ones first."""
TASK_ROLE = {"completed": "ok", "failed": "critical", "in_progress": "warning", "rejected": "critical"}

_WIDE: Final = 60
"""Cells from which on there is room for more than the least."""

STUCK = "STUCK"
UNPROVEN = "STUCK?"
"""Possibly stuck: past its time, and no log row of it is visible to this account."""


class TasksPanel(Panel):
    """A summary of the task table."""

    NAME = OPENS = "tasks"
    COLUMN, RANK, FILLS, GREEDY = DashboardColumn.LEFT, 50, 10, True
    TITLE = "Tasks"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for counts, rates and a few rows at least, and for all free room."""
        return Wish(5, height)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the age of the counts where they are not live."""
        return ((self.TITLE, "title"), (origin(snapshot.tasks.counts, snapshot.at), "warning"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return counts, rates, then tasks: stuck ones first."""
        tasks = snapshot.tasks
        live = tasks.counts.live
        lines: list[Line] = [self._counts(snapshot, width, live=live), self._rates(snapshot, width)]
        newest = tasks.newest.value
        if newest is None:
            fault = tasks.newest.fault
            return [*lines, ((fault.sentence() if fault else "nothing read yet", "dim"),)]
        if not newest:
            return [*lines, (("no tasks are visible to us", "dim"),)]
        said = dict.fromkeys(tasks.unproven, UNPROVEN) | dict.fromkeys(tasks.stuck, STUCK)  # as of the last check
        words = {task.id: said[task.id] for task in newest if task.id in said and task.status == "in_progress"}
        order = sorted(newest, key=lambda task: task.id not in words)
        live = tasks.newest.live
        return lines + [self._row(task, snapshot, width, live=live, stuck=words.get(task.id, "")) for task in order]

    def _counts(self, snapshot: Snapshot, width: int, *, live: bool) -> Line:
        """Return the counts that fit, never half a number; statuses without a task are dropped first."""
        counts = snapshot.tasks.counts.value
        known = counts.counts if counts is not None else {}
        shown = [status for status in (*_SHOWN, *known) if status in _SHOWN or known.get(status)]
        shown = list(dict.fromkeys(shown))
        number = counts.shown if counts is not None else str
        said = {s: (number(s) if s in known else self._signs.none, f" {s.replace('_', ' ')}  ") for s in shown}
        empty = [status for status in reversed(shown) if not known.get(status)]
        for status in (*empty, *(status for status in reversed(shown) if status not in empty)):
            if sum(len(number) + len(word) for number, word in said.values()) - 2 <= width:
                break
            del said[status]
        return tuple(
            span for number, word in said.values() for span in ((number, "strong" if live else "dim"), (word, "dim"))
        )

    def _rates(self, snapshot: Snapshot, width: int) -> Line:
        rate, last = snapshot.tasks.success_24h, snapshot.tasks.last_completed_at
        percent = rate.value.percent if rate.value is not None else None
        text = (rate.value.shown if rate.value is not None else "") or self._signs.none
        told = (age if width < _WIDE else ago)(last.value, snapshot.at)
        completed = self._signs.none if last.value is None else told
        fine = percent is not None and percent >= 95
        role = "dim" if not rate.live or percent is None else "ok" if fine else "warning"
        return (("success 24 h ", "dim"), (text, role), (origin(rate, snapshot.at), "warning"),
                ("  last completed ", "dim"), (completed, "text" if last.live else "dim"),
                *self._simulated(snapshot))  # fmt: skip

    def _simulated(self, snapshot: Snapshot) -> Line:
        """Return the count of tasks that dry-run marked completed without doing them, if any."""
        simulated = snapshot.tasks.simulated_24h
        if simulated.value is None or not simulated.value.count:
            return ()
        return (("  simulated ", "dim"), (f"{simulated.value.count:,}", "warning" if simulated.live else "dim"))

    def _when(self, at: datetime | None, snapshot: Snapshot, width: int) -> str:
        if self.times and width >= _WIDE:
            return f"{clock_time(at, snapshot.at):>{CLOCK_CELLS}}"
        return f"{age(at, snapshot.at):>6}"

    def _row(self, task: Task, snapshot: Snapshot, width: int, *, live: bool, stuck: str) -> Line:
        role = ("warning" if stuck else TASK_ROLE.get(task.status, "text")) if live else "dim"
        word = stuck or task.state.replace("_", " ")
        at = task.completed_at or task.began_at
        text = task.description + (f" ({task.error})" if task.error else "")
        return (
            (f"{word:<16}", role),
            (f"{self._when(at, snapshot, width)} ", "dim"),
            (f"{task.task_type} " if width >= _WIDE else "", "dim"),
            (text, "text" if live else "dim"),
        )
