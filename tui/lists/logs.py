"""The list of the execution log: by step and status; a row with its JSON formatted."""

from core.base.text import short
from core.domain.queries import Table
from core.domain.records import LogEntry, Task
from core.domain.snapshot import Snapshot
from tui.actions.choice import Choice, Go
from tui.actions.ui import Ui
from tui.lists.listed import list_key
from tui.lists.served import Document, Known, Served, columns_of, odd_lines
from tui.panels.row_list import Column, Row
from tui.rendering.text import written

_SECOND = 1000

LOG_ROLE = {"failed": "critical", "completed": "ok", "skipped": "dim"}


class LogList(Served):
    """Every row of the log."""

    NAME = "logs"
    KEY = list_key("logs", "l", "logs", "logs: the execution log", 9)
    TITLE = "Logs"
    TABLE = Table.LOGS
    HINT = "step:task_started  status:failed  task:ID"
    EMPTY = "no log row is visible to this account"
    COLUMNS = (
        Column(title="status", width=9),
        Column(title="age", width=7, right=True, moment=True),
        Column(title="step", width=26),
        Column(title="took", width=10, right=True, drops=2),
        Column(title="what it says", name="text"),
        Column(title="task", width=8, drops=3),
    )

    def __init__(self, ui: Ui) -> None:
        super().__init__(ui)
        self._newest: tuple[Task, ...] = ()
        self._told: dict[str, str] = {}

    def known(self, snapshot: Snapshot) -> Known:
        """Return the newest rows of the log."""
        return Known(snapshot.logs.value or (), snapshot.logs.at)

    def row(self, record: LogEntry, snapshot: Snapshot, *, live: bool) -> Row:
        """Return one row of the log."""
        took = "" if record.duration_ms is None else f"{record.duration_ms:,} ms"
        told = record.told or self._of_task(record, snapshot) or _in_words(record)
        return Row(
            key=record.id,
            cells=(
                (record.status, LOG_ROLE.get(record.status, "text") if live else "dim"),
                (record.happened_at, "dim"),
                (record.step, "text" if live else "dim"),
                (took, "dim"),
                (told + written(record.written_at, snapshot.at), "text" if live else "dim"),
                ((record.task_id or "")[:8], "dim"),
            ),
        )

    def _of_task(self, record: LogEntry, snapshot: Snapshot) -> str:
        """Return what the task of a row is about, where it is one of the newest; else empty."""
        newest = snapshot.tasks.newest.value or ()
        if newest is not self._newest:
            self._newest, self._told = newest, {task.id: f"{task.task_type}: {task.description}" for task in newest}
        return self._told.get(record.task_id or "", "")

    async def read(self, key: str) -> Document | None:
        """Read every column, with JSON formatted; `None` when the row no longer exists. Raises NotLive."""
        found = await self._ui.monitor.log_detail(key)
        if found is None:
            return None
        entry = found.entry
        head = ((entry.status, LOG_ROLE.get(entry.status, "text")), (f"  {entry.step}", "strong"))
        lines = [head, *odd_lines(entry.odd), ()]
        choices = ((Choice(Go.TASK, entry.task_id), "show its task"),) if entry.task_id else ()
        return Document(heading=f"Log row {key}", lines=(*lines, *columns_of(found.row)), choices=choices)


def _in_words(record: LogEntry) -> str:
    """Return a row that has no words of its own by its columns: the step, its status, how long it took."""
    step, ms = record.step.replace("_", " "), record.duration_ms
    status = "" if record.status in step else f" {record.status}"
    return f"{step}{status}" + ("" if ms is None else f" in {ms} ms" if ms < _SECOND else f" in {short(ms / _SECOND)}")
