"""`watchdesk logs`: what operators ask the execution log and the tasks: the watchdog, healing, statistics."""

import shutil
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click
import msgspec

from core.base.text import short
from core.domain.actions import label
from core.domain.counts import Statistics
from core.domain.figures import FigureBy, Figures
from core.domain.kpis import Kpi
from core.domain.records import WatchdogEntry
from core.monitor import Monitor
from tui.cli.exits import DONE
from tui.cli.figures_page import figures_as_data, figures_as_sheet, figures_page
from tui.cli.forms import CSV, JSON, Sheet, fields_of, put_as, takes_form
from tui.cli.guide import LISTS
from tui.cli.session import configure, once, tell
from tui.cli.span import Since
from tui.rendering.figures import left_out

_WINDOW: Final = timedelta(days=7)
_COLUMNS: Final = (
    "id",
    "at",
    "step",
    "status",
    "task_id",
    "duration_ms",
    "order",
    "actor",
    "run",
    "summary",
    "verdicts",
)
_BELOW: Final = " " * len("2026-11-24 03:10:00Z  ")
_WORST_FIRST: Final = {word: place for place, word in enumerate(("critical", "warning", "unknown", "ok"))}


@click.command(name="logs", epilog=LISTS)
@click.option("--watchdog", "what", flag_value="watchdog", help="What the watchdog wrote, newest first.")
@click.option("--healing", "what", flag_value="healing", help="Actions: heals, stops, resumes, newest first.")
@click.option("--stats", "what", flag_value="stats", help="Success rate, counts, healing time.")
@click.option(
    "--since",
    type=Since(),
    metavar="TIME",
    help="Since when: 2h, 7d, 03:00, or a date and time; with --stats the default is 7d.",
)
@click.option(
    "--by", type=click.Choice([one.value for one in FigureBy]), help="--stats: figures of each day, week, type."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many rows at most.")
@takes_form
@click.pass_context
def command(
    context: click.Context, *, what: str | None, since: datetime | None, by: str | None, limit: int, form: str | None
) -> None:
    """Show what the watchdog wrote, the actions, or statistics; one of the three."""
    if what is None:
        raise click.UsageError("say which: --watchdog, --healing or --stats")
    if by is not None and what != "stats":
        raise click.UsageError("--by works only with --stats: watchdesk logs --stats --by day")
    begin = since or datetime.now(UTC) - _WINDOW

    async def act(monitor: Monitor) -> int:
        if by is not None:
            _put_figures(await monitor.figures(begin), FigureBy(by), form)
        elif what == "stats":
            found, figures = await monitor.statistics(begin), await monitor.kpis()
            put_as(
                form,
                text=lambda: _page(found, figures),
                sheet=lambda: Sheet(("name", "value", "target", "note"), _stats_rows(found, figures)),
                data=lambda: {"stats": _stats(found), "kpis": [_figure(kpi) for kpi in figures]},
            )
        else:
            rows = await monitor.logs(healing=what == "healing", since=since, limit=limit)
            put_as(
                form,
                text=lambda: "\n".join(map(_line, rows)) or "none",
                sheet=lambda: fields_of(_COLUMNS, rows),
                data=lambda: {"logs": rows},
            )
        return DONE

    context.exit(once(configure(context), act, as_data=form == JSON))


def _put_figures(found: Figures, by: FigureBy, form: str | None) -> None:
    put_as(
        form,
        text=lambda: figures_page(found, by),
        sheet=lambda: figures_as_sheet(found, by),
        data=lambda: figures_as_data(found, by),
    )
    if form == CSV and (missing := left_out(found)):
        tell(missing)


def _line(entry: WatchdogEntry) -> str:
    """Return a row in one line, for programs that look for words; on a terminal it goes on below itself."""
    at = f"{entry.happened_at:%Y-%m-%d %H:%M:%S}Z" if entry.happened_at is not None else "no time"
    written = f" (written {entry.written_at:%H:%M:%S}Z)" if entry.written_at is not None else ""
    took = f" {entry.duration_ms:,} ms" if entry.duration_ms is not None else ""
    order = f" {label(entry.order)}" if entry.order else ""
    who = f" by {entry.actor}" if entry.actor else ""
    who += f" ({entry.run})" if entry.run else ""
    told = "; ".join(filter(None, (entry.told, _verdicts(entry.verdicts))))
    line = f"{at}  {entry.step} {entry.status}{took}{order}{who}" + (f": {told}" if told else "") + written
    if not sys.stdout.isatty():
        return line
    return "\n".join(textwrap.wrap(line, shutil.get_terminal_size().columns, subsequent_indent=_BELOW))


def _verdicts(verdicts: dict[str, str]) -> str:
    """Return what each check found, the worst first."""
    by_level: dict[str, list[str]] = {}
    for check, level in verdicts.items():
        by_level.setdefault(level or "unknown", []).append(check.replace("_", " "))
    ordered = sorted(by_level, key=lambda level: _WORST_FIRST.get(level, 0))
    return "; ".join(f"{level}: {', '.join(by_level[level])}" for level in ordered)


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


def _stats(found: Statistics) -> dict[str, Any]:
    return msgspec.structs.asdict(found) | {"counts": found.counts.counts, "estimated": found.counts.estimated}


def _stats_rows(found: Statistics, figures: tuple[Kpi, ...]) -> list[tuple[Any, ...]]:
    """Return the statistics and the key figures for a spreadsheet; what is not known is empty."""
    success = found.success
    rows: list[tuple[Any, ...]] = [
        ("completed", success.completed, None, f"since {found.since:%Y-%m-%d %H:%M}Z"),
        ("failed", success.failed, None, f"since {found.since:%Y-%m-%d %H:%M}Z"),
        ("success_percent", success.percent, 95, "" if success.exact else "estimated"),
        ("healing_s", found.healing_s, None, f"of {found.heals:,}"),
    ]
    counts = found.counts
    rows += [
        (f"tasks_{name}", count, None, "estimated" if name in counts.estimated else "")
        for name, count in counts.counts.items()
    ]
    return [*rows, *((kpi.name, kpi.value, kpi.target, kpi.note) for kpi in figures)]


def _figure(kpi: Kpi) -> dict[str, Any]:
    """Return a figure as JSON values, with the names of version 1."""
    names = ("name", "title", "value", "text", "target", "good", "note")
    return {name: getattr(kpi, name) for name in names}


def _aim(kpi: Kpi) -> str:
    return f"(target {kpi.target}) " if kpi.target else ""
