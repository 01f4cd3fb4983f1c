"""Who is at fault, and who says so: `status`, a monitor that runs, and an action, for each way to fail."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.actions.dry_run import DRY_RUN_OFF
from core.backend.client import RequestLimits
from core.backend.proxies import authorities
from core.backend.target import Target
from core.checks.settings import WatchRules
from core.domain.status import Level
from core.monitor import Config, Monitor, Places
from tests.actions.driving import Driven
from tests.faults.proxies import proxy
from tests.faults.situations import ANSWERS, NETWORK, SAID, TEMPERS, VARIABLES, Row, no_way
from tests.faults.test_way_out import VARIABLES as NAMES
from tests.running import ONE_SHAPE, Running
from tests.wire import wire
from tui.cli import exits
from tui.cli.commands.status import look

FAST = RequestLimits(connect_s=0.3, request_s=0.5, slot_s=0.3, answer_mb=1)
RULES = WatchRules(interval_s=300, limit_s=0.3, probe_s=0.2, hanging_s=0.6)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    authorities.cache_clear()
    yield
    authorities.cache_clear()


async def said(
    url: str, sandbox: Running, place: Path, break_it: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> Row:
    """Everything that is said of a project at `url` that worked until `break_it` was called."""
    more = {"limits": FAST, "watch": RULES, "autonomous": False}
    driven = await Driven.as_("service_role", sandbox, place / "monitor", url=url, **more).begin()
    driven.scheduler.ready = True
    await driven.monitor.check()
    break_it()
    await driven.parts.backend.close()  # connections that are open would outlive what is broken
    driven.clock.advance(300)
    checkup = await driven.monitor.check()
    await driven.autopilot.after(checkup, scheduled=True)
    if driven.monitor._parts.checks.checks[0].level is Level.WARNING:
        await asyncio.sleep(0.8)  # its question ends
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
    once = Monitor(Config(target=target, limits=FAST, watch=RULES), places=Places.within(place / "status"))
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
        exits.of_result(result),
    )


ROWS = ("200 with rows of nothing", "400 42703", "404 PGRST205")
"""What is answered about rows and columns, whose names are others on the other shape; all else names none."""


async def judged(
    case: str, sandbox: Running, place: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> Row:
    """What is said where `case` is how the project, what is between or this machine fails."""
    async with wire(sandbox.url) as between, proxy(TEMPERS.get(case)) as through:

        def break_it() -> None:
            if case in ANSWERS:
                between.acts["/"] = ANSWERS[case]
            elif case in NETWORK:
                no_way(patch, NETWORK[case])
            for name, value in VARIABLES.get(case, {"HTTP_PROXY": through.url} if case in TEMPERS else {}).items():
                patch.setenv(name, value)
                authorities.cache_clear()

        return await said(between.url, sandbox, place, break_it, capsys)


@ONE_SHAPE
@pytest.mark.parametrize("case", [case for case in SAID if case not in ROWS])
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
