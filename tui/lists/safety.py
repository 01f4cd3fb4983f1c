"""The list of the agents' safety checks: those of a task (deployed shape), or those that exist (documented shape)."""

from core.actions.safety_check import DISABLE_CHECK, ENABLE_CHECK
from core.domain.actions import Action
from core.domain.queries import Table
from core.domain.records import SafetyCheck
from core.domain.snapshot import Snapshot
from tui.actions.choice import Choice, Choices, Go
from tui.lists.listed import list_key
from tui.lists.served import Document, Served, columns_of, odd_lines
from tui.panels.row_list import Column, Row

_ROLE = {"passed": "ok", "failed": "critical", "disabled": "warning"}


class SafetyList(Served):
    """The table of safety checks, in either shape."""

    NAME = "safety"
    KEY = list_key("safety", "s", "safety", "safety checks of the agents", 18)
    TITLE = "Safety checks"
    TABLE = Table.SAFETY
    HINT = "status:failed  check:type  task:ID"
    SWITCHED = True
    EMPTY = "no safety check is visible to this account"
    COLUMNS = (
        Column(title="verdict", width=9),
        Column(title="age", width=7, right=True, moment=True),
        Column(title="check", width=28),
        Column(title="blocking", width=8, drops=2),
        Column(title="what it says", name="text"),
        Column(title="task", width=8, drops=3),
    )

    def row(self, record: SafetyCheck, snapshot: Snapshot, *, live: bool) -> Row:
        """Return one check as a row."""
        blocks = {True: "blocks", False: "warns", None: ""}[record.blocking]
        return Row(
            key=record.id,
            cells=(
                (record.verdict, _ROLE.get(record.verdict, "text") if live else "dim"),
                (record.at, "dim"),
                (record.check_type, "text" if live else "dim"),
                (blocks if record.verdict != "passed" else "", "dim"),
                (record.text or record.name, "dim"),
                ((record.task_id or "")[:8], "dim"),
            ),
        )

    def switch(self, record: SafetyCheck) -> Action | None:
        """Return what enables or disables a check; `None` for the result of one, which is no setting."""
        if record.verdict in {"passed", "failed"} or record.task_id:
            return None
        return DISABLE_CHECK if record.verdict == "enabled" else ENABLE_CHECK

    async def read(self, key: str) -> Document | None:
        """Read every column; `None` when the row no longer exists. Raises NotLive."""
        found = await self._ui.monitor.safety_detail(key)
        if found is None:
            return None
        check = found.check
        head = (
            (check.verdict, _ROLE.get(check.verdict, "text")),
            (f"  {check.check_type} {check.name}".rstrip(), "strong"),
        )
        choices: Choices = ((Choice(Go.TASK, check.task_id), "show its task"),) if check.task_id else ()
        if (switch := self.switch(check)) is not None:
            choices = ((Choice(switch, check.id), f"{switch.verb.lower()} it …"),)
        return Document(
            heading=f"Safety check {key}",
            lines=(head, *odd_lines(check.odd), (), *columns_of(found.row)),
            choices=choices,
        )
