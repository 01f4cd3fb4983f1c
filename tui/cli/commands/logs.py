"""`watchdesk logs`: what operators ask the execution log and the tasks: the watchdog, healing, statistics."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click
import msgspec

from core.base.text import short
from core.domain.actions import label
from core.domain.kpis import Kpi
from core.domain.records import LogEntry, Statistics
from core.monitor import Monitor
from tui.cli.exits import DONE
from tui.cli.guide import LISTS
from tui.cli.session import configure, once, put, put_json
from tui.cli.span import Since

_WINDOW = timedelta(days=7)


@click.command(name="logs", epilog=LISTS)
@click.option("--watchdog", "what", flag_value="watchdog", help="What the watchdog wrote, newest first.")
@click.option("--healing", "what", flag_value="healing", help="Actions: heals, stops, resumes, newest first.")
@click.option("--stats", "what", flag_value="stats", help="Success rate, counts, healing time.")
@click.option(
    "--since", type=Since(), metavar="TIME", help="2h, 7d, 03:00, or a date and time; --stats: 7d unless told."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many rows at most.")
@click.option("--json", "as_data", is_flag=True, help="For programs.")
@click.pass_context
def command(context: click.Context, *, what: str | None, since: datetime | None, limit: int, as_data: bool) -> None:
    """Show what the watchdog wrote, the actions, or statistics; one of the three."""
    if what is None:
        raise click.UsageError("say which: --watchdog, --healing or --stats")

    async def act(monitor: Monitor) -> int:
        if what == "stats":
            found = await monitor.statistics(since or datetime.now(UTC) - _WINDOW)
            figures = await monitor.kpis()
            if as_data:
                stats = msgspec.structs.asdict(found) | {"counts": found.counts.counts}
                stats["estimated"] = found.counts.estimated
                put_json({"version": 1, "stats": stats, "kpis": [_figure(kpi) for kpi in figures]})
            else:
                put(_page(found, figures))
            return DONE
        rows = await monitor.logs(healing=what == "healing", since=since, limit=limit)
        if as_data:
            put_json({"version": 1, "logs": rows})
        else:
            put("\n".join(map(_line, rows)) or "none")
        return DONE

    context.exit(once(configure(context), act))


def _line(entry: LogEntry) -> str:
    at = f"{entry.at:%Y-%m-%d %H:%M:%S}Z" if entry.at is not None else "no time"
    took = f" {entry.duration_ms:,} ms" if entry.duration_ms is not None else ""
    order = f" {label(entry.order)}" if entry.order else ""
    who = f" by {entry.actor}" if entry.actor else ""
    who += f" ({entry.run})" if entry.run else ""
    return f"{at}  {entry.step} {entry.status}{took}{order}{who}" + (f": {entry.summary}" if entry.summary else "")


def _page(found: Statistics, figures: tuple[Kpi, ...]) -> str:
    lines = [
        f"since {found.since:%Y-%m-%d %H:%M}Z: {found.success.completed:,} completed, {found.success.failed:,} failed",
        f"success rate: {found.success.shown or '—'} (target > 95 %)",
        "healing time: "
        + ("—" if found.healing_s is None else f"{short(found.healing_s)} on average of {found.heals:,}"),
        f"tasks: {found.counts}",
        "",
    ]
    lines += [f"{kpi.title:<14} {kpi.text:>12}  {_aim(kpi)}{kpi.note}" for kpi in figures]
    return "\n".join(lines)


def _figure(kpi: Kpi) -> dict[str, Any]:
    """Return a figure as JSON values, with the names of version 1."""
    names = ("name", "title", "value", "text", "target", "good", "note")
    return {name: getattr(kpi, name) for name in names}


def _aim(kpi: Kpi) -> str:
    return f"(target {kpi.target}) " if kpi.target else ""
