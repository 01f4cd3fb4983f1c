"""The fault table: every way a project, a proxy or the network can answer, on a real socket, as one `Fault` each."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from core.backend.client import Backend, RequestLimits
from core.backend.faults import Failed, classify
from core.backend.reads import Reads
from core.backend.schema import UNDISCOVERED
from core.backend.target import Target, read_target
from core.backend.writes import Writes
from core.backend.writes.rows import BATCH
from core.base.clock import SystemClock
from core.base.settings import Layers
from core.resilience import Breakers, BreakerState, Guard, Outcome, Policy
from core.resilience.fault import Counts, Evidence, Fault, Party
from tests.backend.rows import odd
from tests.clock import FakeClock
from tests.running import ROOT
from tests.wire import Act, Wire, answer, drip, hang, never_accepts, reset, wire

FAST = RequestLimits(connect_s=0.3, request_s=0.5, slot_s=0.3)
PATIENT = RequestLimits(connect_s=60, request_s=60, slot_s=60)
"""For what answers, however busy the machine."""
KEY = "sb_secret_canary"


def error(status: str, headers: str = "", **body: object) -> Act:
    return answer(json.dumps(body).encode(), status, headers=headers)


def raw(text: bytes) -> Act:
    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return act


DOWN, ALIVE, SILENT, NONE = Evidence.DOWN, Evidence.ALIVE, Evidence.SILENT, Evidence.NONE
BAD, FINE, NOTHING = Counts.FAILURE, Counts.SUCCESS, Counts.NEUTRAL

# what the socket does: (kind, what it counts as, what it proves, must a person act)
TABLE: dict[str, tuple[Act, tuple[str, Counts, Evidence, bool]]] = {
    "200 with a web page": (answer(b"<html>hello</html>", kind="text/html"), ("garbage", BAD, DOWN, False)),
    "200 with a web page called JSON": (answer(b"<html>hello</html>"), ("garbage", BAD, DOWN, False)),
    "200 with broken JSON": (answer(b'[{"id": '), ("garbage", BAD, DOWN, False)),
    "200 with null": (answer(b"null"), ("garbage", BAD, DOWN, False)),
    "200 with an object": (answer(b"{}"), ("garbage", BAD, DOWN, False)),
    "200 with a number": (answer(b"7"), ("garbage", BAD, DOWN, False)),
    "200 with a list of no rows": (answer(b"[1, null]"), ("garbage", BAD, DOWN, False)),
    "200 with nothing": (answer(b""), ("garbage", BAD, DOWN, False)),
    "bad UTF-8": (answer(b'[{"id": "\xff\xfe'), ("garbage", BAD, DOWN, False)),
    "a redirect": (
        answer(b"", "302 Found", headers="Location: http://127.0.0.1:9/\r\n"),
        ("garbage", BAD, DOWN, False),
    ),
    "a truncated body": (answer(b"[", length=500), ("broken_answer", BAD, DOWN, False)),
    "no HTTP at all": (raw(b"SSH-2.0-OpenSSH\r\n\r\n"), ("broken_answer", BAD, DOWN, False)),
    "closed without a word": (raw(b""), ("broken_answer", BAD, DOWN, False)),
    "a connection that breaks": (reset, ("reset", BAD, DOWN, False)),
    "a body that drips for ever": (drip(), ("timeout", BAD, SILENT, False)),
    "silence": (hang, ("timeout", BAD, SILENT, False)),
    "500 with a body": (error("500 Internal", code="XX000", message="oops"), ("server", BAD, DOWN, False)),
    "502 of a proxy": (answer(b"<html>", "502 Bad Gateway", "text/html"), ("proxy", BAD, DOWN, False)),
    "503 of a proxy": (answer(b"<html>", "503 Unavailable", "text/html"), ("proxy", BAD, DOWN, False)),
    "520 of a proxy": (answer(b"error code: 520", "520 x", "text/plain"), ("server", BAD, DOWN, False)),
    "522 of a proxy": (answer(b"<html>", "522 x", "text/html"), ("proxy", BAD, DOWN, False)),
    "544 of a proxy": (answer(b"", "544 x", "text/plain"), ("server", BAD, DOWN, False)),
    "540, paused": (answer(b"<html>", "540 Project paused", "text/html"), ("paused", BAD, DOWN, True)),
    "429 with a code": (error("429 Too Many", code="429", message="slow down"), ("rate_limited", BAD, ALIVE, False)),
    "429 without a code": (error("429 Too Many", message="slow down"), ("rate_limited", BAD, ALIVE, False)),
    "429 with a web page": (answer(b"<html>", "429 Too Many", "text/html"), ("rate_limited", BAD, ALIVE, False)),
    "PGRST000": (error("503 x", code="PGRST000", message="no connection"), ("database", BAD, DOWN, False)),
    "PGRST001": (error("503 x", code="PGRST001", message="lost"), ("database", BAD, DOWN, False)),
    "PGRST002": (error("503 x", code="PGRST002", message="no schema"), ("database", BAD, DOWN, False)),
    "PGRST003": (error("504 x", code="PGRST003", message="pool"), ("database", BAD, DOWN, False)),
    "57014, statement timeout": (error("500 x", code="57014", message="cancelled"), ("database", BAD, DOWN, False)),
    "53300, too many connections": (error("503 x", code="53300", message="too many"), ("database", BAD, DOWN, False)),
    "25006, read-only": (error("405 x", code="25006", message="read-only"), ("database", BAD, DOWN, False)),
    "401 of the gateway": (error("401 x", message="Invalid API key", hint="x"), ("bad_key", FINE, ALIVE, True)),
    "401 without JSON": (answer(b"no", "401 x", "text/plain"), ("bad_key", FINE, ALIVE, True)),
    "403": (error("403 x", message="forbidden"), ("bad_key", FINE, ALIVE, True)),
    "PGRST301": (error("401 x", code="PGRST301", message="bad"), ("bad_token", FINE, ALIVE, True)),
    "PGRST303": (error("401 x", code="PGRST303", message="expired"), ("expired_token", FINE, ALIVE, True)),
    "42501": (error("403 x", code="42501", message="denied"), ("not_allowed", FINE, ALIVE, True)),
    "42P01": (error("404 x", code="42P01", message="no such"), ("missing_table", FINE, ALIVE, True)),
    "PGRST205": (error("404 x", code="PGRST205", message="no such"), ("missing_table", FINE, ALIVE, True)),
    "42703": (error("400 x", code="42703", message="no such"), ("missing_column", FINE, ALIVE, True)),
    "PGRST204": (error("400 x", code="PGRST204", message="no such"), ("missing_column", FINE, ALIVE, True)),
    "PGRST202": (error("404 x", code="PGRST202", message="no such"), ("missing_function", FINE, ALIVE, False)),
    "PGRST116": (error("406 x", code="PGRST116", message="rows"), ("not_one_row", FINE, ALIVE, False)),
    "22P02": (error("400 x", code="22P02", message="bad"), ("bad_input", FINE, ALIVE, False)),
    "23505": (error("409 x", code="23505", message="dup"), ("duplicate", FINE, ALIVE, False)),
    "21000": (error("400 x", code="21000", message="WHERE"), ("refused_without_where", FINE, ALIVE, False)),
    "a code nobody knows": (error("400 x", code="P9999", message="new"), ("refused_request", FINE, ALIVE, False)),
}


@pytest.fixture
async def between() -> AsyncIterator[Wire]:
    async with wire() as one:
        yield one


@pytest.fixture
async def backend(between: Wire) -> AsyncIterator[Backend]:
    one = Backend(Target(name="t", url=between.url, key=KEY), SystemClock(), FAST)
    yield one
    await one.close()


async def fault_of(work: Awaitable[object]) -> Fault:
    with pytest.raises(Failed) as caught:
        await work
    assert KEY not in caught.value.fault.sentence()
    assert classify(caught.value) is caught.value.fault
    return caught.value.fault


@pytest.mark.parametrize("case", TABLE)
async def test_every_answer_is_one_fault(case: str, between: Wire) -> None:
    act, expected = TABLE[case]
    between.acts["/rest/"] = act
    limits = msgspec.structs.replace(PATIENT, request_s=0.5) if expected[0] == "timeout" else PATIENT
    backend = Backend(Target(name="t", url=between.url, key=KEY), SystemClock(), limits)
    fault = await fault_of(Reads(backend.calls, UNDISCOVERED).tasks.newest(5))
    await backend.close()
    assert (fault.kind, fault.counts, fault.evidence, fault.person) == expected
    assert fault.message
    assert bool(fault.remedy) or not fault.person  # who must act is told what to do
    assert len(between.seen) == 1  # the client's own retries are off


@pytest.mark.parametrize(
    "header", ["", *(f"Content-Range: {told}\r\n" for told in ("*/*", "0-0/what", "x", f"0-0/{2**70}"))]
)
async def test_a_count_that_does_not_come_is_no_zero(header: str, between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(b"[]", headers=header)
    assert (await fault_of(Reads(backend.calls, UNDISCOVERED).counts.exactly("pending"))).kind == "garbage"


async def test_a_number_that_no_column_holds_is_none(between: Wire, backend: Backend) -> None:
    row = odd.TASK | {"priority": 2**63, "estimated_duration_minutes": 2**63 - 1}
    between.acts["/rest/"] = answer(json.dumps([row]).encode())
    (task,) = await Reads(backend.calls, UNDISCOVERED).tasks.newest(5)
    assert (task.priority, task.estimated_minutes) == (None, 30 * 24 * 60)
    assert {words.split()[0] for words in task.odd} == {"priority", "estimated_duration_minutes"}
    trends = Reads(backend.calls, UNDISCOVERED).trends
    column = UNDISCOVERED.log_time
    rows = [{column: "2026-11-24T12:00:00Z", "duration_ms": value} for value in (2**1100, "7", None, 250)]
    between.acts["/rest/"] = answer(json.dumps(rows).encode())
    assert [took for _, took in await trends.checks(AT, AT, 0)] == [0.25]


AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOON = "Tue, 24 Nov 2026 12:00:00 GMT"
RETRY_AFTER = {
    "seconds": ("Retry-After: 7\r\n", 7.0),
    "a date": ("Date: Tue, 24 Nov 2026 12:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 12:01:30 GMT\r\n", 90.0),
    "a date that is past": (
        "Date: Tue, 24 Nov 2026 12:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2020 12:01:30 GMT\r\n",
        0.0,
    ),
    "a very long one": ("Retry-After: 86400000\r\n", 3600.0),
    "nonsense": ("Retry-After: soon\r\n", None),
    "none": ("", None),
}


@pytest.mark.parametrize("case", RETRY_AFTER)
async def test_the_servers_wish_for_a_pause_is_heard(case: str, between: Wire, backend: Backend) -> None:
    header, seconds = RETRY_AFTER[case]
    between.acts["/rest/"] = error("429 Too Many", header, message="slow down")
    assert (await fault_of(Reads(backend.calls, UNDISCOVERED).config.fetch())).retry_after_s == seconds


async def test_nobody_listens(between: Wire) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        backend = Backend(Target(name="t", url=url, key=KEY), SystemClock(), FAST)
        fault = await fault_of(Reads(backend.calls, UNDISCOVERED).config.fetch())
        assert (fault.kind, fault.evidence) == ("refused", Evidence.DOWN)
        await backend.close()


async def test_a_host_that_lets_nobody_in_proves_nothing() -> None:
    with never_accepts() as url:
        backend = Backend(Target(name="t", url=url, key=KEY), SystemClock(), FAST)
        fault = await fault_of(Reads(backend.calls, UNDISCOVERED).config.fetch())
        assert (fault.kind, fault.counts, fault.evidence) == ("connect_timeout", Counts.FAILURE, Evidence.NONE)
        await backend.close()


async def test_a_name_nobody_knows_proves_nothing() -> None:
    backend = Backend(Target(name="t", url="http://nobody.invalid", key=KEY), SystemClock(), RequestLimits())
    fault = await fault_of(Reads(backend.calls, UNDISCOVERED).config.fetch())
    assert (fault.kind, fault.evidence) == ("no_dns", Evidence.NONE)
    await backend.close()


async def test_no_tls_where_tls_is_expected() -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        backend = Backend(Target(name="t", url=url, key=KEY), SystemClock(), FAST)
        fault = await fault_of(Reads(backend.calls, UNDISCOVERED).config.fetch())
        assert (fault.kind, fault.party, fault.evidence) == ("tls", Party.MACHINE, Evidence.NONE)
        await backend.close()


async def test_cancelled_calls_leave_every_connection_free(between: Wire, backend: Backend) -> None:
    """A request cancelled while it waits for the client's pool would leak its place for ever."""
    between.acts["/rest/"] = hang
    reads = Reads(backend.calls, UNDISCOVERED)
    for _ in range(5):
        calls = [asyncio.ensure_future(reads.config.fetch()) for _ in range(40)]
        await asyncio.sleep(0.05)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    between.acts["/rest/"] = answer(b"[]")
    for _ in range(4):  # as many as there are at once: a place that is lost would be missed
        found = await asyncio.gather(*(reads.config.fetch() for _ in range(FAST.connections)))
        assert found == [None] * FAST.connections


