"""The tasks panel: the count of each status, the success rate, the age of the last completion, and the newest tasks."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from rich.cells import cell_len

from core.base.text import amount
from core.domain.newest_known import is_older, lags
from core.domain.records import Task
from core.domain.snapshot import Snapshot
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.table import TableColumn, table
from tui.rendering.text import CLOCK_CELLS, Line, Span, age, ago, bar, clock_time, oldness, origin, plain, told_age
from tui.rendering.waiting import oldest_pending

_SHOWN = ("pending", "in_progress", "failed", "completed", "awaiting_review", "rejected")
"""The statuses in order; a narrow screen drops the last ones first."""
TASK_ROLE = {"completed": "dim", "failed": "critical", "in_progress": "running", "rejected": "critical"}

_WIDE: Final = 60
"""Cells from which on there is room for more than the least."""

_WITH_IDS: Final = 84
"""Cells from which on there is room for ids."""

_SMALL: Final = 14
_PROGRESS_CELLS: Final = 8
_LATELY: Final = timedelta(hours=1)
_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)
_ABOVE: Final = 2
"""The lines above the table: counts and rates."""
_FAILED_SHARE: Final = 3
"""What failed takes at most one of so many rows while others that are not over would have none."""
_ORDER: Final = {"in_progress": 3, "awaiting_review": 4, "pending": 5}

_COLUMNS: Final = (
    TableColumn(title="state", least=11, most=15),
    TableColumn(title="age", least=6, most=CLOCK_CELLS, right=True),
    TableColumn(title="id", most=8, drops=3),
    TableColumn(title="type", most=16, roomy=24, drops=2, narrow=9),
    TableColumn(title="description"),
    TableColumn(title="progress", most=9, drops=1),
    TableColumn(title="who", most=14, drops=4),
)

_COLUMNS_OF_TIMES: Final = tuple(
    msgspec.structs.replace(one, title="time") if one.title == "age" else one for one in _COLUMNS
)

STUCK = "STUCK"
UNPROVEN = "STUCK?"
"""Possibly stuck: past its time, and no log row of it is visible to this account."""


class TasksPanel(Panel):
    """A summary of the task table."""

    NAME = OPENS = "tasks"
    STEADY = True
    COLUMN, RANK, FILLS, GREEDY = DashboardColumn.LEFT, 70, 65, True
    TITLE = "Tasks"

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for counts, rates and a few rows at least, and for all free room."""
        return Wish(6 if height >= _SMALL else 3, height)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the age of the rows where they are not live, and of the counts where that is another.

        And how many tasks have no row.
        """
        more = left_out(snapshot, rows_within(self.size.height - 1)) if self.size.height else ""
        counts, rows = snapshot.tasks.counts, snapshot.tasks.newest
        cut_off = rows if rows.at is not None and not rows.live else None
        counted = oldness(counts.at, snapshot.at) if counts.at is not None else ""
        apart = cut_off is not None and not counts.live and counted != oldness(cut_off.at, snapshot.at)
        apart = (
            apart or (cut_off is not None and is_older(counts, cut_off)) or lags(counts, snapshot.tasks, snapshot.at)
        )
        slow = f" counts {counted}" if apart and counted else ""
        told = origin(cut_off or counts, snapshot.at)
        return ((self.TITLE, "title"), (told, "warning"), (f"{slow}{more}", "dim"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return counts, rates, then tasks: stuck ones first."""
        tasks = snapshot.tasks
        live = tasks.counts.live
        lines: list[Line] = self._summary(snapshot, width, live=live)
        newest = tasks.newest.value
        if newest is None:
            fault = tasks.newest.fault
            return [*lines, ((fault.sentence() if fault else "nothing read yet", "dim"),)]
        if not newest:
            return [*lines, (("no tasks are visible to this account", "dim"),)]
        newest = (*newest, *_older(snapshot))
        said = dict.fromkeys(tasks.unproven, UNPROVEN) | dict.fromkeys(tasks.stuck, STUCK)  # as of the last check
        words = {task.id: said[task.id] for task in newest if task.id in said and task.status == "in_progress"}
        live = tasks.newest.live
        known_at = tasks.newest.at or snapshot.at  # what runs since is not known
        order = urgent_first(newest, words, known_at, rows_within(height))
        rows = [self._row(task, snapshot, width, known_at, live=live, stuck=words.get(task.id, "")) for task in order]
        headed, steady = len(rows) + _ABOVE < height, self._widths.at(snapshot.at, width)
        columns = _COLUMNS_OF_TIMES if self.times else _COLUMNS
        return lines + table(columns, rows, width, headed=headed, steady=steady)

    def _summary(self, snapshot: Snapshot, width: int, *, live: bool) -> list[Line]:
        """Return the counts and the rates; one of them tells how many of the completed were only simulated."""
        counts, simulated = self._counts(snapshot, width, live=live), _simulated(snapshot)
        done = next((n for n, (word, _) in enumerate(counts) if word.strip() == "completed"), None)
        if simulated and done is not None:
            role = "warning" if snapshot.tasks.simulated_24h.live else "dim"
            said: Line = ((" completed (", "dim"), (simulated, role), (")  ", "dim"))
            noted = (*counts[:done], *said, *counts[done + 1 :])
            if cell_len(plain(noted).rstrip()) <= width:
                return [noted, self._rates(snapshot, width, "")]
        return [counts, self._rates(snapshot, width, simulated)]

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

    def _rates(self, snapshot: Snapshot, width: int, simulated: str) -> Line:
        rate, last = snapshot.tasks.success_24h, snapshot.tasks.last_completed_at
        percent = rate.value.percent if rate.value is not None else None
        text = (rate.value.shown if rate.value is not None else "") or self._signs.none
        fine = percent is not None and percent >= 95
        role = "dim" if not rate.live or percent is None else "ok" if fine else "warning"
        oldest = oldest_pending(snapshot)
        old = "text" if snapshot.tasks.counts.live else "dim"
        waits: Line = (("  oldest pending ", "dim"), (oldest, old)) if oldest else ()
        apart: Line = ((f"  {simulated}", "warning" if snapshot.tasks.simulated_24h.live else "dim"),)

        def line(told: str, *more: Span, word: str = "last completed") -> Line:
            completed = self._signs.none if last.value is None else told
            return (
                *(("success 24 h ", "dim"), (text, role), told_age(rate, snapshot.at)),
                *((f"  {word} ", "dim"), (completed, "text" if last.live else "dim")),
                *(*(apart if simulated else ()), *more),
            )

        full, brief = ago(last.value, snapshot.at), age(last.value, snapshot.at)
        said = (
            *(line(full, *waits, *self._lately(snapshot)), line(full, *waits), line(brief, *waits)),
            *(line(brief, *waits, word="last done"), line(full), line(brief), line(brief, word="last done")),
        )
        return next((one for one in said if cell_len(plain(one)) <= width), said[-1])

    def _lately(self, snapshot: Snapshot) -> Line:
        """Return what finished within the last quarters of an hour, where that was counted."""
        found = snapshot.throughput.last(_LATELY)
        if found is None:
            return ()
        since, until, completed, failed = found
        return (
            (f"  {since.astimezone():%H:%M} to {until.astimezone():%H:%M} ", "dim"),
            (f"{completed:,} completed", "text"),
            (f", {failed:,} failed", "critical" if failed else "dim"),
        )

    def _row(
        self, task: Task, snapshot: Snapshot, width: int, known_at: datetime, *, live: bool, stuck: str
    ) -> tuple[Span, ...]:
        role = ("warning" if stuck else TASK_ROLE.get(task.status, "text")) if live else "dim"
        at, _ = task.since
        return (
            (stuck or task.state.replace("_", " "), role),
            (clock_time(at, snapshot.at) if self.times else age(at, snapshot.at), "dim"),
            (task.id[:8] if width >= _WITH_IDS else "", "dim"),
            (task.task_type, "dim"),
            (task.told, "text" if live else "dim"),
            self._progress(task, known_at, live=live),
            (task.assigned_to, "dim"),
        )

    def _progress(self, task: Task, known_at: datetime, *, live: bool) -> Span:
        """Return how much of its estimate a running task has used, as a bar; past it how many times that is."""
        share = share_used(task, known_at)
        if share is None:
            return "", "dim"
        if share < 1:
            drawn = bar(int(share * _PROGRESS_CELLS), _PROGRESS_CELLS, _PROGRESS_CELLS, signs=self._signs.bar)
            return drawn, "running" if live else "dim"
        return f"{share:.1f}x over" if share < 10 else "10x over", "warning" if live else "dim"


