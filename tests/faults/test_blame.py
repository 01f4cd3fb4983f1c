"""Who is at fault, and who says so: `status`, a monitor that runs, and an action, for each way to fail.

What is said follows from the fault that is made of a failure. So all that follows is tried with one failure for each
such fault, and of every other failure that the same fault is made of it, whatever is asked for.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from core.actions.dry_run import DRY_RUN_OFF
from core.backend.client import Backend, RequestLimits
from core.backend.faults import Failed
from core.backend.proxies import authorities
from core.backend.reads import Reads
from core.backend.schema import UNDISCOVERED
from core.backend.target import Target
from core.base.clock import SystemClock
from core.checks.settings import WatchRules
from core.monitor import Config, Monitor, Places
from core.resilience.fault import Fault
from tests.actions.driving import Driven
from tests.faults.proxies import proxy
from tests.faults.situations import ANSWERS, NETWORK, SAID, TEMPERS, VARIABLES, Row, no_way
from tests.faults.test_way_out import VARIABLES as NAMES
from tests.running import ONE_SHAPE, Running
from tests.wire import wire
from tui.cli import exit_codes
from tui.cli.commands.status import look

LIMITS = RequestLimits(connect_s=30, request_s=30, slot_s=30, answer_mb=1)
RULES = WatchRules(interval_s=300, limit_s=30, probe_s=30, hanging_s=30)
"""Never waited for: what fails here does so at once, however busy the machine is."""
SILENT_LIMITS = RequestLimits(connect_s=30, request_s=0.6, slot_s=30)
SILENT_RULES = WatchRules(interval_s=300, limit_s=30, probe_s=0.6, hanging_s=0.6)
"""Waited for, where nothing is ever said."""
SILENT = ("silence", "a drip", "a proxy that is silent")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    authorities.cache_clear()
    yield
    authorities.cache_clear()


async def said(
    url: str, sandbox: Running, place: Path, case: str, break_it: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> Row:
    """Everything that is said of a project at `url` that worked until `break_it` was called."""
    rules, limits = (SILENT_RULES, SILENT_LIMITS) if case in SILENT else (RULES, LIMITS)
    more = {"limits": LIMITS, "watch": rules, "autonomous": False}
    driven = await Driven.as_("service_role", sandbox, place / "monitor", url=url, **more).begin()
    driven.scheduler.ready = True
    await driven.monitor.check()
    break_it()
    driven.parts.backend.limits = limits
    await driven.parts.backend.close()  # connections that are open would outlive what is broken
    driven.clock.advance(300)
    checkup = await driven.monitor.check()
    await driven.autopilot.after(checkup, scheduled=True)
    await driven.monitor.refresh(everything=True)
    driven.clock.advance(20)
    await driven.monitor.refresh(everything=True)
    snapshot = driven.monitor.snapshot
    counted = driven.parts.streak.count > 0
    faults = driven.parts.readings.faults()
    result = await driven.monitor.run(DRY_RUN_OFF)
    await driven.monitor.close()
    target = Target(name="t", url=url, key=sandbox.service_key)
    once = Monitor(Config(target=target, limits=limits, watch=rules), places=Places.within(place / "status"))
    capsys.readouterr()
    code = await look(once, as_data=True)
    out = capsys.readouterr().out
    return (
        str(faults[0].party) if faults else "nobody",
        str(json.loads(out)["state"]) if out else "-",
        code,
        str(snapshot.link.word),
        str(snapshot.health.checks[0].level),
        counted,
        str(result.phase),
        exit_codes.of_result(result),
    )


ROWS = ("200 with rows of nothing", "400 42703", "404 PGRST205")
"""What is answered about rows and columns, whose names are others on the other shape; all else names none."""
ALIKE: dict[str, str] = {
    **dict.fromkeys(
        ("500 without a word", "520", "544", "200 with a page", "a redirect", "too long an answer", "packed twice"),
        "500 of the API",
    ),
    **dict.fromkeys(("a truncated answer", "no HTTP at all", "closed without a word"), "500 of the API"),
    **dict.fromkeys(
        ("503 PGRST000", "503 PGRST001", "503 PGRST002", "504 PGRST003", "500 57014", "503 53300"), "500 of the API"
    ),
    "one address refuses, one has no route": "refused",
    "a drip": "silence",
    **dict.fromkeys(("503 with a page", "522 with a page"), "502 with a page"),
    "540": "402",
    "429 with a page": "429",
    "404 with a page": "403 with a firewall's page",
    **dict.fromkeys(("511", "a proxy that refuses", "a proxy that finds nobody", "a proxy that breaks off"), "407"),
    **dict.fromkeys(("a proxy that wants a password", "a proxy that is silent"), "407"),
    **dict.fromkeys(("a dead proxy", "a proxy nobody knows", "no route", "no network"), "no name server"),
    **dict.fromkeys(("a firewall here", "no file left", "no addresses of that kind", "no port left"), "no name server"),
    **dict.fromkeys(("a proxy that is no address", "certificates that are not there"), "a SOCKS proxy"),
    **dict.fromkeys(("certificates that are none", "a key log that cannot be"), "a SOCKS proxy"),
    "the system gave up": "nobody lets us in",
    **dict.fromkeys(("401 PGRST301", "401 PGRST303"), "401 of the gateway"),
    "500 23514": "500 22012",
}
"""Failures of which the same fault is made as of another one."""


@contextlib.asynccontextmanager
async def failing(case: str, beyond: str, patch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """A URL, and what makes it fail as `case` says."""
    async with wire(beyond) as between, proxy(TEMPERS.get(case)) as through:

        def break_it() -> None:
            if case in ANSWERS:
                between.acts["/"] = ANSWERS[case]
            elif case in NETWORK:
                no_way(patch, NETWORK[case])
            for name, value in VARIABLES.get(case, {"HTTP_PROXY": through.url} if case in TEMPERS else {}).items():
                patch.setenv(name, value)
                authorities.cache_clear()

        yield between.url, break_it


async def judged(
    case: str, sandbox: Running, place: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> Row:
    """What is said where `case` is how the project, what is between or this machine fails."""
    async with failing(case, sandbox.url, patch) as (url, break_it):
        return await said(url, sandbox, place, case, break_it, capsys)


@ONE_SHAPE
@pytest.mark.parametrize("case", [case for case in SAID if case not in ALIKE.keys() | set(ROWS)])
async def test_who_is_at_fault(
    case: str,
    sandbox: Running,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await judged(case, sandbox, tmp_path, capsys, monkeypatch) == SAID[case]


@pytest.mark.parametrize("case", ROWS)
async def test_who_is_at_fault_where_rows_are_not_what_was_asked_for(
    case: str,
    sandbox: Running,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await judged(case, sandbox, tmp_path, capsys, monkeypatch) == SAID[case]


TOLD_APART = {
    *("missing_table", "missing_column", "missing_function", "not_allowed", "function_wants_jwt"),
    *("timeout", "bad_input", "duplicate"),
}
"""Kinds of fault that something else follows from than from others of the same party, evidence and count."""


async def faults(case: str) -> list[object]:
    """What each way to ask ends in: of a fault all that anything follows from."""
    with pytest.MonkeyPatch.context() as patch:
        async with failing(case, "", patch) as (url, break_it):
            break_it()
            limits = SILENT_LIMITS if case in SILENT else LIMITS
            backend = Backend(Target(name="t", url=url, key="sb_secret_x"), SystemClock(), limits)
            reads = Reads(backend.calls, UNDISCOVERED)
            with contextlib.suppress(Failed):  # whoever asks says so as well
                await backend.connect()  # once, not for each of those that follow
            told = await asyncio.gather(
                *(
                    reads.tasks.newest(5).ask(),
                    reads.counts.exactly("pending").ask(),
                    reads.config.is_absent().ask(),
                    backend.calls.invoke("f", "POST", {}),
                    backend.calls.rows("write", lambda c: c.table("t").update({"a": 1}).eq("id", "x")),
                ),
                return_exceptions=True,
            )
            await backend.close()
    authorities.cache_clear()
    return [what_counts(one.fault) if isinstance(one, Failed) else "no fault" for one in told]


def what_counts(fault: Fault) -> tuple[object, ...]:
    return (
        *(fault.party, fault.counts, fault.evidence, fault.person),
        fault.kind if fault.kind in TOLD_APART else "",
    )


async def test_of_every_other_failure_the_same_fault_is_made() -> None:
    known = {like: await faults(like) for like in set(ALIKE.values())}
    for case, like in ALIKE.items():
        assert SAID[case] == SAID[like], case
        assert await faults(case) == known[like], case
