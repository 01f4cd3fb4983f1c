"""The inbox: tasks that wait for a review, the oldest first, with what a reviewer decides by."""

from collections.abc import Sequence

from core.actions.approve import APPROVE
from core.actions.reject import REJECT
from core.base.text import plural
from core.domain.queries import Table
from core.domain.records import ChosenTask
from core.domain.snapshot import LinkWord, Snapshot
from tui.lists.listed import list_key
from tui.lists.served import Known
from tui.lists.tasks import TaskList
from tui.panels.row_list import Column, Row
from tui.rendering.text import Line

_WAITS = "awaiting_review"
_RISK_ROLE = {"high": "critical", "medium": "warning", "low": "text"}


class InboxList(TaskList):
    """What somebody must approve or reject before an agent touches it. A row opens as any other task."""

    NAME = "inbox"
    KEY = list_key("inbox", "i", "inbox", "inbox: tasks that wait for a review, to approve or reject", 9)
    TITLE = "Inbox"
    TABLE = Table.INBOX
    RETRIES = GROUPED = False
    PREVIEWED = True
    MANY = ACTS = (APPROVE, REJECT)
    HINT = "type:bug_fix  risk:high  age:>1h"
    EMPTY = "no task waiting for review is visible to this account"
    COLUMNS = (
        Column(title="waits", name="age", width=7, right=True, moment=True),
        Column(title="risk", width=7),
        Column(title="fails", name="fails", width=5, right=True, drops=1),
        Column(title="lvl", name="level", width=4, right=True, drops=4),
        Column(title="pri", name="priority", width=4, right=True, drops=5),
        Column(title="type", width=24, drops=2),
        Column(title="files", width=5, right=True, drops=3),
        Column(title="est", name="estimate", width=7, right=True, drops=6),
        Column(title="description"),
        Column(title="id", width=8, drops=7),
    )

    def known(self, snapshot: Snapshot) -> Known:
        """Return what waits as it was last known while nothing can be read: else it lacks what a reviewer needs."""
        newest = snapshot.tasks.newest
        if snapshot.link.word is LinkWord.LIVE or newest.live:
            return Known()
        known = {task.id: task for task in (*(newest.value or ()), *snapshot.tasks.urgent) if task.state == _WAITS}
        waiting = sorted(known.values(), key=lambda task: task.created_at or snapshot.at)
        return Known([ChosenTask(task=task, digest="") for task in waiting], newest.at)

    def row(self, record: ChosenTask, snapshot: Snapshot, *, live: bool) -> Row:  # type: ignore[override]  # its table's rows
        """Return one task in review as a row."""
        task = record.task
        risk = _RISK_ROLE.get(task.risk_level, "critical" if record.risky else "text")
        return Row(
            key=record.id,
            cells=(
                (task.created_at, "text" if live else "dim"),
                (task.risk_level or self._signs.none, risk if live else "dim"),
                (
                    _fails(record, self._signs.none),
                    "critical" if record.failed_checks and live else "dim",
                ),
                (f"{record.level or ''}", "dim"),
                ("" if task.priority is None else f"{task.priority}", "dim"),
                (task.task_type, "dim"),
                (f"{record.file_count:,}" if record.file_count else "", "dim"),
                ("" if task.estimated_minutes is None else f"{task.estimated_minutes:,} min", "dim"),
                (task.description, "text" if live else "dim"),
                (task.id[:8], "dim"),
            ),
        )

    def preview(self, record: ChosenTask) -> Sequence[Line]:
        """Return its description in full, what it is about, and how many safety checks it fails."""
        head, description, *facts = record.lines
        return [((description, "strong"),), *(((one, "text"),) for one in facts), _failing(record), ((head, "dim"),)]


def _failing(record: ChosenTask) -> Line:
    many = record.failed_checks
    if many is None:
        return (("safety checks not known", "dim"),)
    return ((f"fails {plural(many, 'safety check')}", "critical"),) if many else (("fails no safety check", "dim"),)


def _fails(record: ChosenTask, unknown: str) -> str:
    checks = record.failed_checks
    return unknown if checks is None else f"{checks:,}" if checks else ""