async def test_waiting_too_long_for_a_connection_was_never_sent_and_counts_for_nothing(
    between: Wire, backend: Backend
) -> None:
    between.acts["/rest/"] = hang
    reads = Reads(backend.calls, UNDISCOVERED)
    calls = [asyncio.ensure_future(reads.config.fetch()) for _ in range(FAST.connections)]
    while len(between.seen) < FAST.connections:  # until they hold all there are
        await asyncio.sleep(0.005)
    fault = await fault_of(reads.config.fetch())
    assert (fault.kind, fault.counts, fault.evidence) == ("no_slot", Counts.NEUTRAL, Evidence.NONE)
    await asyncio.gather(*calls, return_exceptions=True)
    assert len(between.seen) == FAST.connections


async def test_hanging_panels_keep_no_check_from_going_out(between: Wire, backend: Backend) -> None:
    between.acts["/rest/v1/autonomous_system_config"] = hang
    between.acts["/rest/v1/autonomous_tasks"] = answer(b"[]")
    panels = [asyncio.ensure_future(Reads(backend.calls, UNDISCOVERED).config.fetch()) for _ in range(20)]
    await asyncio.sleep(0.05)
    assert await Reads(backend.urgent, UNDISCOVERED).tasks.oldest_pending_at(datetime.now(UTC)) is None
    for panel in panels:
        panel.cancel()
    await asyncio.gather(*panels, return_exceptions=True)


