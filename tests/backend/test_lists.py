"""Lists: filtered and sorted by the server, paged to their end with nothing lost, whatever is in them; both shapes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.actions.breakers import HOLD_BREAKER
from core.backend.client import RequestLimits
from core.backend.target import Target
from core.checks.settings import WatchRules
from core.domain.prefixes import exactly
from core.domain.queries import OWN_SORT, SORT_COLUMNS, Filter, Listing, Page, Table, parse_filter
from core.domain.records import SafetyCheck
from core.domain.sorting import SORTED_HERE, YOUNGEST, Sort, SortedBy
from core.monitor import Config, Monitor, Places
from core.resilience import NotLive
from core.resilience.fault import Evidence
from core.services.config import RefreshRules
from tests.hostile import CONTROL, HOSTILE, plant
from tests.running import ONE_SHAPE, SHAPES, Running
from tests.wire import hang, wire

ROWS = 1_100
"""Two full pages of the largest size, and the beginning of one more."""
TABLES = {
    Table.TASKS: "autonomous_tasks",
    Table.INBOX: "autonomous_tasks",
    Table.LOGS: "autonomous_execution_logs",
    Table.ORDERS: "autonomous_execution_logs",
    Table.SAFETY: "autonomous_safety_checks",
}
TASK = "0b5e1a52-55a2-4f3c-9f43-2d1f0c5d7a11"
PATIENT = WatchRules(limit_s=60, probe_s=60, hanging_s=60)
"""Nothing here is about being late, however busy the machine is."""
RUN = "9c1c7d1e-0000-4000-8000-0000000000aa"


@pytest.fixture
async def monitor(sandbox: Running, tmp_path: Path) -> AsyncIterator[Monitor]:
    async for one in monitor_of(sandbox, tmp_path):
        yield one


async def monitor_of(sandbox: Running, home: Path, **target: str) -> AsyncIterator[Monitor]:
    given = {"key": sandbox.service_key} | target
    target = Target(name="probe", url=sandbox.url, **given)
    patient = {"refresh": RefreshRules(total_s=60), "limits": RequestLimits(request_s=60, slot_s=60)}
    one = Monitor(Config(target=target, watch=PATIENT, **patient), places=Places.within(home))
    yield one
    await one.close()


async def whole(monitor: Monitor, listing: Listing, size: int = 500) -> list[Any]:
    """Every row, page by page."""
    found: list[Any] = []
    while True:
        page: Page[Any] = await monitor.page(listing, len(found), size)
        assert page.offset == len(found)
        assert len(page.rows) == size or not page.more
        found += page.rows
        if not page.more:
            assert page.total == (len(found) if page.rows or not found else None)
            return found


def ids(rows: list[Any]) -> list[str]:
    return [row.id for row in rows]


def fill_tasks(sandbox: Running) -> None:
    """Many that share their times, and some that have none."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (task_type, description, status, priority, assigned_to, error_message,"
        " created_at, started_at, completed_at)"
        " SELECT (ARRAY['bug_fix', 'refactoring', 'documentation'])[1 + i % 3],"
        " 'work ' || i || CASE WHEN i % 7 = 0 THEN ' Login' ELSE '' END,"
        " (ARRAY['pending', 'in_progress', 'completed', 'failed'])[1 + i % 4], i % 11,"
        " CASE WHEN i % 5 = 0 THEN 'agent-login' END, CASE WHEN i % 4 = 3 THEN 'Time out 100%' END,"
        " now() - (i / 10) * interval '1 minute',"
        " CASE WHEN i % 3 > 0 THEN now() - (i / 20) * interval '1 minute' END,"
        " CASE WHEN i % 4 >= 2 THEN now() - (i / 30) * interval '1 minute' END"
        f" FROM generate_series(1, {ROWS - 1}) AS i"
    )
    sandbox.sql(f"INSERT INTO autonomous_tasks (id, description) VALUES ('{TASK}', 'the one')")


def fill_inbox(sandbox: Running) -> None:
    """Most of those tasks in review, some of high risk."""
    fill_tasks(sandbox)
    sandbox.sql(
        "UPDATE autonomous_tasks SET status = 'awaiting_review', risk_level = (ARRAY['low', 'high', 'medium'])"
        "[1 + priority % 3] WHERE status <> 'failed'"
    )


