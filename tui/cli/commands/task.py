"""`watchdesk task`: one task in full, with its log rows and safety checks."""

import click

from core.base.text import clean
from core.domain.queries import Filter, ListedRow, Listing, Page, Table
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
@click.option("--json", "as_data", is_flag=True, help="Print JSON, for scripts.")
@click.pass_context
def command(context: click.Context, *, name: str, as_data: bool) -> None:
    """Show one task in full: every column, its log rows, its safety checks."""

    async def act(monitor: Monitor) -> int:
        found = await monitor.task_detail(name)
        if found is None:
            tell(missing := f"no task {clean(name, 60)} is visible to this account")
            if as_data:
                put_json({"version": 1, "known": False, "why": missing})
            return WRONG
        logs, no_logs = await _of_task(monitor, Table.LOGS, found.task.id)
        entries = [row for row in logs.rows if isinstance(row, LogEntry)]
        page, no_checks = await _of_task(monitor, Table.SAFETY, found.task.id)
        checks = [row for row in page.rows if isinstance(row, SafetyCheck)]
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
        lines += ["", f"log rows{_newest(logs)}:", *(map(_log, entries) if entries else [f"  {no_logs}"])]
        lines += ["", "safety checks:", *(map(_check, failing_first(checks)) if checks else [f"  {no_checks}"])]
        put("\n".join(lines))
        return DONE

    context.exit(once(configure(context), act, as_data=as_data))


async def _of_task(monitor: Monitor, table: Table, task: str) -> tuple[Page[ListedRow], str]:
    """Return its newest rows of a table, and why there are none: nothing else depends on them."""
    try:
        page = await monitor.page(Listing(table=table, filter=Filter(task=task)), 0, _BESIDE)
    except NotLive as not_live:
        return Page(rows=(), offset=0, more=False), not_live.fault.message
    return page, "none of this task"


def _newest(page: Page[ListedRow]) -> str:
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