async def test_of_a_thousand_callers_at_half_open_one_request_reaches_the_server(
    between: Wire, backend: Backend
) -> None:
    clock = FakeClock()
    breakers = Breakers(clock)
    guard, policy = Guard(clock, breakers, classify), Policy(total_s=5)
    reads = Reads(backend.calls, UNDISCOVERED)

    async def read() -> Outcome[object]:
        return await guard.call("db:x", reads.config.fetch, policy=policy)

    between.acts["/rest/"] = error("503 x", message="down")
    for _ in range(5):
        await read()
    clock.advance(100)
    between.seen.clear()
    between.acts.clear()
    between.acts["/rest/"] = hang
    probe = asyncio.create_task(read())
    while not between.seen:
        await asyncio.sleep(0.01)
    others = await asyncio.gather(*(read() for _ in range(999)))
    assert {outcome.fault.kind for outcome in others if outcome.fault} == {"refused_by_breaker"}
    assert len(between.seen) == 1
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert breakers.get("db:x").state is BreakerState.HALF_OPEN  # cancelling closes nothing
    between.acts["/rest/"] = answer(b"[]")
    outcomes = await asyncio.gather(*(read() for _ in range(1000)))
    assert len(between.seen) == 2
    assert len([outcome for outcome in outcomes if outcome.attempts]) == 1
    assert breakers.get("db:x").state is BreakerState.CLOSED


