"""The health panel: the checks with their latency, critical ones in a row, and whether the watchdog may act."""

from typing import Final

from rich.cells import cell_len

from core.domain.checks import Check
from core.domain.permission import auto_heal
from core.domain.snapshot import Health, LinkWord, Snapshot
from core.domain.status import Level
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.text import Line, age, ago, spark

_SCALE_S: Final = 0.2
"""The least span of a latency sparkline in seconds, so that a change of some milliseconds looks small."""

_WORST = (Level.CRITICAL, Level.WARNING, Level.UNKNOWN, Level.OK)


class HealthPanel(Panel):
    """The results of the watchdog's last round of checks."""

    NAME = "health"
    OPENS = "checks"
    COLUMN, RANK, FILLS = DashboardColumn.LEFT, 60, 20
    TITLE = "Health"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for the checks, the count and the permission; on a small screen at least for checks that are not ok."""
        every = 3 + len(snapshot.health.checks)
        bad = sum(check.level is not Level.OK for check in snapshot.health.checks)
        return Wish(every if height >= 18 else 3 + bad, every)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the age of the checks, and how many are ok."""
        checked = ago(snapshot.health.last_at, snapshot.at) if snapshot.health.last_at is not None else ""
        fine = sum(check.level is Level.OK for check in snapshot.health.checks)
        return (
            (self.TITLE, "title"),
            (
                f" checked {checked}, {fine} of {len(snapshot.health.checks)} fine" if checked else " not checked yet",
                "dim",
            ),
        )

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return a line per check, then the count and the permission; if not all fit, the worst checks."""
        checks = snapshot.health.checks
        if len(checks) + 2 > height:
            checks = tuple(sorted(checks, key=lambda one: _WORST.index(one.level)))[: height - 2]
        lines = [self._check(check, snapshot, width) for check in checks]
        return [*lines, self._count(snapshot, width), self._permission(snapshot, width)]

    def _check(self, check: Check, snapshot: Snapshot, width: int) -> Line:
        wide = width >= 76
        told = check.at is not None and (check.level is not Level.OK or snapshot.link.word is LinkWord.LIVE)
        role = check.level.value if told else "dim"
        took = " " * 9 if check.took_s is None else f"{1000 * check.took_s:5.0f} ms "
        name = check.name.replace("_", " ")
        old = age(check.at, snapshot.at)
        more = f" {old:>6} " if wide else ""
        return (
            (f"{self._signs.level(check.level)} ", role),
            (f"{name:<14}", "text"),
            (took if wide or check.level == "ok" else "", "dim"),
            (self._course(check, width), "spark" if told else "dim"),
            (more, "dim"),
            (check.text, role if check.level != "ok" else "dim"),
        )

    def _course(self, check: Check, width: int) -> str:
        """Return a sparkline of recent latencies. Where it is narrow, a check that is not ok has text in its place."""
        cells = 20 if width >= 104 else 12 if width >= 76 else 8 if width >= 55 and check.level == "ok" else 0
        if not cells:
            return ""
        known = [took for took in check.recent[-cells:] if took is not None]
        high = max(_SCALE_S, *known) if known else _SCALE_S
        return spark(check.recent, cells, low=0.0, high=high, levels=self._signs.levels) + " "

    def _count(self, snapshot: Snapshot, width: int) -> Line:
        health = snapshot.health
        following = f", next check {health.next_at.astimezone():%H:%M}" if health.next_at is not None else ""
        told = f"  {auto_stop(health)}"
        room = cell_len(told + following) <= width
        return ((told + (following if room else ""), "warning" if health.critical_in_a_row else "dim"),)

    def _permission(self, snapshot: Snapshot, width: int) -> Line:
        said = auto_heal(snapshot.may_act, snapshot.lease)
        if snapshot.may_act.allowed:
            role = "ok" if snapshot.link.word is LinkWord.LIVE else "dim"
            return ((f"{self._signs.ok} ", role), (said[0], "text"))
        fits = next((one for one in said if cell_len(one) + 2 <= width), said[-1])  # rather than half a sentence
        return ((f"  {fits}", "text"),)


def auto_stop(health: Health) -> str:
    """Return how many bad checks there were in a row, of how many it takes for an automatic stop."""
    return f"auto-stop after {health.stop_after} bad checks: {health.critical_in_a_row}"
