"""The audit trail: every action in the project's log, with its operator, host, reason and result."""

from core.actions.undo import UNDO
from core.domain.actions import label
from core.domain.log_steps import AUDIT
from core.domain.queries import Table
from core.domain.records import LogEntry
from core.domain.snapshot import Snapshot
from tui.actions.choice import Choice
from tui.actions.runs import undoable
from tui.lists.listed import list_key
from tui.lists.logs import LOG_ROLE
from tui.lists.served import Document, Known, Served, columns_of
from tui.panels.row_list import Column, Row
from tui.rendering.text import written


class AuditList(Served):
    """Two rows per action: its start, and its end."""

    NAME = "trail"
    KEY = list_key("trail", "8", "trail", "audit trail: every action in the project's log")
    TITLE = "Audit trail"
    TABLE = Table.ORDERS
    HINT = "action:heal  status:failed"
    EMPTY = "no action is visible to this account"
    COLUMNS = (
        Column(title="status", width=9),
        Column(title="age", width=7, right=True, moment=True),
        Column(title="action", width=17),
        Column(title="who", width=18, drops=2),
        Column(title="result", name="text"),
        Column(title="took", width=10, right=True, drops=3),
    )

    def known(self, snapshot: Snapshot) -> Known:
        """Return the actions among the newest log rows."""
        told = snapshot.logs.value or ()
        return Known([entry for entry in told if entry.step == AUDIT], snapshot.logs.at)

    def row(self, record: LogEntry, snapshot: Snapshot, *, live: bool) -> Row:
        """Return one row of the log as a row of the list."""
        took = "" if record.duration_ms is None else f"{record.duration_ms:,} ms"
        return Row(
            key=record.id,
            cells=(
                (record.status, LOG_ROLE.get(record.status, "text") if live else "dim"),
                (record.happened_at, "dim"),
                (label(record.order), "text" if live else "dim"),
                (record.actor, "dim"),
                (record.told + written(record.written_at, snapshot.at), "text" if live else "dim"),
                (took, "dim"),
            ),
        )

    async def read(self, key: str) -> Document | None:
        """Read the row in full: plan, reason, counts, ids; `None` when it no longer exists. Raises NotLive."""
        found = await self._ui.monitor.log_detail(key)
        if found is None:
            return None
        entry = found.entry
        order = label(entry.order)
        lines = [
            ((entry.status, LOG_ROLE.get(entry.status, "text")), (f"  {order}", "strong"), (f"  {entry.actor}", "dim"))
        ]
        undo = (Choice(UNDO, entry.run), "undo: revert what has not been changed since …")
        choices = (undo,) if entry.run and undoable(entry) else ()
        return Document(
            heading=f"Action {entry.run or key}", lines=(*lines, (), *columns_of(found.row)), choices=choices
        )
