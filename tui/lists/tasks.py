"""The list of tasks, sorted and filtered by the server; one task with its logs and safety checks."""

from typing import ClassVar, NamedTuple

from core.actions.cancel import CANCEL
from core.base.text import short
from core.domain.actions import Action
from core.domain.queries import Filter, ListedRow, Listing, Page, Table
from core.domain.records import LogEntry, SafetyCheck, Task
from core.domain.safety_checks import failed_in_words, failing, failing_first
from core.domain.snapshot import Snapshot
from core.resilience import NotLive
from tui.actions.choice import Choice, Go
from tui.actions.tasks import ON_MANY, task_choices
from tui.lists.listed import list_key, when
from tui.lists.served import Document, Known, Served, columns_of, heading, odd_lines, part
from tui.panels.row_list import Column, Row
from tui.panels.tasks import STUCK, TASK_ROLE, UNPROVEN
from tui.rendering.text import Line, age

_BESIDE = 50
"""The most log rows, and safety checks, that are listed below a task."""

_AT_TOP = frozenset({"id", "status", "description", "error_message", "error"})


class TaskList(Served):
    """The task table."""

    NAME = "tasks"
    KEY = list_key("tasks", "t,2", "tasks", "tasks: the full list", 8)
    TITLE = "Tasks"
    TABLE = Table.TASKS
    RETRIES = GROUPED = True
    MANY: ClassVar[tuple[Action, ...]] = ON_MANY
    ACTS: ClassVar[tuple[Action, ...]] = (CANCEL,)
    HINT = "status:failed  -type:bug_fix  error:timeout  since:2h  who:agent-1"
    EMPTY = "no task is visible to this account"
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column(title="status", width=15),
        Column(title="created", name="age", width=7, right=True, moment=True),
        Column(title="ended", width=7, right=True, drops=1, moment=True),
        Column(title="pri", name="priority", width=4, right=True, drops=4),
        Column(title="type", width=22, drops=3),
        Column(title="description"),
        Column(title="took", width=8, right=True, drops=5),
        Column(title="assigned to", name="who", width=14, drops=6),
        Column(title="id", width=8, drops=7),
    )

    def known(self, snapshot: Snapshot) -> Known:
        """Return the newest tasks."""
        newest = snapshot.tasks.newest
        return Known(newest.value or (), newest.at)

    def row(self, record: Task, snapshot: Snapshot, *, live: bool) -> Row:
        """Return one task as a row; a stuck one has that word as its status."""
        word = _stuck(record, snapshot) if record.status == "in_progress" else ""
        role = ("warning" if word else TASK_ROLE.get(record.status, "text")) if live else "dim"
        return Row(
            key=record.id,
            cells=(
                (word or record.state.replace("_", " "), role),
                (record.created_at, "dim"),
                (record.ended_at, "dim"),
                ("" if record.priority is None else f"{record.priority}", "dim"),
                (record.task_type, "dim"),
                (record.told, "text" if live else "dim"),
                (_took(record, snapshot), "dim"),
                (record.assigned_to, "dim"),
                (record.id[:8], "dim"),
            ),
        )

    async def read(self, key: str) -> Document | None:
        """Read the task, its log rows and its safety checks; `None` when it no longer exists. Raises NotLive."""
        monitor = self._ui.monitor
        found = await monitor.task_detail(key)
        if found is None:
            return None
        of_task = Filter(task=key)
        snapshot = self._ui.shown
        task = found.task
        at, word = task.since
        since = f"  {word} {when(at, snapshot.at)}" if at is not None else ""
        lines: list[Line] = [
            ((task.state.replace("_", " "), TASK_ROLE.get(task.status, "text")), (f"  {task.task_type}{since}", "dim")),
            ((task.description, "strong"),),
        ]
        if task.error:
            lines.append(((task.error, "warning"),))
        checks = await self._checks(of_task, snapshot)
        lines += [((checks.failed, "critical"),)] if checks.failed else []
        lines += odd_lines(task.odd)
        logs, why = await self._of_task(Table.LOGS, of_task)
        entries = [_log(entry, snapshot) for entry in logs.rows if isinstance(entry, LogEntry)]
        lines += part("Logs", logs, entries, why or "no log row of this task")
        lines += checks.lines
        lines += [(), heading("All columns"), *columns_of(found.row, but=_AT_TOP if not _long(task) else frozenset())]
        rows = (Choice(Go.LOGS_OF, key), "list its log rows")
        return Document(heading=f"Task {key}", lines=tuple(lines), choices=(*task_choices(task), rows))

    async def _checks(self, of_task: Filter, snapshot: Snapshot) -> "_Checks":
        page, why = await self._of_task(Table.SAFETY, of_task)
        checks = [one for one in page.rows if isinstance(one, SafetyCheck)]
        lines = [check_line(one, snapshot) for one in failing_first(checks)]
        return _Checks(failed_in_words(failing(checks)), part("Safety checks", page, lines, why or "none of this task"))

    async def _of_task(self, table: Table, of_task: Filter) -> tuple[Page[ListedRow], str]:
        """Return its newest rows of a table, and why none can be read: no condition for anything else."""
        try:
            return await self._ui.monitor.page(Listing(table=table, filter=of_task), 0, _BESIDE), ""
        except NotLive as not_live:
            fault = not_live.fault  # where they belong to no task there is nothing the operator could do about it
            why = fault.message if fault.kind == "filter" else fault.sentence()
            return Page(rows=(), offset=0, more=False), why


class _Checks(NamedTuple):
    """The safety checks of a task: which it fails, in words, and all of them in lines."""

    failed: str
    lines: list[Line]


def check_line(check: SafetyCheck, snapshot: Snapshot) -> Line:
    """Return a safety check in one line."""
    role = {"passed": "ok", "failed": "critical"}.get(check.verdict, "text")
    return (
        (f"  {check.verdict:<9}", role),
        (f"{age(check.at, snapshot.at):>7}  ", "dim"),
        (f"{check.check_type} {check.name}".strip(), "text"),
        (f"  {check.text}" if check.text else "", "dim"),
    )


def _log(entry: LogEntry, snapshot: Snapshot) -> Line:
    took = "" if entry.duration_ms is None else f" {entry.duration_ms:,} ms"
    return (
        (f"  {entry.status:<10}", "critical" if entry.status == "failed" else "text"),
        (f"{age(entry.at, snapshot.at):>7}  ", "dim"),
        (entry.step, "text"),
        (took, "dim"),
        (f"  {entry.told}" if entry.told else "", "dim"),
    )


def _took(task: Task, snapshot: Snapshot) -> str:
    if task.started_at is None:
        return ""
    ended = task.ended_at or (snapshot.at if task.status == "in_progress" else None)
    return "" if ended is None else short(ended - task.started_at)


def _long(task: Task) -> bool:
    """Return whether the record has a cut text, so that the columns must show it in full."""
    return task.description.endswith("…") or task.error.endswith("…")


def _stuck(task: Task, snapshot: Snapshot) -> str:
    """Return the word for a stuck task, proven or not; empty for any other."""
    return STUCK if task.id in snapshot.tasks.stuck else UNPROVEN if task.id in snapshot.tasks.unproven else ""