def fill_logs(sandbox: Running) -> None:
    """Agents' steps, every tenth an order."""
    fill_one_task(sandbox)
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs"
        f" (task_id, execution_step, step_status, duration_ms, input_data, output_data, {sandbox.time_column})"
        f" SELECT CASE WHEN i % 4 = 0 THEN '{TASK}'::uuid END,"
        " CASE WHEN i % 10 = 0 THEN 'watchdog_healing'"
        " ELSE (ARRAY['task_started', 'taskXstarted', 'watchdog_health_check'])[1 + i % 3] END,"
        " (ARRAY['started', 'completed', 'failed', 'skipped'])[1 + i % 4], CASE WHEN i % 3 = 0 THEN i / 40 END,"
        " CASE WHEN i % 10 = 0 THEN jsonb_build_object("
        "   'order', (ARRAY['heal', 'retry', 'retry_matching'])[1 + i / 10 % 3], 'who', 'operator Ann@host-' || i % 20,"
        f"   'run', CASE WHEN i = 10 THEN '{RUN}' END,"
        f"   'plan', CASE WHEN i = 20 THEN jsonb_build_object('task', '{TASK}')"
        f"     WHEN i = 30 THEN jsonb_build_object('ids', jsonb_build_array('{TASK}')) END) END,"
        f" CASE WHEN i = 50 THEN jsonb_build_object('ids', jsonb_build_array('x', '{TASK}')) END,"
        " now() - (i / 15) * interval '1 second'"
        f" FROM generate_series(1, {ROWS}) AS i"
    )


def fill_safety(sandbox: Running) -> None:
    sandbox.sql("DELETE FROM autonomous_safety_checks")
    fill_one_task(sandbox)
    near = "test_validation" if sandbox.shape == "deployed" else "typeXcheck"  # where any text is a kind
    kind = f"(ARRAY['lint_check', 'type_check', '{near}'])[1 + i % 3]"
    if sandbox.shape == "deployed":
        sandbox.sql(
            "INSERT INTO autonomous_safety_checks (task_id, check_type, passed, error_message, checked_at)"
            f" SELECT CASE WHEN i % 4 = 0 THEN '{TASK}'::uuid END, {kind}, i % 5 > 0,"
            " CASE WHEN i % 5 = 0 THEN 'no' END, now() - (i / 10) * interval '1 second'"
            f" FROM generate_series(1, {ROWS}) AS i"
        )
    else:
        sandbox.sql(
            "INSERT INTO autonomous_safety_checks (check_type, check_name, is_blocking, enabled, created_at)"
            f" SELECT {kind}, 'name ' || i, i % 2 = 0, i % 5 > 0, now() - (i / 10) * interval '1 second'"
            f" FROM generate_series(1, {ROWS}) AS i"
        )


def fill_one_task(sandbox: Running) -> None:
    sandbox.sql(f"INSERT INTO autonomous_tasks (id, description) VALUES ('{TASK}', 'the one')")


FILL: dict[Table, Callable[[Running], None]] = {
    Table.TASKS: fill_tasks,
    Table.INBOX: fill_inbox,
    Table.LOGS: fill_logs,
    Table.ORDERS: fill_logs,
    Table.SAFETY: fill_safety,
}

_OF_TASKS = {
    **{name: name for name in ("status", "priority", "description", "id")},
    "ended": "completed_at",
    "type": "task_type",
    "who": "assigned_to",
}
SORTED_BY = {
    Table.TASKS: _OF_TASKS,
    Table.INBOX: _OF_TASKS,
    Table.LOGS: {"status": "step_status", "took": "duration_ms", "step": "execution_step", "task": "task_id"},
    Table.ORDERS: {"status": "step_status", "took": "duration_ms"},
    Table.SAFETY: {"check": "check_type"},
}


def times(sandbox: Running, table: Table) -> str:
    if table in {Table.TASKS, Table.INBOX}:
        return "created_at"
    deployed_safety = "checked_at" if sandbox.shape == "deployed" else "created_at"
    return deployed_safety if table is Table.SAFETY else sandbox.time_column


ONLY = {Table.ORDERS: "execution_step = 'watchdog_healing'", Table.INBOX: "status = 'awaiting_review'"}


