"""`watchdesk selftest`: ten of ten on both shapes under row level security; each fails when its subject is broken."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.backend.faults import Failed, garbage
from core.backend.reads.logs import LogReads
from core.backend.reads.outcomes import OutcomeReads
from core.backend.reads.probes import ProbeReads
from core.backend.reads.read import read
from core.backend.schema import POLL_FUNCTION
from core.backend.target import Target
from core.backend.writes import Writes
from core.backend.writes.tasks import TaskWrites
from core.domain.counts import SuccessRate
from core.domain.status import Verdict
from core.monitor.scheduler import Scheduler
from core.resilience import Cache
from core.resilience.breaker import CircuitBreaker
from core.resilience.disk import Disk
from core.sandbox.selftest import SCENARIOS, scenarios
from core.sandbox.selftest.context import MARK, ScenarioContext
from core.sandbox.selftest.run import run_one
from tests.running import ONE_SHAPE, Command, Running

SUMMARY = """\
==================================================================================
TEST SUMMARY
==================================================================================
Total Tests: 10
✅ Passed: 10
❌ Failed: 0
⏱️  Total Duration: """


def test_ten_of_ten_on_a_sandbox_of_each_shape(command: Command) -> None:
    done = command("selftest")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(SUMMARY) == 2
    assert "deployed as master@" in done.stdout
    assert "documented as master@" in done.stdout
    assert "❌ " not in done.stdout.replace("❌ Failed: 0", "")


def test_one_shape_for_programs(command: Command) -> None:
    done = command("selftest", "--shape", "documented", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert list(told["selftest"]) == ["documented"]
    assert [one["passed"] for one in told["selftest"]["documented"]] == [True] * 10


@ONE_SHAPE
def test_on_a_project_it_asks_first_and_leaves_its_tasks_and_its_stop_as_they_were(
    sandbox: Running, command: Command
) -> None:
    sandbox.stuck(2)
    sandbox.completed(3)
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('somebody waits for this')")
    tasks = "SELECT * FROM autonomous_tasks ORDER BY id"
    config = "SELECT enabled, dry_run_mode, emergency_stop, emergency_stop_reason FROM autonomous_system_config"
    before = sandbox.sql(tasks), sandbox.sql(config)
    assert command("selftest", "--live", sandbox=sandbox).returncode == 2  # nobody is there to confirm
    assert command("--observe", "selftest", "--live", "--yes", sandbox=sandbox).returncode == 2
    assert command("selftest", "--live", "--shape", "deployed", sandbox=sandbox).returncode == 2
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]
    done = command("selftest", "--live", "--yes", sandbox=sandbox)
    assert done.returncode == 0, done.stdout
    assert SUMMARY in done.stdout
    assert "the flag set and cleared; 3 unfinished tasks left alone" in done.stdout
    assert (sandbox.sql(tasks), sandbox.sql(config)) == before


def test_on_a_project_that_does_not_answer_every_scenario_fails_and_says_why(command: Command) -> None:
    done = command("selftest", "--live", "--yes", SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_x")
    assert done.returncode == 1
    assert "❌ Failed: 10" in done.stdout
    assert "connection refused" in done.stdout or "no connection to the URL" in done.stdout
    assert "Traceback" not in done.stderr


async def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _claims(_self: Any, ids: tuple[str, ...], **_: Any) -> tuple[str, ...]:
    return ids


async def _invokes(self: ProbeReads, timeout_s: float) -> None:
    await self._calls.invoke(POLL_FUNCTION, "POST", {}, timeout_s=timeout_s)


async def _always_well(_self: Any, since: Any, now: Any, **_: Any) -> SuccessRate:
    return SuccessRate(completed=10, failed=0, window=now - since)


@read("db:fetch_execution_logs")
async def _unreadable(_self: LogReads, _limit: int) -> None:
    raise Failed(garbage("on purpose"))


async def _forgets(_self: Any, _key: str) -> None:
    return None


async def _yes(*_: Any, **__: Any) -> bool:
    return True


DATABASE = importlib.import_module("core.checks.database")

BROKEN: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "fallback": lambda patch: patch.setattr(Cache, "get", _forgets),
    "breaker": lambda patch: patch.setattr(CircuitBreaker, "report", lambda *_, **__: None),
    "stuck_tasks": lambda patch: patch.setattr(TaskWrites, "fail_stuck", _claims),
    "cache": lambda patch: patch.setattr(Disk, "load_all", lambda _self: {}),
    "edge_function": lambda patch: patch.setattr(ProbeReads, "edge_function", _invokes),
    "high_failure_rate": lambda patch: patch.setattr(OutcomeReads, "success_rate", _always_well),
    "watchdog": lambda patch: patch.setattr(Scheduler, "restart_watchdog", lambda _self: None),
    "emergency_stop": lambda patch: (
        patch.setattr(Writes, "set_stop", _yes),
        patch.setattr(Writes, "set_stop_by_function", _nothing),
    )[0],
    "connection": lambda patch: patch.setattr(DATABASE, "proof", lambda _: Verdict.ok("answers")),
    "full_check": lambda patch: patch.setattr(LogReads, "newest", _unreadable),
}


def stage_on(sandbox: Running, home: Path) -> ScenarioContext:
    target = Target(
        name="probe",
        url=sandbox.url,
        key=sandbox.publishable_key,
        email=sandbox.info["user"],
        password=sandbox.info["password"],
    )
    return ScenarioContext(target, home, owned=True)


@ONE_SHAPE
@pytest.mark.parametrize("name", [scenario.__name__ for _, scenario in SCENARIOS])
async def test_it_fails_when_its_subject_is_broken_on_purpose(
    name: str, sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = getattr(scenarios, name)  # which is passed where nothing is broken: ten of ten
    monkeypatch.setattr("core.sandbox.selftest.scenarios._SOON_S", 2.0)
    BROKEN[name](monkeypatch)
    broken = await run_one(name, scenario, stage_on(sandbox, tmp_path / "broken"))
    assert not broken.passed, broken.text
    monkeypatch.undo()
    assert sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE description = %s", MARK) == [(0,)]