async def test_it_speaks_http_1_and_sends_no_key_where_a_proxy_logs_it(between: Wire, backend: Backend) -> None:
    between.acts["/"] = answer(b"[]")
    await Reads(backend.calls, UNDISCOVERED).config.fetch()
    (head,) = between.heads
    assert "HTTP/1.1" in head.splitlines()[0]
    assert KEY not in head.splitlines()[0]
    assert f"apikey: {KEY}" in head.lower()
    assert "authorization" not in head.lower()


FUNCTION: dict[str, tuple[Act, str, str]] = {
    "a message of its own": (error("400 x", code="E", message="no such agent"), "refused_request", "no such agent"),
    "not deployed": (error("404 x", code="NOT_FOUND", message="not found"), "refused_request", "not found"),
    "down": (error("503 x", message="down"), "server", "503"),
    "a proxy": (answer(b"<html>", "502 x", "text/html"), "proxy", "502"),
    "silence": (hang, "timeout", "timed out"),
}


@pytest.mark.parametrize("case", FUNCTION)
async def test_an_edge_function_that_fails(case: str, between: Wire, backend: Backend) -> None:
    act, kind, words = FUNCTION[case]
    between.acts["/functions/"] = act
    fault = await fault_of(Reads(backend.calls, UNDISCOVERED).probes.edge_function(0.4))
    assert fault.kind == kind
    assert words in fault.message
    assert between.seen == ["OPTIONS /functions/v1/ai-agent-poll"]


