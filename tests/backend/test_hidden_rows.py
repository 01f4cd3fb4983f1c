"""An account that sees nothing, or not everything: what is not visible is not known, and nobody calls it well."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from core.backend.target import Target
from core.domain.snapshot import LinkWord, State, policies_in_words, policies_open
from core.domain.status import Level, Truth
from core.history.report.effect import counts
from core.history.report.record import Report, Tally
from core.monitor import Config, Monitor, Places
from tests.actions.driving import Driven
from tests.running import Command, Running

CONFIG, TASKS, LOGS = "autonomous_system_config", "autonomous_tasks", "autonomous_execution_logs"
DOCUMENTED = pytest.mark.parametrize("session_sandbox", ["documented"], indirect=True)
"""Where row level security tells accounts apart."""


def as_viewer(sandbox: Running) -> dict[str, str]:
    return {
        "SUPABASE_KEY": sandbox.publishable_key,
        "SUPABASE_EMAIL": sandbox.info["viewer"],
        "SUPABASE_PASSWORD": sandbox.info["viewer_password"],
        "WATCHDESK_FUNCTION_KEY": "",
    }


def on_fire(sandbox: Running) -> None:
    """Stopped, and everything fails."""
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = 'fire'")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        " SELECT 'f', 'failed', now(), now() FROM generate_series(1, 20)"
    )


@DOCUMENTED
def test_status_of_an_account_that_sees_nothing_is_unknown_and_2(sandbox: Running, command: Command) -> None:
    on_fire(sandbox)
    done = command("status", sandbox=sandbox, **as_viewer(sandbox))
    assert done.returncode == 2
    assert "UNKNOWN  nothing of this project is visible to this account" in done.stdout
    assert "tasks: — (no row of autonomous_tasks is visible to this account)" in done.stdout
    told = json.loads(command("status", "--json", sandbox=sandbox, **as_viewer(sandbox)).stdout)
    assert (told["state"], told["link"]) == ("unknown", "LIVE")
    verdicts = {check["name"]: check["verdict"] for check in told["checks"]}
    hidden = {verdicts[name] for name in ("stuck_tasks", "failure_rate", "activity")}
    assert (verdicts["database"], hidden) == ("ok", {"unknown"})
    assert told["success_rate_24h"]["value"] is None


@DOCUMENTED
def test_alerts_of_an_account_that_sees_nothing_are_not_none(sandbox: Running, command: Command) -> None:
    on_fire(sandbox)
    done = command("alerts", sandbox=sandbox, **as_viewer(sandbox))
    assert done.returncode == 2
    assert "not known" in done.stderr
    assert done.stdout == "none known\n"


LISTS = (
    ("tasks",),
    ("tasks", "status:failed"),
    ("tasks", "--sort", "took"),
    ("tasks", "--group", "error"),
    ("task", "00000000-0000-4000-8000-000000000001"),
    ("logs", "--watchdog"),
    ("logs", "--healing"),
    ("logs", "--stats"),
    ("logs", "--stats", "--by", "type"),
)


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_a_list_of_hidden_rows_is_not_none(words: tuple[str, ...], sandbox: Running, command: Command) -> None:
    """An account that sees nothing is told so; where anybody sees everything, as long as there is no row to see."""
    seen = {"SUPABASE_KEY": sandbox.publishable_key, "WATCHDESK_FUNCTION_KEY": ""}
    if sandbox.shape == "documented":
        on_fire(sandbox)
        seen = as_viewer(sandbox)
    done = command(*words, sandbox=sandbox, **seen)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "visible to" in done.stderr
    told = command(*words, "--json", sandbox=sandbox, **seen)
    assert told.returncode == 2
    found = json.loads(told.stdout)
    assert (found["version"], found["known"]) == (1, False)
    assert "visible to" in found["why"]


@pytest.mark.parametrize("words", [("tasks",), ("tasks", "--group", "who"), ("logs", "--watchdog")], ids=" ".join)
def test_what_nothing_is_hidden_from_knows_an_empty_list(
    words: tuple[str, ...], sandbox: Running, command: Command
) -> None:
    done = command(*words, sandbox=sandbox)
    assert (done.returncode, done.stdout) == (0, "none\n"), done.stderr


def test_a_filter_that_finds_nothing_among_visible_rows_finds_none(sandbox: Running, command: Command) -> None:
    sandbox.completed(1)
    key = sandbox.publishable_key if sandbox.shape == "deployed" else sandbox.service_key
    done = command("tasks", "status:failed", sandbox=sandbox, SUPABASE_KEY=key)
    assert (done.returncode, done.stdout) == (0, "none\n"), done.stderr


def test_a_project_that_cannot_be_reached_is_no_matter_of_clocks(command: Command, sandbox: Running) -> None:
    done = command("status", sandbox=sandbox, HTTP_PROXY="http://127.0.0.1:9")
    assert done.returncode == 4
    assert "UNKNOWN  this machine's proxy (HTTP_PROXY, 127.0.0.1:9) cannot be reached" in done.stdout
    assert "NTP" not in done.stdout


@DOCUMENTED
@pytest.mark.parametrize("order", [("resume", "--yes"), ("resume", "--requeue", "--yes"), ("heal", "--yes")])
def test_an_order_of_an_account_that_sees_nothing_promises_nothing(
    order: tuple[str, ...], sandbox: Running, command: Command
) -> None:
    on_fire(sandbox)
    done = command(*order, sandbox=sandbox, **as_viewer(sandbox))
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "this account cannot see" in said.lower() or "visible" in said
    assert "no emergency stop is set" not in said
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(True,)]


@DOCUMENTED
async def test_a_monitor_that_sees_nothing_is_live_and_never_green(sandbox: Running, tmp_path: Path) -> None:
    driven = await Driven.as_("viewer", sandbox, tmp_path, autonomous=False).begin()
    for _ in range(5):
        driven.clock.advance(30)
        await driven.monitor.refresh(everything=True)
        await driven.monitor.check()
    snapshot = driven.monitor.snapshot
    await driven.monitor.close()
    assert (snapshot.state, snapshot.link.word) == (State.UNKNOWN, LinkWord.LIVE)
    assert snapshot.tasks.counts.value is None
    assert snapshot.tasks.newest.value is None


@pytest.mark.parametrize("account", ["master", "service_role"])
async def test_only_a_secret_key_knows_an_empty_table_from_a_hidden_one(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    driven = await Driven.as_(account, sandbox, tmp_path, autonomous=False).begin()
    await driven.monitor.check()
    before = driven.monitor.snapshot
    sandbox.completed(1)
    driven.clock.advance(61)
    await driven.monitor.refresh(everything=True)
    sandbox.sql("DELETE FROM autonomous_tasks")
    await driven.monitor.refresh(everything=True)
    await driven.monitor.check()
    after = driven.monitor.snapshot
    await driven.monitor.close()
    if account == "master":
        assert (before.state, before.state_why) == (State.UNKNOWN, "no task is visible to this account")
        assert next(c for c in before.health.checks if c.name == "stuck_tasks").level is Level.UNKNOWN
    else:
        assert before.state is State.IDLE
    assert after.state is State.IDLE  # a row was seen: what is gone now is gone
    assert after.tasks.counts.value is not None


async def test_an_account_that_sees_tasks_but_no_config_row_is_not_green(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(3)
    policies = sandbox.sql("SELECT policyname, qual FROM pg_policies WHERE tablename = 'autonomous_system_config'")
    try:
        for name, _ in policies:
            sandbox.sql(f'ALTER POLICY "{name}" ON autonomous_system_config USING (false)')
        driven = await Driven.as_("master", sandbox, tmp_path, autonomous=False).begin()
        await driven.monitor.check()
        snapshot = driven.monitor.snapshot
        await driven.monitor.close()
    finally:
        for name, qual in policies:
            sandbox.sql(f'ALTER POLICY "{name}" ON autonomous_system_config USING ({qual})')
    assert snapshot.state is State.UNKNOWN
    assert "it is not known whether a stop is set" in snapshot.state_why


POLICIES = [
    ((True, True, True), Truth.TRUE),
    ((False, True, False), Truth.TRUE),
    ((False, False, False), Truth.FALSE),
]


@DOCUMENTED
@pytest.mark.parametrize(("opened", "known"), POLICIES)
async def test_policies_are_found_out_table_by_table(
    opened: tuple[bool, ...], known: Truth, sandbox: Running, tmp_path: Path
) -> None:
    sandbox.completed(1)
    sandbox.sql("INSERT INTO autonomous_execution_logs (execution_step, step_status) VALUES ('s', 'started')")
    tables = dict(zip((CONFIG, TASKS, LOGS), opened, strict=True))
    names = [table for table, is_open in tables.items() if is_open]
    try:
        for table in names:
            sandbox.sql(f"CREATE POLICY opened ON {table} FOR SELECT USING (true)")
        monitor = monitor_with_both_keys(sandbox, tmp_path)
        await monitor.refresh(everything=True)
        await monitor.look_at_policies()
        monitor._publish()
        policies = monitor.snapshot.policies
        notices = monitor.snapshot.notices
        await monitor.close()
    finally:
        for table in names:
            sandbox.sql(f"DROP POLICY opened ON {table}")
    assert policies == {table: Truth.of(is_open) for table, is_open in tables.items()}
    assert policies_open(policies) is known
    said = next((notice for notice in notices if notice.startswith("policies")), "")
    assert bool(said) is any(opened)
    assert all(table in said for table in names)


async def test_of_an_empty_table_nobody_knows_who_reads_it(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_with_both_keys(sandbox, tmp_path)
    await monitor.look_at_policies()
    monitor._publish()
    policies = monitor.snapshot.policies
    await monitor.close()
    assert policies[CONFIG] is Truth.of(sandbox.shape == "deployed")
    assert policies[TASKS] is policies[LOGS] is Truth.UNKNOWN
    assert "not known where no row is visible" in policies_in_words(policies)


def monitor_with_both_keys(sandbox: Running, place: Path) -> Monitor:
    target = Target(name="t", url=sandbox.url, key=sandbox.service_key, publishable_key=sandbox.publishable_key)
    return Monitor(Config(target=target), places=Places.within(place))


@DOCUMENTED
@pytest.mark.parametrize("which", ["--watchdog", "--healing"])
def test_logs_of_an_account_that_sees_no_log_are_not_none(which: str, sandbox: Running, command: Command) -> None:
    done = command("logs", which, sandbox=sandbox, **as_viewer(sandbox))
    assert done.returncode == 2
    assert "no row of autonomous_execution_logs is visible to this account" in done.stderr


def test_a_report_of_tasks_that_were_never_counted_says_so() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    report = Report(project="p", url="u", host="h", made_at=at, since=at, until=at)
    assert counts(report) == "the tasks have not been counted yet"
    counted = msgspec.structs.replace(report, tasks=Tally(counted=True))
    assert counts(counted).startswith("tasks were seen to fail 0 times")