def _simulated(snapshot: Snapshot) -> str:
    """Return how many tasks dry-run marked completed without doing them; empty where none is known."""
    simulated = snapshot.tasks.simulated_24h.value
    return f"{simulated.count:,} simulated in 24 h" if simulated is not None and simulated.count else ""


def urgent_first(tasks: Sequence[Task], stuck: Collection[str], now: datetime, rows: int) -> list[Task]:
    """Return the tasks for so many rows: stuck, past their estimate, failed lately, running, waiting, the rest.

    Of those that run or wait the oldest come first, of the others what ended last. What failed takes no more than its
    share before them.
    """
    failed = sorted((task for task in tasks if _failed_lately(task, now)), key=_ended, reverse=True)
    lately = [task.id for task in failed]
    first = {*lately[: max(1, rows // _FAILED_SHARE)]}

    def rank(task: Task) -> int:
        if task.id in stuck:
            return 0
        if (share_used(task, now) or 0) >= 1:
            return 1
        if task.id in first:
            return 2
        return _ORDER.get(task.status, 6 if task.id in lately else 7)

    def place(task: Task) -> tuple[int, float]:
        if task.status in _ORDER:
            at, _ = task.since
            return rank(task), at.timestamp() if at is not None else 0.0
        return rank(task), -_ended(task).timestamp()

    return sorted(tasks, key=place)[:rows]


def _older(snapshot: Snapshot) -> list[Task]:
    """Return overdue and urgent tasks that are none of the newest: at most as many as are counted of each status."""
    tasks, newest = snapshot.tasks, snapshot.tasks.newest.value or ()
    shown = Counter(task.status for task in newest)
    older = {task.id: task for task in (*tasks.urgent, *tasks.overdue)}
    for task in newest:
        older.pop(task.id, None)
    found = list[Task]()
    for task in older.values():
        shown[task.status] += 1
        if tasks.counts.value is not None and shown[task.status] <= tasks.counts.value.of(task.status):
            found.append(task)
    return found


def rows_within(height: int) -> int:
    """Return how many tasks have a row in so many lines; of a single one the headings would be half."""
    room = max(0, height - _ABOVE)
    return room if room < 2 else room - 1


def _failed_lately(task: Task, now: datetime) -> bool:
    ended, _ = task.since
    return task.status == "failed" and ended is not None and now - ended <= _LATELY


def _ended(task: Task) -> datetime:
    return task.since[0] or _BEFORE_ALL


def share_used(task: Task, now: datetime) -> float | None:
    """Return which share of its estimate a running task has used; `None` where that is not known."""
    if task.status != "in_progress" or not task.estimated_minutes or task.began_at is None:
        return None
    return (now - task.began_at) / timedelta(minutes=task.estimated_minutes)


def left_out(snapshot: Snapshot, rows: int) -> str:
    """Return how many tasks stand in none of so many rows, and the key that lists them; empty where all do."""
    newest, counts = snapshot.tasks.newest.value, snapshot.tasks.counts.value
    if not newest or counts is None:
        return ""
    more = sum(counts.counts.values()) - min(len(newest) + len(_older(snapshot)), max(0, rows))
    return f", {amount(more, exact=counts.exact)} more in the list (t)" if more > 0 else ""
