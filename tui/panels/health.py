"""The health panel: the checks with their latency, critical ones in a row, and whether the watchdog may act."""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from core.domain.check_rows import CheckRow, check_rows
from core.domain.checks import Check
from core.domain.permission import auto_heal
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.status import Level
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.text import Line, ago, fit, spark

_SCALE_S: Final = 0.2
"""The least span of a latency sparkline in seconds, so that a change of some milliseconds looks small."""

_COURSES: Final = (30, 20, 12, 8)
"""The widths of a sparkline, the widest that fits is drawn."""

_KNOWN: Final = 5
"""The fewest values that are a course."""

_TALL: Final = 28
"""The height of a column in lines from which on each check has a line."""

_SMALL: Final = 14
_TWO_BY_TWO: Final = 56
"""The width in cells from which on two checks fit beside each other."""

_NAMED: Final = 2 + 14
"""The cells of the sign and the name."""

_TOOK: Final = 9
_FIXED: Final = _NAMED + _TOOK
"""The same with the duration."""

_WITH_DURATIONS: Final = ((True, True), (True, False), (False, True), (False, False))
"""Which of two sides tells how long its checks took: the more the better."""


class HealthPanel(Panel):
    """The results of the watchdog's last round of checks."""

    NAME = "health"
    STEADY = True
    OPENS = "checks"
    COLUMN, RANK, FILLS = DashboardColumn.MIDDLE, 60, 55
    TITLE = "Health"

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for the checks, the count and the permission; on a small screen at least for checks that are not ok."""
        every = 3 + len(snapshot.health.checks)
        if height >= _TALL:
            return Wish(every, every)
        bad = sum(row.level is not Level.OK for row in check_rows(snapshot))
        least = 1 + (len(snapshot.health.checks) + 1) // 2 if width >= _TWO_BY_TWO else 1 + bad
        return Wish(least if height >= _SMALL else 1 + min(bad, 2), least)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the age of the checks, and how many are ok."""
        checked = ago(snapshot.health.last_at, snapshot.at) if snapshot.health.last_at is not None else ""
        fine = sum(row.level is Level.OK for row in check_rows(snapshot))
        return (
            (self.TITLE, "title"),
            (
                f" checked {checked}, {fine} of {len(snapshot.health.checks)} ok" if checked else " not checked yet",
                "dim",
            ),
        )

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return a line per check, then the count and the permission; in few lines two checks each, or the worst."""
        checks = check_rows(snapshot)
        if len(checks) + 2 <= height:
            lines = self._checks(checks, snapshot, width)
            return [*lines, self._count(snapshot, width), self._permission(snapshot, width)]
        if len(checks) <= 2 * height and width >= _TWO_BY_TWO:
            return self._side_by_side(checks, snapshot, width)
        worst = sorted(checks, key=lambda one: one.rank)[:height]
        return self._checks(worst, snapshot, width)

    def _side_by_side(self, checks: Sequence[CheckRow], snapshot: Snapshot, width: int) -> list[Line]:
        """Return two checks a line. A side gives room that it needs not to the other, then the durations do."""
        rows, room = (len(checks) + 1) // 2, width - 2
        sides = (checks[:rows], checks[rows:])
        needed = {
            2 * side + took: max((_cells(one, took=bool(took)) for one in some), default=0)
            for side, some in enumerate(sides)
            for took in (False, True)
        }
        held = self._widths.at(snapshot.at, width).held(needed)
        took = next((one for one in _WITH_DURATIONS if held[one[0]] + held[2 + one[1]] <= room), (False, False))
        first = _share(held[took[0]], held[2 + took[1]], room)
        wide = (first, room - first)
        return [
            tuple(
                span
                for side, one in enumerate((checks[row], other))
                for span in (*(("  ", "text"),) * side, *self._in_side(one, snapshot, wide[side], took=took[side]))
            )
            for row, other in zip(range(rows), (*sides[1], None), strict=False)
        ]

    def _in_side(self, row: CheckRow | None, snapshot: Snapshot, width: int, *, took: bool) -> Line:
        """Return one check in its part of a line."""
        if row is None:
            return fit((), width)
        took = took and row.level is Level.OK
        return fit(self._check(row, _said(row, width, took=took), snapshot, 0, took=took), width)

    def _checks(self, rows: Sequence[CheckRow], snapshot: Snapshot, width: int) -> list[Line]:
        """Return a line each, with a course where there is room for it beside the text."""
        said = [_said(row, width) for row in rows]
        rooms = [width - _FIXED - cell_len(text) for text in said]
        courses = _COURSES if any(_is_course(row.check) for row in rows) else ()
        cells = next((cells for cells in courses if cells + 1 <= min(rooms)), courses[-1] if courses else 0)
        return [
            self._check(row, text, snapshot, cells if cells + 1 <= room else 0, took=room >= 0)
            for row, text, room in zip(rows, said, rooms, strict=True)
        ]

    def _check(self, row: CheckRow, text: str, snapshot: Snapshot, cells: int, *, took: bool) -> Line:
        check = row.check
        told = check.at is not None and (row.level is not Level.OK or snapshot.link.word is LinkWord.LIVE)
        role = row.level.value if told else "dim"
        took_ms = round(1000 * (check.took_s or 0.0))  # 0: it was refused here, nothing was asked
        duration = f"{took_ms:5} ms " if took_ms else " " * 9
        name = check.name.replace("_", " ")
        return (
            (f"{self._signs.level(row.level)} ", role),
            (f"{name:<14}", "text"),
            (duration if took else "", "dim"),
            (self._course(check, cells), "spark" if told else "dim"),
            (text, role if row.level != "ok" else "dim"),
        )

    def _course(self, check: Check, cells: int) -> str:
        """Return a sparkline of recent latencies in so many cells; blank of fewer than `_KNOWN` values."""
        if not cells:
            return ""
        if not _is_course(check):
            return " " * (cells + 1)
        known = [took for took in check.recent[-cells:] if took is not None]
        high = max(_SCALE_S, *known) if known else _SCALE_S
        return spark(check.recent, cells, low=0.0, high=high, levels=self._signs.levels) + " "

    def _count(self, snapshot: Snapshot, width: int) -> Line:
        health = snapshot.health
        following = f", next {health.next_at.astimezone():%H:%M}" if health.next_at is not None else ""
        told = f"  {auto_stop(snapshot)}"
        room = cell_len(told + following) <= width
        return ((told + (following if room else ""), "warning" if health.critical_in_a_row else "dim"),)

    def _permission(self, snapshot: Snapshot, width: int) -> Line:
        said = auto_heal(snapshot.may_act, snapshot.lease)
        if snapshot.may_act.allowed:
            role = "ok" if snapshot.link.word is LinkWord.LIVE else "dim"
            return ((f"{self._signs.ok} ", role), (said[0], "text"))
        fits = next((one for one in said if cell_len(one) + 2 <= width), said[-1])  # rather than half a sentence
        return ((f"  {fits}", "text"),)


def auto_stop(snapshot: Snapshot) -> str:
    """Return how many scheduled checks in a row were critical, of how many it takes for a stop; or who counts them.

    They are counted by the holder of the lease, and by any monitor while the database is proven down.
    """
    health, lease = snapshot.health, snapshot.lease
    if lease.mine or health.critical_in_a_row:
        return f"auto-stop: {health.critical_in_a_row} of {health.stop_after} scheduled checks critical"
    return f"auto-stop: {'counted by the lease holder' if lease.holder else 'not counted without the lease'}"


def _share(left: int, right: int, room: int) -> int:
    """Return how many cells the left side gets of `room`: half, but for what one needs and the other does not."""
    half = room // 2
    if left <= half:
        return half if right <= room - half else max(left, room - right)
    return max(half, min(left, room - right))


def _cells(row: CheckRow, *, took: bool) -> int:
    """Return what a check needs at least, with how long it took or without."""
    return (_FIXED if took and row.level is Level.OK else _NAMED) + cell_len(row.check.text)


def _is_course(check: Check) -> bool:
    return sum(took is not None for took in check.recent) >= _KNOWN


def _said(row: CheckRow, width: int, *, took: bool = True) -> str:
    """Return what a row says in so many cells: what the check found and the alert about it, else one of both."""
    room = width - _FIXED + (0 if took else _TOOK)
    return row.text if cell_len(row.text) <= room else row.brief