def order_by(table: Table, sort: Sort, time: str) -> str:
    """Of those whose values are equal or lacking the newest first; the later a time, the younger."""
    way = "DESC" if sort.descending is (sort.column not in {"age", "ended"}) else "ASC"
    if sort.column == "age":
        return f"{time} {way}, id {way}"
    return f"{SORTED_BY[table][sort.column]} {way} NULLS LAST, {time} DESC, id DESC"


def expected(sandbox: Running, table: Table, where: str = "true", sort: Sort = YOUNGEST) -> list[str]:
    """The ids, as PostgreSQL itself gives them."""
    only = ONLY.get(table, "true")
    by = order_by(table, sort, times(sandbox, table))
    return [str(i) for (i,) in sandbox.sql(f"SELECT id FROM {TABLES[table]} WHERE {only} AND ({where}) ORDER BY {by}")]


@pytest.mark.parametrize("table", Table)
async def test_every_order_is_paged_to_its_end_with_no_row_twice_or_lost(
    table: Table, sandbox: Running, monitor: Monitor
) -> None:
    FILL[table](sandbox)
    asked = [Sort(one.name, way) for one in SORT_COLUMNS[table] if one.by is not SortedBy.HERE for way in (False, True)]
    for sort in asked:
        listing = await monitor.sortable(Listing(table=table, sort=sort))
        found = ids(await whole(monitor, listing))
        assert not listing.within
        assert len(found) == len(set(found)) >= ROWS // 10
        assert found == expected(sandbox, table, sort=sort), sort
    assert await monitor.total(Listing(table=table)) == (len(found), True)


@pytest.mark.parametrize("table", Table)
async def test_what_no_column_holds_is_sorted_here_among_the_first_rows(
    table: Table, sandbox: Running, monitor: Monitor
) -> None:
    FILL[table](sandbox)
    first = expected(sandbox, table, sort=OWN_SORT[table])[:SORTED_HERE]
    for one in (one for one in SORT_COLUMNS[table] if one.by is SortedBy.HERE):
        for way in (False, True):
            listing = await monitor.sortable(Listing(table=table, sort=Sort(one.name, way)))
            rows = (await monitor.page(listing, 0, SORTED_HERE)).rows
            assert listing.within
            assert sorted(row.id for row in rows) == sorted(first)
            if one.name != "took":  # what runs has taken longer by the next page; a screen reads all of them as one
                pages = [await monitor.page(listing, offset, 150) for offset in range(0, SORTED_HERE, 150)]
                assert [row for page in pages for row in page.rows] == list(rows)
            now = datetime.now(UTC)
            still = [row for row in rows if getattr(row, "status", "") != "in_progress"]  # of others it grows
            values = [value for row in still if (value := one.value(row, now)) is not None]
            assert values == sorted(values, reverse=way), one.name


