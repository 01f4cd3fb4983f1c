"""The list of the checks: the result of each, its duration, and its time."""

from collections.abc import Sequence
from typing import Final

from core.domain.check_rows import CheckRow, check_rows
from core.domain.permission import auto_heal
from core.domain.snapshot import Health, Snapshot
from tui.actions.choice import Choice, Go
from tui.lists.listed import Details, Listed, fields, list_key, when
from tui.panels.health import auto_stop
from tui.panels.row_list import Column, Row
from tui.rendering.text import Line

_COUNTED: Final = frozenset({"database", "failure_rate"})
"""The checks that are counted for an automatic stop."""


class CheckList(Listed):
    """The results of the watchdog's last round of checks."""

    NAME = "checks"
    KEY = list_key("checks", "1", "health", "health: every check in full")
    TITLE = "Health"
    EMPTY = "nothing has been checked yet: press c to check now"
    COLUMNS = (
        Column(title="", width=1),
        Column(title="check", width=14),
        Column(title="verdict", width=8),
        Column(title="took", width=8, right=True),
        Column(title="age", width=7, right=True, moment=True),
        Column(title="what it found"),
    )

    def state(self, snapshot: Snapshot) -> Line:
        """Return the count of critical scheduled checks in a row, and the time of the next one."""
        health = snapshot.health
        told = f" {auto_stop(snapshot)}"
        following = f", next {health.next_at.astimezone():%H:%M:%S}" if health.next_at is not None else ""
        return ((told + following, "warning" if health.critical_in_a_row else "dim"),)

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the checks in order."""
        return [self._row(row) for row in check_rows(snapshot)]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one check in full, and whether the watchdog acts on it by itself."""
        row = next((one for one in check_rows(snapshot) if one.check.name == key), None)
        if row is None:
            return None
        check = row.check
        text = fields(
            ("verdict", check.level),
            ("what it found", row.text),
            ("checked", when(check.at, snapshot.at)),
            ("took", "" if check.took_s is None else f"{1000 * check.took_s:,.0f} ms"),
            ("next check", when(snapshot.health.next_at, snapshot.at)),
            ("auto-stop", _stops(snapshot.health) if check.name in _COUNTED else ""),
            ("auto-heal", auto_heal(snapshot.may_act, snapshot.lease)[0].removeprefix("auto-heal ")),
        )
        keys = {"check": "check now", "heal": "heal …", "restart": "restart the watchdog's loop"}
        choices = tuple((Choice(Go.KEY, name), words) for name, words in keys.items())
        return Details(heading=check.name.replace("_", " "), text=text, choices=choices)

    def _row(self, row: CheckRow) -> Row:
        check = row.check
        role = row.level.value if check.at is not None else "dim"
        took = "" if check.took_s is None else f"{1000 * check.took_s:,.0f} ms"
        return Row(
            key=check.name,
            cells=(
                (self._signs.level(row.level), role),
                (check.name.replace("_", " "), "text"),
                (row.level.value, role),
                (took, "dim", check.took_s),
                (check.at, "dim"),
                (row.text, role if row.level != "ok" else "text"),
            ),
        )


def _stops(health: Health) -> str:
    """Return what is counted for an automatic stop."""
    return (
        f"after {health.stop_after} scheduled checks in a row with the database or its API down, or most tasks failing;"
        " a check that you ask for does not count, and one that measures nothing leaves the count as it is"
    )
