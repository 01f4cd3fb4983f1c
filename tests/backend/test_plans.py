"""With the optional indexes no read of a refresh, a check or an action's plan walks through all tasks or log rows."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import psycopg
import pytest

from core.backend.client import Backend, RequestLimits
from core.backend.reads import Reads
from core.backend.reads.figures import STREAMS
from core.backend.schema import LOGS, TASKS, discover
from core.backend.sizes import EXACT_UP_TO
from core.backend.target import Target
from core.base.clock import SystemClock
from core.domain.queries import Filter, Listing, Table
from core.domain.sorting import OLDEST, Sort
from core.history.trend_events import OF_ACTIONS, OF_ALERTS
from tests.bench.scale import fill, install
from tests.running import Command, Running
from tests.wire import wire

ROWS: Final = 60_000
"""Enough for the planner to think twice before it reads all of a table; `tests/bench/scale.py` goes to a million."""

NOW = datetime.now(UTC)
DAY, WEEK, MONTH = (NOW - timedelta(days=days) for days in (1, 7, 30))
A, B = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"

READS: Final[dict[str, Callable[[Reads], Awaitable[object]]]] = {
    "open counts": lambda reads: reads.counts.open(),
    "count of failed": lambda reads: reads.counts.in_status("failed"),
    "count of completed": lambda reads: reads.counts.in_status("completed"),
    "newest tasks": lambda reads: reads.tasks.newest(50),
    "newer tasks": lambda reads: reads.tasks.newer((DAY, A), (A, B), 50),
    "newest log rows": lambda reads: reads.logs.newest(50),
    "newer log rows": lambda reads: reads.logs.newer((DAY, A), (A, B), 50),
    "success of a day": lambda reads: reads.outcomes.success_rate(DAY, NOW),
    "success of a week": lambda reads: reads.outcomes.success_rate(WEEK, NOW),
    "success without ours": lambda reads: reads.outcomes.success_rate(DAY, NOW, without_ours=True),
    "simulated": lambda reads: reads.outcomes.simulated(DAY, NOW),
    "last completed": lambda reads: reads.outcomes.last_completed_at(NOW),
    "last failed": lambda reads: reads.outcomes.last_failed_at(NOW),
    "running": lambda reads: reads.tasks.running(),
    "first running": lambda reads: reads.tasks.first("in_progress", 3),
    "first pending": lambda reads: reads.tasks.first("pending", 3),
    "signs of life": lambda reads: reads.tasks.with_signs_of_life((A, B), DAY, NOW),
    "any log rows": lambda reads: reads.tasks.with_visible_logs((A, B)),
    "oldest pending tasks": lambda reads: reads.tasks.oldest("pending", 10),
    "oldest tasks in review": lambda reads: reads.tasks.oldest("awaiting_review", 10),
    "last failures": lambda reads: reads.tasks.failed_since(DAY, 10),
    "oldest pending": lambda reads: reads.tasks.oldest_pending_at(NOW),
    "oldest in review": lambda reads: reads.tasks.oldest_in_review_at(NOW),
    "started today": lambda reads: reads.counts.started(DAY, NOW),
    "healed": lambda reads: reads.counts.healed(WEEK),
    "newest health row": lambda reads: reads.logs.newest_health_at(DAY, NOW),
    "alert rows": lambda reads: reads.logs.alert_rows(WEEK, ("silence", "acknowledge")),
    "lease": lambda reads: reads.logs.lease(A),
    "watchdog's rows": lambda reads: reads.logs.by_watchdog(healing=False, since=DAY, limit=50),
    "failed steps": lambda reads: reads.logs.failed_between(DAY, NOW, 50),
    "heal durations": lambda reads: reads.audit.heal_durations(MONTH),
    "false rescues": lambda reads: reads.audit.false_rescues(WEEK),
    "last resume": lambda reads: reads.audit.last_resume_at(MONTH),
    "ended actions": lambda reads: reads.audit.ended(DAY, ("heal", "emergency_stop")),
    "unfinished actions": lambda reads: reads.audit.unfinished("heal", DAY),
    "stop's trail": lambda reads: reads.audit.stop_trail(),
    "finished in a window": lambda reads: reads.trends.count_finished(DAY, NOW),
    "simulated in a window": lambda reads: reads.trends.count_simulated(DAY, NOW),
    "failures in a window": lambda reads: reads.trends.failures(DAY, NOW),
    "figures of what was completed": lambda reads: reads.figures.page(STREAMS[0], MONTH, NOW, None),
    "figures, the next page": lambda reads: reads.figures.page(STREAMS[1], MONTH, NOW, (WEEK, A)),
    "figures of what has no end": lambda reads: reads.figures.page(STREAMS[-1], MONTH, NOW, None),
    "when simulated in a window": lambda reads: reads.trends.simulated(MONTH, NOW, ""),
    "events in a window": lambda reads: reads.trends.events(MONTH, NOW, tuple(OF_ACTIONS), tuple(OF_ALERTS)),
    "checks in a window": lambda reads: reads.trends.checks(DAY, NOW, 0),
    "page of tasks": lambda reads: reads.lists.page(Listing(table=Table.TASKS), 0, 50),
    "page of failed tasks": lambda reads: reads.lists.page(
        Listing(table=Table.TASKS, filter=Filter(status=("failed",))), 0, 50
    ),
    "oldest tasks": lambda reads: reads.lists.page(Listing(table=Table.TASKS, sort=OLDEST), 0, 50),
    "page of tasks sorted here": lambda reads: reads.lists.page(
        Listing(table=Table.TASKS, sort=Sort("took"), within=True), 0, 50
    ),
    "page of log rows": lambda reads: reads.lists.page(Listing(table=Table.LOGS), 0, 50),
}


@pytest.fixture
def large(sandbox: Running) -> Iterator[Running]:
    one = Running(sandbox.shape)
    try:
        fill(one, ROWS, logs=1)
        install(one)
        yield one
    finally:
        one.close()


def walked(plan: Any) -> set[str]:
    """The tables of which a plan reads every row."""
    if isinstance(plan, list):
        return set().union(*map(walked, plan))
    if not isinstance(plan, dict):
        return set()
    here = {plan["Relation Name"]} if plan.get("Node Type") == "Seq Scan" else set()
    return here | walked(list(plan.values()))


async def asked(large: Running, name: str) -> list[str]:
    """The statements of one read, as requests: those that only ask the planner left out."""
    async with wire(large.url) as between:
        backend = Backend(
            Target(name="t", url=between.url, key=large.service_key), SystemClock(), RequestLimits(request_s=30.0)
        )
        reads = Reads(backend.calls, await discover(backend))
        between.seen.clear()
        between.heads.clear()
        await READS[name](reads)
        await backend.close()
        requests = zip(between.seen, between.heads, strict=True)
        read = [(address.partition(" ")[2], head) for address, head in requests if address.startswith("GET")]
        return [
            counting(address) if "count=exact" in head else address
            for address, head in read
            if "planned" not in head and f"offset={EXACT_UP_TO}" not in address  # that reads no more than so many
        ]


def counting(address: str) -> str:
    """The statement that counts the rows of a request: it needs none of their values, and all of them."""
    asked = urlsplit(address)
    given = parse_qsl(asked.query)
    embedded = [item for item in dict(given)["select"].split(",") if LOGS in item]
    select = ",".join(("status" if TASKS in asked.path else "id", *embedded))
    kept = [(key, value) for key, value in given if key not in {"limit", "offset", "order", "select"}]
    return f"{asked.path}?{urlencode([('select', select), *kept])}"


async def walks(large: Running, name: str) -> list[str]:
    """What of one read walks through a table, with the plan."""
    headers = {"apikey": large.service_key, "Accept": "application/vnd.pgrst.plan+json"}
    found = []
    async with httpx.AsyncClient(base_url=large.url, headers=headers, timeout=30) as http:
        for address in await asked(large, name):
            plan = await http.get(address)
            assert plan.status_code == 200, plan.text
            if walked(plan.json()) & {TASKS, LOGS}:
                found.append(f"{name}: {address}\n{json.dumps(plan.json())}")
    return found


async def test_large_tables(large: Running, command: Command) -> None:
    """All of it in one test: it takes some seconds to fill them."""
    await no_read_walks_through_a_table(large)
    nor_does_our_function(large)
    await more_than_fifty_thousand_are_estimated_and_say_so(large, command)


async def no_read_walks_through_a_table(large: Running) -> None:
    found = [one for name in READS for one in await walks(large, name)]
    assert not found, "\n".join(found)


def nor_does_our_function(large: Running) -> None:
    scans = (
        "SELECT pg_stat_force_next_flush()",
        "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY (%s)",
    )
    asked = {
        "since": DAY.isoformat(), "until": NOW.isoformat(), "slow": True, "most_tasks": 50, "most_logs": 50,
        "tasks": [], "logs": [],
    }  # fmt: skip
    with psycopg.connect(large.database_url, autocommit=True) as line:
        line.execute(scans[0])
        before = dict(line.execute(scans[1], ([TASKS, LOGS],)).fetchall())
        row = line.execute("SELECT public.watchdesk_overview(%s::jsonb)", (json.dumps(asked),)).fetchone()
        line.execute(scans[0])
        after = dict(line.execute(scans[1], ([TASKS, LOGS],)).fetchall())
    assert row is not None
    assert len(row[0]["tasks"]) == 50
    assert after == before


async def more_than_fifty_thousand_are_estimated_and_say_so(large: Running, command: Command) -> None:
    backend = Backend(Target(name="t", url=large.url, key=large.service_key), SystemClock())
    singly = await Reads(backend.calls, await discover(backend)).counts.by_status()
    await backend.close()
    in_one = json.loads(command("status", "--json", sandbox=large).stdout)["tasks"]
    page = command("status", sandbox=large).stdout
    [(completed, failed)] = large.sql(
        "SELECT count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'failed')"
        " FROM autonomous_tasks"
    )
    for counts, estimated in ((singly.counts, singly.estimated), (in_one["counts"], tuple(in_one["estimated"]))):
        assert estimated == ("completed",)
        assert counts["completed"] == pytest.approx(completed, rel=0.05)
        assert counts["failed"] == failed
    assert re.search(r"≈5\d,\d00 completed, 1,\d{3} failed", page), page