FILTERS: dict[Table, dict[str, str]] = {
    Table.TASKS: {
        "status:failed": "status = 'failed'",
        "status:failed,pending": "status IN ('failed', 'pending')",
        "status:nosuch": "false",
        "type:bug_fix": "task_type = 'bug_fix'",
        "type:ref*,documentation": "task_type LIKE 'ref%' OR task_type = 'documentation'",
        "login": "description ILIKE '%login%' OR assigned_to ILIKE '%login%'",
        "LOGIN work": "description ILIKE '%login%' OR (assigned_to ILIKE '%login%')",
        '"time out"': "error_message ILIKE '%time out%'",
        "100%": "error_message LIKE '%100\\%%' OR description LIKE '%100\\%%'",
        "bug_f": "task_type LIKE 'bug\\_f%'",
        TASK: f"id = '{TASK}'",
        f"task:{TASK}": f"id = '{TASK}'",
        "-status:failed,pending": "status NOT IN ('failed', 'pending') OR status IS NULL",
        "-login -type:bug_fix": (
            "(description NOT ILIKE '%login%' OR description IS NULL)"
            " AND (assigned_to NOT ILIKE '%login%' OR assigned_to IS NULL) AND task_type IS DISTINCT FROM 'bug_fix'"
        ),
        "who:agent-login": "assigned_to = 'agent-login'",
        "who:agent*": "assigned_to LIKE 'agent%'",
        "-who:agent*": "assigned_to NOT LIKE 'agent%' OR assigned_to IS NULL",
        "error:TIME error:100%": "error_message ILIKE '%time%' AND error_message LIKE '%100\\%%'",
        "-error:time": "error_message NOT ILIKE '%time%' OR error_message IS NULL",
        "risk:low,high": "risk_level IN ('low', 'high')",
        "since:1830s": "created_at >= now() - interval '30.5 minutes'",
        "until:1830s status:failed": "created_at <= now() - interval '30.5 minutes' AND status = 'failed'",
        "age:<3630s age:>630s": (
            "created_at >= now() - interval '60.5 minutes' AND created_at <= now() - interval '10.5 minutes'"
        ),
        "status:failed type:bug_fix login": (
            "status = 'failed' AND task_type = 'bug_fix'"
            " AND (description ILIKE '%login%' OR assigned_to ILIKE '%login%')"
        ),
    },
    Table.INBOX: {
        "": "true",
        "type:bug_fix": "task_type = 'bug_fix'",
        "login": "description ILIKE '%login%' OR assigned_to ILIKE '%login%'",
        TASK: f"id = '{TASK}'",
        f"task:{TASK}": f"id = '{TASK}'",
    },
    Table.LOGS: {
        "status:failed": "step_status = 'failed'",
        "step:task_started": "execution_step = 'task_started'",
        "step:task_*": "execution_step LIKE 'task\\_%'",
        "step:watchdog*": "execution_step LIKE 'watchdog%'",
        "K_STARTED": "execution_step ILIKE '%k\\_started%'",
        TASK: f"task_id = '{TASK}'",
        RUN: f"input_data->>'run' = '{RUN}'",
        f"task:{TASK}": f"task_id = '{TASK}'",
        "took:>10s": "duration_ms > 10000",
        "took:<1s -step:task_*": "duration_ms < 1000 AND execution_step NOT LIKE 'task\\_%'",
        f"status:started task:{TASK} healing": (
            f"step_status = 'started' AND task_id = '{TASK}' AND execution_step LIKE '%healing%'"
        ),
    },
    Table.ORDERS: {
        "status:failed": "step_status = 'failed'",
        "action:heal": "input_data->>'order' = 'heal'",
        "action:retry*": "input_data->>'order' LIKE 'retry%'",
        "ann@HOST-10": "input_data->>'who' ILIKE '%ann@host-10%'",
        "y_m": "input_data->>'order' LIKE '%y\\_m%'",
        "healing": "true",
        '-who:"operator Ann@host-10" -action:heal': (
            "input_data->>'who' <> 'operator Ann@host-10' AND input_data->>'order' <> 'heal'"
        ),
        RUN: f"input_data->>'run' = '{RUN}'",
        f"task:{TASK}": (
            f"task_id = '{TASK}' OR input_data->'plan'->>'task' = '{TASK}'"
            f" OR input_data->'plan'->'ids' ? '{TASK}' OR output_data->'ids' ? '{TASK}'"
        ),
    },
    Table.SAFETY: {
        "check:lint_check": "check_type = 'lint_check'",
        "check:type_*": "check_type LIKE 'type\\_%'",
        "E_CHECK": "check_type ILIKE '%e\\_check%'",
    },
}
FILTERS_OF_SAFETY = {
    "deployed": {
        "status:passed": "passed",
        "status:failed": "NOT passed",
        "status:passed,failed": "true",
        "status:enabled": "false",
        f"task:{TASK}": f"task_id = '{TASK}'",
        TASK: f"task_id = '{TASK}'",
    },
    "documented": {
        "status:enabled": "enabled",
        "status:disabled": "NOT enabled",
        "status:failed": "false",
        '"name 77"': "check_name ILIKE '%name 77%'",
    },
}


@pytest.mark.parametrize("table", Table)
async def test_every_filter_gives_the_rows_that_match_and_counts_them(
    table: Table, sandbox: Running, monitor: Monitor
) -> None:
    FILL[table](sandbox)
    cases = FILTERS[table] | (FILTERS_OF_SAFETY[sandbox.shape] if table is Table.SAFETY else {})
    for text, where in cases.items():
        listing = Listing(table=table, filter=parse_filter(text, table))
        found = ids(await whole(monitor, listing))
        assert found == expected(sandbox, table, where), text
        assert await monitor.total(listing) == (len(found), True), text


