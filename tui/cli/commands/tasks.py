"""`watchdesk tasks`: the list of the screen for scripts, with the same filter words, in rows or in groups."""

from typing import Any, Final

import click
import msgspec

from core.base.text import amount
from core.domain.queries import (
    PAGE_ROWS,
    SORT_COLUMNS,
    Filter,
    FilterError,
    Listing,
    Table,
    filter_text,
    parse_filter,
    parse_sort,
    unknown_status,
)
from core.domain.records import Task
from core.domain.sorting import SORTED_HERE
from core.domain.task_groups import GroupBy, TaskGroup, TaskGroups, filter_of
from core.monitor import Monitor
from tui.cli.exits import DONE
from tui.cli.filter_words import FilterCommand
from tui.cli.forms import JSON, Sheet, fields_of, put_as, takes_form
from tui.cli.guide import FILTER_WORDS
from tui.cli.session import configure, once, tell

_SORTED_BY: Final = ", ".join(one.name for one in SORT_COLUMNS[Table.TASKS])
_COLUMNS: Final = (
    *("id", "status", "task_type", "priority", "risk_level", "assigned_to"),
    *("created_at", "started_at", "completed_at", "description", "error"),
)


@click.command(name="tasks", cls=FilterCommand, epilog=FILTER_WORDS)
@click.argument("words", metavar="[FILTER]…", nargs=-1)
@click.option("--since", metavar="TIME", help="The same as since:TIME.")
@click.option("--sort", default="age", show_default=True, help=f"{_SORTED_BY}; prefix it with - to reverse.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many rows at most.")
@click.option("--group", "by", type=click.Choice([one.value for one in GroupBy]), help="Groups instead of rows.")
@takes_form
@click.pass_context
def command(
    context: click.Context, /, *, words: tuple[str, ...], since: str | None, sort: str, by: str | None, **how: Any
) -> None:
    """Show the tasks that match, or how many of them have what in common."""
    try:
        typed = " ".join((*words, *([f'since:"{since}"'] if since else [])))
        given = parse_filter(typed, Table.TASKS)
        listing = Listing(table=Table.TASKS, filter=given, sort=parse_sort(sort, Table.TASKS))
    except FilterError as error:
        raise click.UsageError(f"{error}") from None
    if odd := unknown_status(given, Table.TASKS):
        tell(odd)

    async def act(monitor: Monitor) -> int:
        if by is not None:
            _put_groups(await monitor.groups(given, GroupBy(by)), given, how["form"])
        else:
            await _put_rows(monitor, listing, **how)
        return DONE

    context.exit(once(configure(context), act, as_data=how["form"] == JSON))


async def _put_rows(monitor: Monitor, asked: Listing, *, limit: int, form: str | None) -> None:
    listing = await monitor.sortable(asked)
    found = dict[str, Task]()
    more = True
    while more and len(found) < limit:
        page = await monitor.page(listing, len(found), min(PAGE_ROWS, limit - len(found)))
        found |= {row.id: row for row in page.rows if isinstance(row, Task)}
        more = page.more and bool(page.rows)
    whole = not more and not listing.within
    total, exact = (len(found), True) if whole else await monitor.total(listing)
    rows = list(found.values())
    put_as(
        form,
        text=lambda: "\n".join(map(_line, rows)) or "none",
        sheet=lambda: fields_of(_COLUMNS, rows),
        data=lambda: {"total": total, "exact": exact, "tasks": rows},
    )
    if len(found) < total and form != JSON:
        tell(f"the first {len(rows):,} of {'' if exact else '≈'}{total:,}: --limit shows more")

    if listing.within and total > SORTED_HERE:
        tell(f"sorted {listing.part} of {amount(total, exact=exact)}: add a filter such as since:1d to cover all")


def _put_groups(found: TaskGroups, given: Filter, form: str | None) -> None:
    def only(one: TaskGroup) -> str | None:
        narrower = filter_of(one.name, found.by, given)
        return None if narrower is None else filter_text(narrower, Table.TASKS)

    put_as(
        form,
        text=lambda: "\n".join(map(_group_line, found.groups)) or "none",
        sheet=lambda: Sheet(
            ("count", "first", "last", found.by.value),
            [(one.count, one.first_at, one.last_at, one.name) for one in found.groups],
        ),
        data=lambda: {
            "by": found.by,
            "looked_at": found.looked,
            "whole": found.whole,
            "groups": [
                {"count": one.count} | msgspec.structs.asdict(one) | {"ids": one.ids, "filter": only(one)}
                for one in found.groups
            ],
        },
    )
    if not found.whole and form != JSON:
        tell(f"of the newest {found.looked:,} that match: add a filter such as since:1d to cover all")


def _group_line(one: TaskGroup) -> str:
    return f"{one.count:>7,}  {_time(one.first_at)}  {_time(one.last_at)}  {one.name or '(none)'}"


def _line(task: Task) -> str:
    who = f" {task.assigned_to}" if task.assigned_to else ""
    error = f" ({task.why})" if task.error else ""
    at = _time(task.since[0])
    return f"{task.id}  {at}  {task.status:<15} {task.task_type}{who}: {task.description}{error}"


def _time(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at is not None else f"{'no time':<20}"
