"""`watchdesk task`: one task in full, with its log rows and safety checks."""

import click
import msgspec

from core.base.text import clean
from core.domain.queries import Filter, Listing, Page, Table
from core.domain.records import LogEntry, SafetyCheck
from core.domain.safety_checks import failed_in_words, failing, failing_first
from core.monitor import Monitor
from core.resilience import NotLive
from tui.cli.exits import DONE, WRONG
from tui.cli.session import configure, once, put, put_json, tell

_BESIDE = 100
"""The most log rows and safety checks that are shown, the newest."""


@click.command(name="task")
@click.argument("name", metavar="ID")
@click.option("--json", "as_data", is_flag=True, help="For programs.")
@click.pass_context
def command(context: click.Context, *, name: str, as_data: bool) -> None:
    """Show one task in full: every column, its log rows, its safety checks."""

    async def act(monitor: Monitor) -> int:
        found = await monitor.task_detail(name)
        if found is None:
            tell(f"no task {clean(name, 60)} is visible to us")
            return WRONG
        logs = await monitor.page(Listing(table=Table.LOGS, filter=Filter(task=found.task.id)), 0, _BESIDE)
        entries = [row for row in logs.rows if isinstance(row, LogEntry)]
        checks, why = await _checks(monitor, found.task.id)
        failed = failing(checks)
        if as_data:
            columns = {column.name: "\n".join(column.lines) if column.lines else None for column in found.row.columns}
            told = {"task": found.task, "columns": columns, "logs": entries, "more_logs": logs.more, "checks": checks}
            put_json({"version": 1} | told | {"failing_checks": failed})
            return DONE
        lines = [f"{found.task.status.replace('_', ' ')}  {found.task.task_type} task {found.task.id}"]
        lines += [failed_in_words(failed)] if failed else []
        for column in found.row.columns:
            lines += _column(column.name, column.lines)
        lines += ["", f"log rows{_newest(logs)}:", *(map(_log, entries) if entries else ["  none of this task"])]
        none = [f"  {why or 'none of this task'}"]
        lines += ["", "safety checks:", *(map(_check, failing_first(checks)) if checks else none)]
        put("\n".join(lines))
        return DONE

    context.exit(once(configure(context), act))


async def _checks(monitor: Monitor, task: str) -> tuple[list[SafetyCheck], str]:
    """Return its safety checks, or why there are none to be read: nothing else depends on them."""
    try:
        page = await monitor.page(Listing(table=Table.SAFETY, filter=Filter(task=task)), 0, _BESIDE)
    except NotLive as not_live:
        return [], not_live.fault.message
    return [row for row in page.rows if isinstance(row, SafetyCheck)], ""


def _newest(page: Page[msgspec.Struct]) -> str:
    return f", the newest {len(page.rows):,}" if page.more else ""


def _column(name: str, lines: tuple[str, ...]) -> list[str]:
    if len(lines) < 2:
        return [f"{name}: {lines[0] if lines else 'not set'}"]
    return [f"{name}:", *(f"  {line}" for line in lines)]


def _log(entry: LogEntry) -> str:
    at = f"{entry.at:%Y-%m-%d %H:%M:%S}Z" if entry.at is not None else "no time"
    took = "" if entry.duration_ms is None else f" {entry.duration_ms:,} ms"
    return f"  {at}  {entry.step} {entry.status}{took}" + (f": {entry.summary}" if entry.summary else "")


def _check(check: SafetyCheck) -> str:
    said = f": {check.text}" if check.text else ""
    return f"  {check.verdict}  {f'{check.check_type} {check.name}'.strip()}{said}"