async def test_closing_twice_and_calling_again_is_no_crash(between: Wire, backend: Backend) -> None:
    between.acts["/"] = answer(b"[]")
    await backend.close()
    await backend.close()
    assert await Reads(backend.calls, UNDISCOVERED).config.fetch() is None


async def test_a_write_names_its_rows(backend: Backend) -> None:
    commands, now = Writes(backend.urgent, UNDISCOVERED), SystemClock().now()
    for ids in ((), ("x",) * (BATCH + 1)):
        with pytest.raises(ValueError, match="a write names"):
            await commands.tasks.fail_stuck(ids, began_before=now, error="x")
        with pytest.raises(ValueError, match="a write names"):
            await commands.tasks.reject(ids, status="pending", error="x")


async def test_any_number_of_odd_endings_leaves_nothing_behind(between: Wire, backend: Backend) -> None:
    reads = Reads(backend.calls, UNDISCOVERED)
    for act, _ in TABLE.values():
        between.once.append(("/rest/", act))
    with contextlib.suppress(Failed):
        await asyncio.gather(*(reads.tasks.newest(1) for _ in range(4)))
    for _ in range(len(between.once)):
        with contextlib.suppress(Failed):
            await reads.tasks.newest(1)
    between.acts["/rest/"] = answer(b"[]")
    assert await reads.tasks.newest(1) == ()
    assert backend.calls._slots._value == FAST.connections


URLS = {
    "https://p.supabase.co/rest/v1": "https://p.supabase.co",
    "https://p.supabase.co/rest/v1/": "https://p.supabase.co",
    "https://p.supabase.co/": "https://p.supabase.co",
    " https://p.supabase.co ": "https://p.supabase.co",
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_of_the_rest_api_is_the_projects(url: str) -> None:
    layers = Layers(named=({"SUPABASE_URL": url, "SUPABASE_KEY": "x"},))
    assert read_target(layers).url == URLS[url]


def test_the_clients_traps_are_nowhere_in_the_queries() -> None:
    for path in (ROOT / "core").rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        text = path.read_text()
        for word in (".single(", ".maybe_single(", ".postgrest", "head=True"):
            assert word not in text, path
        if path.parent.name != "backend":
            assert "import httpx" not in text, path
            assert "import supabase" not in text, path


def test_the_first_picture_waits_for_no_client() -> None:
    program = (
        "import sys, tui.app.app, core.monitor\n"
        "print([m for m in ('supabase', 'realtime', 'apprise') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_no_representation_shows_a_secret(tmp_path: Path) -> None:
    target = Target(name="t", url="https://x.example", key=KEY, password="canary-p", access_token="canary-t")
    shown = repr(target) + str(target) + repr(Backend(target, SystemClock())) + repr(msgspec.structs.replace(target))
    assert "canary" not in shown