async def test_a_page_says_what_it_knows_and_beyond_the_end_nothing(sandbox: Running, monitor: Monitor) -> None:
    sandbox.completed(10)
    listing = Listing(table=Table.TASKS)

    async def told(offset: int, limit: int) -> tuple[int, bool, int | None]:
        page = await monitor.page(listing, offset, limit)
        return len(page.rows), page.more, page.total

    assert await told(0, 4) == (4, True, None)
    assert await told(4, 6) == (6, False, 10)
    assert await told(0, 500) == (10, False, 10)
    assert await told(10, 5) == (0, False, None)
    for offset, limit in ((0, 0), (0, 501), (-1, 5)):
        with pytest.raises(ValueError, match="a page has 1 to 500 rows"):
            await monitor.page(listing, offset, limit)


async def test_reading_pages_counts_nothing(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(30)
    async with wire(sandbox.url) as between:
        target = Target(name="probe", url=between.url, key=sandbox.service_key)
        monitor = Monitor(Config(target=target), places=Places.within(tmp_path))
        await monitor.discover()
        between.heads.clear()
        assert len(await whole(monitor, Listing(table=Table.TASKS), 10)) == 30
        assert len(between.heads) == 3
        assert not any("count=" in head for head in between.heads)
        await monitor.close()


async def test_above_fifty_thousand_the_total_is_the_servers_estimate(sandbox: Running, monitor: Monitor) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'many' FROM generate_series(1, 51000)")
    sandbox.sql("ANALYZE autonomous_tasks")
    for column in ("age", "priority"):
        listing = await monitor.sortable(Listing(table=Table.TASKS, sort=Sort(column)))
        assert listing.within is (column == "priority")
        page = await monitor.page(listing, 0, SORTED_HERE)
        assert (len(page.rows), page.more, page.total) == (SORTED_HERE, column == "age", None)
    total, exact = await monitor.total(Listing(table=Table.TASKS))
    assert not exact
    assert 50_000 < total < 70_000
    few = await monitor.total(Listing(table=Table.TASKS, filter=Filter(status=("failed",))))
    assert few == (0, True)


@contextlib.contextmanager
def policy(sandbox: Running, definition: str) -> Iterator[None]:
    """A policy more on the tasks, for the length of a block."""
    sandbox.sql(f"CREATE POLICY probe ON autonomous_tasks {definition}")
    try:
        yield
    finally:
        sandbox.sql("DROP POLICY probe ON autonomous_tasks")


def master(sandbox: Running) -> dict[str, str]:
    """Signed in, so that policies hold."""
    return {
        "key": sandbox.publishable_key,
        "email": sandbox.info["user"],
        "password": sandbox.info["password"],
    }


async def test_a_count_that_the_server_breaks_off_leaves_the_estimate(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(300)
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('far')")
    sandbox.sql(
        "CREATE OR REPLACE FUNCTION in_time(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"
        " IF $1 = 'far' THEN RAISE 'canceling statement due to statement timeout' USING ERRCODE = '57014'; END IF;"
        " RETURN true; END $$"
    )
    with policy(sandbox, "AS RESTRICTIVE FOR SELECT USING (in_time(description))"):
        async for monitor in monitor_of(sandbox, tmp_path, **master(sandbox)):
            total, exact = await monitor.total(Listing(table=Table.TASKS))
            assert not exact
            assert total > 0


async def test_what_row_level_security_hides_is_neither_listed_nor_counted(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(20)
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('hidden')")
    hidden = str(sandbox.sql("SELECT id FROM autonomous_tasks WHERE description = 'hidden'")[0][0])
    with policy(sandbox, "AS RESTRICTIVE FOR SELECT USING (description <> 'hidden')"):
        async for monitor in monitor_of(sandbox, tmp_path, **master(sandbox)):
            assert len(await whole(monitor, Listing(table=Table.TASKS))) == 20
            assert await monitor.total(Listing(table=Table.TASKS)) == (20, True)
            assert await monitor.task_detail(hidden) is None


HOSTILE_WORDS = ("a,b)", '"', "\\", "%", "*", "_", "(or=x", "🙂", "'", "a*b", "%41", "&x=1", "x.eq.1", "{", "[/", "  ")


async def test_a_hostile_word_finds_the_rows_that_have_it_and_no_other(sandbox: Running, monitor: Monitor) -> None:
    insert = "INSERT INTO autonomous_tasks (task_type, assigned_to, description)"
    sandbox.sql(f"{insert} SELECT 'refactoring', NULL, 'b,a ' || i FROM generate_series(1, 5) AS i")
    sandbox.sql(f"{insert} VALUES ('refactoring', NULL, 'aXb A plain one'), ('refactoring', NULL, '')")
    for word in HOSTILE_WORDS:
        text = f"before {word} after"
        sandbox.sql("UPDATE autonomous_tasks SET description = %s WHERE description = '' OR description ~ '^bef'", text)
        for table in (Table.LOGS, Table.ORDERS, Table.SAFETY):
            assert (await monitor.page(Listing(table=table, filter=Filter(words=(word,))), 0, 5)).rows == (), word
        for filtered in (Filter(words=(word,)), Filter(words=(word, "AFTER"))):
            listing = Listing(table=Table.TASKS, filter=filtered)
            assert [row.description for row in await whole(monitor, listing)] == [text]
            assert await monitor.total(listing) == (1, True), word


async def test_hostile_statuses_and_kinds_are_values_and_nothing_else(sandbox: Running, monitor: Monitor) -> None:
    sandbox.completed(3)
    for value in [*HOSTILE_WORDS[:4], "(or=x", "null", "🙂", "true,false"]:
        sandbox.sql("DELETE FROM autonomous_execution_logs")
        sandbox.sql("INSERT INTO autonomous_execution_logs (execution_step, step_status) VALUES (%s, 'failed')", value)
        for table in Table:
            assert (await monitor.page(Listing(table=table, filter=Filter(status=(value,))), 0, 5)).rows == (), value
        for kind in (exactly(value), f"{exactly(value)}*"):
            listing = Listing(table=Table.LOGS, filter=Filter(kind=(kind, "nosuch")))
            assert [row.step for row in await whole(monitor, listing)] == [value]


async def test_the_longest_filter_fits_into_an_address(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        target = Target(name="probe", url=between.url, key=sandbox.service_key)
        monitor = Monitor(Config(target=target), places=Places.within(tmp_path))
        for char in ("\\", "🙂", "%", '"'):
            listing = Listing(table=Table.TASKS, filter=Filter(words=(char * 150,)))
            assert (await monitor.page(listing, 0, 500)).rows == ()
        assert max(len(line) for line in between.seen) < 8_000
        await monitor.close()


async def test_a_value_that_the_database_refuses_is_told(sandbox: Running, monitor: Monitor) -> None:
    checks = sandbox.sql(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'c' AND conrelid = 'autonomous_safety_checks'::regclass"
    )
    for name, _ in checks:
        sandbox.sql(f"ALTER TABLE autonomous_safety_checks DROP CONSTRAINT {name}")
    sandbox.sql(
        "DELETE FROM autonomous_safety_checks; CREATE TYPE kind_of_check AS ENUM ('lint');"
        "ALTER TABLE autonomous_safety_checks ALTER check_type TYPE kind_of_check USING check_type::kind_of_check"
    )
    listing = Listing(table=Table.SAFETY, filter=parse_filter("check:nosuch", Table.SAFETY))
    try:
        for ask in (monitor.page(listing, 0, 5), monitor.total(listing)):
            with pytest.raises(NotLive) as refused:
                await ask
            assert "the database rejected a value of the filter (" in refused.value.fault.sentence()
            assert refused.value.fault.sentence().endswith(": change the filter")
    finally:
        sandbox.sql("ALTER TABLE autonomous_safety_checks ALTER check_type TYPE text; DROP TYPE kind_of_check")
        for name, definition in checks:
            sandbox.sql(f"ALTER TABLE autonomous_safety_checks ADD CONSTRAINT {name} {definition}")


async def test_a_project_without_safety_checks_lacks_nothing_else(sandbox: Running, monitor: Monitor) -> None:
    sandbox.completed(1)
    sandbox.sql("ALTER TABLE autonomous_safety_checks RENAME TO elsewhere")
    try:
        for ask in (
            monitor.page(Listing(table=Table.SAFETY), 0, 5),
            monitor.total(Listing(table=Table.SAFETY)),
            monitor.safety_detail(TASK),
        ):
            with pytest.raises(NotLive) as missing:
                await ask
            assert missing.value.fault.kind == "missing_table"
            assert "this project keeps no safety checks" in missing.value.fault.message
        await monitor.refresh(everything=True)
        assert monitor.faults() == ()
        assert len((await monitor.page(Listing(table=Table.TASKS), 0, 5)).rows) == 1
    finally:
        sandbox.sql("ALTER TABLE elsewhere RENAME TO autonomous_safety_checks")
    assert (await monitor.page(Listing(table=Table.SAFETY), 0, 5)).rows == ()  # it is asked for anew


async def test_safety_checks_that_belong_to_no_task_say_so(sandbox: Running, monitor: Monitor) -> None:
    fill_safety(sandbox)
    listing = Listing(table=Table.SAFETY, filter=Filter(task=TASK))
    if sandbox.shape == "deployed":
        assert await monitor.total(listing) == (ROWS // 4, True)
    else:
        with pytest.raises(NotLive) as refused:
            await monitor.page(listing, 0, 5)
        assert "belong to no task" in refused.value.fault.sentence()


async def test_safety_checks_tell_what_their_shape_knows(sandbox: Running, monitor: Monitor) -> None:
    fill_safety(sandbox)
    checks: list[SafetyCheck] = await whole(monitor, Listing(table=Table.SAFETY))
    failing = [check for check in checks if check.verdict in {"failed", "disabled"}]
    assert len(failing) == ROWS // 5
    assert all(check.at is not None for check in checks)
    if sandbox.shape == "deployed":
        assert {check.verdict for check in checks} == {"passed", "failed"}
        assert {check.text for check in failing} == {"no"}
        assert {check.task_id for check in checks} == {None, TASK}
        assert {(check.name, check.blocking) for check in checks} == {("", None)}
    else:
        assert {check.verdict for check in checks} == {"enabled", "disabled"}
        assert {check.blocking for check in checks} == {True, False}
        assert all(check.name.startswith("name ") and check.task_id is None for check in checks)


async def test_one_row_in_full(sandbox: Running, monitor: Monitor) -> None:
    fill_one_task(sandbox)
    sandbox.sql(
        "UPDATE autonomous_tasks SET description = E'one\\ntwo', result = '{\"é\": [1]}', files_affected = '{a,b}'"
    )
    detail = await monitor.task_detail(TASK)
    assert detail is not None
    assert (detail.task.id, detail.row.id, detail.task.description) == (TASK, TASK, "one two")
    shown = {column.name: column.lines for column in detail.row.columns}
    columns = sandbox.sql(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = 'autonomous_tasks'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    assert set(shown) == {name for (name,) in columns}
    assert shown["description"] == ("one", "two")
    assert shown["result"] == ("{", '  "é": [', "    1", "  ]", "}")
    assert shown["files_affected"] == ("[", '  "a",', '  "b"', "]")
    assert (shown["requires_approval"], shown["priority"], shown["error_message"]) == (
        ("false",),
        ("0",) if sandbox.shape == "deployed" else ("5",),
        (),
    )
    fill_orders = (
        "INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status) VALUES (%s, 'x', 'failed')"
    )
    sandbox.sql(fill_orders, TASK)
    log = (await whole(monitor, Listing(table=Table.LOGS)))[0]
    found = await monitor.log_detail(log.id)
    assert found is not None
    assert found.entry == log
    assert ("x",) in [column.lines for column in found.row.columns]


@pytest.mark.usefixtures("sandbox")
async def test_a_row_that_is_not_there_is_none(monitor: Monitor) -> None:
    for name in (TASK, "no-uuid", "", "a,b)", "1"):
        assert await monitor.task_detail(name) is None, name
        assert await monitor.log_detail(name) is None, name
        assert await monitor.safety_detail(name) is None, name


async def test_the_error_column_may_have_its_other_name(sandbox: Running, monitor: Monitor) -> None:
    sandbox.sql("ALTER TABLE autonomous_tasks RENAME error_message TO error")
    try:
        sandbox.sql("INSERT INTO autonomous_tasks (description, error) VALUES ('x', 'Boom')")
        rows = await whole(monitor, Listing(table=Table.TASKS, filter=Filter(words=("boom",))))
        assert [row.error for row in rows] == ["Boom"]
    finally:
        sandbox.sql("ALTER TABLE autonomous_tasks RENAME error TO error_message")


ASKED: dict[str, Callable[[Monitor], Awaitable[Any]]] = {
    "tasks": lambda m: m.page(Listing(table=Table.TASKS), 0, 5),
    "inbox": lambda m: m.page(Listing(table=Table.INBOX), 0, 5),
    "logs": lambda m: m.page(Listing(table=Table.LOGS), 0, 5),
    "orders": lambda m: m.page(Listing(table=Table.ORDERS), 0, 5),
    "safety": lambda m: m.page(Listing(table=Table.SAFETY), 0, 5),
    "total": lambda m: m.total(Listing(table=Table.TASKS)),
    "task": lambda m: m.task_detail(TASK),
    "log": lambda m: m.log_detail(TASK),
    "check": lambda m: m.safety_detail(TASK),
}


async def test_with_the_database_down_every_read_says_so(sandbox: Running, monitor: Monitor) -> None:
    await monitor.discover()
    sandbox.fault("database_down", True)
    for ask in ASKED.values():
        with pytest.raises(NotLive) as down:
            await ask(monitor)
        assert down.value.fault.evidence is Evidence.DOWN
    sandbox.fault("database_down", False)
    for ask in ASKED.values():
        await ask(monitor)


@ONE_SHAPE
@pytest.mark.parametrize("discovered", [True, False])
async def test_a_silent_server_is_given_up_within_the_limit(discovered: bool, sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        config = Config(
            target=Target(name="probe", url=between.url, key=sandbox.service_key),
            refresh=RefreshRules(total_s=0.25),
            limits=RequestLimits(request_s=60, probe_s=60),
        )
        monitor = Monitor(config, places=Places.within(tmp_path))
        await monitor.parts.backend.connect()  # the import takes its time once
        while discovered and monitor.parts.checks.schema is None:
            with contextlib.suppress(NotLive):  # a busy machine may take longer than that
                await monitor.discover()
        between.acts["/rest/"] = hang
        for name in ("tasks", "total", "task"):
            async with asyncio.timeout(30):  # less than one request alone may take
                with pytest.raises(NotLive):
                    await ASKED[name](monitor)
        await monitor.close()


async def test_an_open_breaker_refuses_and_the_others_are_asked(sandbox: Running, monitor: Monitor) -> None:
    await monitor.run(HOLD_BREAKER, breaker="db:list_logs", reason="for a test")
    with pytest.raises(NotLive) as refused:
        await ASKED["logs"](monitor)
    assert refused.value.fault.kind == "refused_by_breaker"
    await ASKED["tasks"](monitor)
    await ASKED["orders"](monitor)


@pytest.mark.parametrize("shape", SHAPES)
async def test_no_hostile_text_of_any_column_is_left_as_it_came(
    shape: str, lone_sandbox: Callable[..., Running], tmp_path: Path
) -> None:
    sandbox = lone_sandbox(shape)
    plant(sandbox)
    async for monitor in monitor_of(sandbox, tmp_path):
        for table in Table:
            rows = await whole(monitor, Listing(table=table), 20)
            assert len(rows) >= len(HOSTILE)
            of_tasks = dict.fromkeys((Table.TASKS, Table.INBOX), monitor.task_detail)
            ask = (of_tasks | {Table.SAFETY: monitor.safety_detail}).get(table, monitor.log_detail)
            for row in rows:
                detail = await ask(row.id)
                assert detail is not None
                for text in said(msgspec.to_builtins((row, detail))):
                    assert not CONTROL.search(text)
                for column in detail.row.columns:
                    assert sum(map(len, column.lines)) < 20_100
        await monitor.refresh(everything=True)
        await monitor.check()
        assert monitor.faults() == ()
        for name, reading in monitor.parts.readings.values.items():
            assert reading.live, name
        for text in said(msgspec.to_builtins(monitor.snapshot)):
            assert not CONTROL.search(text)


def said(value: Any) -> Iterator[str]:
    """Every text in it, names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from said(name)
            yield from said(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from said(one)
