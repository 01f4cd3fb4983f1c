"""`status`: counts that are right, a shape that is stable, nothing written, and one sentence for what is wrong."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from core.backend.target import Target
from core.domain.records import STATUSES
from core.monitor import Config, Monitor, Places
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.well import HEALTHY
from tui.cli.status_page import page


def test_five_thousand_completed_tasks_are_five_thousand(sandbox: Running, command: Command) -> None:
    sandbox.completed(5000)
    done = command("status", "--json", sandbox=sandbox)
    report = json.loads(done.stdout)
    assert report["tasks"]["counts"]["completed"] == 5000
    rate = report["success_rate_24h"]
    assert rate == {"value": 100.0, "exact": True, "source": "live", "age_s": pytest.approx(0, abs=5)}
    assert report["tasks"]["estimated"] == []
    assert done.returncode == 0 or "slow" in report["why"]  # a machine that is busy enough makes its database slow


def test_the_json_has_its_shape_and_nothing_is_written(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('waits')")
    report = json.loads(command("status", "--json", sandbox=sandbox).stdout)
    assert set(report) >= {
        *("version", "state", "link", "project", "at", "last_completed_at", "success_rate_24h", "tasks", "checks"),
        *("breakers", "degradation", "alerts", "lease", "may_act"),
    }
    assert report["version"] == 1
    assert report["link"] == "LIVE"
    assert set(report["tasks"]["counts"]) >= set(STATUSES)
    assert [check["name"] for check in report["checks"]] == [
        *("database", "edge_function", "stuck_tasks", "failure_rate", "activity", "breakers")
    ]
    assert report["degradation"]["level"] == "normal"
    assert report["may_act"] == {"allowed": False, "missing": ["autonomous", "dry_run", "lease"]}
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("pending",)]


def test_nothing_is_asked_before_the_shape_of_the_schema_is_known(sandbox: Running, command: Command) -> None:
    told = command("status", sandbox=sandbox).stdout
    assert f"{sandbox.shape} shape" in told
    assert "no lease" not in told  # nobody holds one, which is no fault


@ONE_SHAPE
def test_five_checks_run_none_of_the_pending_tasks(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 4)")
    before = sandbox.functions()["ai-agent-poll"]
    for _ in range(5):
        assert "edge function" in command("status", sandbox=sandbox).stdout
    assert sandbox.functions()["ai-agent-poll"] == before
    assert sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE status = 'pending'") == [(4,)]


def test_failing_tasks_are_a_warning_then_critical(sandbox: Running, command: Command) -> None:
    insert = (
        "INSERT INTO autonomous_tasks (description, status, completed_at)"
        " SELECT 'x', '{}', now() FROM generate_series(1, {})"
    )
    sandbox.sql(insert.format("failed", 6))
    sandbox.sql(insert.format("completed", 4))
    assert command("status", sandbox=sandbox).returncode == 1
    sandbox.sql(insert.format("failed", 15))
    assert command("status", sandbox=sandbox).returncode == 3


WRONG = {
    "not a url": ({"SUPABASE_URL": "nonsense", "SUPABASE_KEY": "sb_secret_x"}, "not a URL"),
    "no key": ({"SUPABASE_URL": "http://127.0.0.1:9"}, "no key"),
    "no url": ({"SUPABASE_KEY": "sb_secret_x"}, "no URL"),
    "nothing": ({}, "watchdesk demo"),
    "bad switch": (
        {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_KEY": "x", "VITE_AUTONOMOUS_MODE": "perhaps"},
        "true or false",
    ),
    "bad number": (
        {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_KEY": "x", "WATCHDESK_WATCH_INTERVAL_S": "soon"},
        "WATCHDESK_WATCH_INTERVAL_S",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_configuration_is_one_sentence_and_two(case: str, command: Command) -> None:
    env, told = WRONG[case]
    done = command("status", **env)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) <= 3


def test_a_wrong_key_and_a_missing_table_are_two(sandbox: Running, command: Command) -> None:
    wrong = command("status", sandbox=sandbox, SUPABASE_KEY="sb_secret_wrong")
    assert wrong.returncode == 2
    assert "SUPABASE_KEY" in wrong.stderr
    sandbox.sql("ALTER TABLE autonomous_tasks RENAME TO elsewhere")
    try:
        for _ in range(40):  # the API hears of it by a notification
            missing = command("status", sandbox=sandbox)
            if missing.returncode == 2:
                break
        assert missing.returncode == 2
        assert "autonomous_tasks" in missing.stderr
        assert "Traceback" not in missing.stderr
    finally:
        sandbox.sql("ALTER TABLE elsewhere RENAME TO autonomous_tasks")


def test_nobody_at_the_url_is_four(command: Command) -> None:
    done = command("status", "--json", SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_x")
    assert done.returncode == 4
    report = json.loads(done.stdout)
    assert report["state"] == "unknown"
    assert report["tasks"]["counts"]["completed"] is None


def test_an_unreadable_configuration_and_an_unknown_command_are_two(command: Command) -> None:
    path = command.home / "config" / "watchdesk" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("this is [not toml")
    broken = command("status")
    assert broken.returncode == 2
    assert str(path) in broken.stderr
    unknown = command("explode")
    assert unknown.returncode == 2
    assert "explode" in unknown.stderr


@ONE_SHAPE
def test_without_a_terminal_the_monitor_prints_one_status(sandbox: Running, command: Command) -> None:
    sandbox.completed(1)
    done = command(sandbox=sandbox)
    assert done.returncode == 0
    assert done.stdout.startswith("IDLE")


@ONE_SHAPE
def test_dotenv_local_wins_over_dotenv_and_vite_names_are_known(sandbox: Running, command: Command) -> None:
    (command.home / ".env").write_text("VITE_SUPABASE_URL=http://127.0.0.1:9\n")
    (command.home / ".env.local").write_text(
        f'VITE_SUPABASE_URL="{sandbox.url}"\nSUPABASE_SERVICE_ROLE_KEY={sandbox.service_key}\n'
    )
    assert command("status").returncode == 0


@ONE_SHAPE
def test_a_named_project_comes_from_its_entry_alone(sandbox: Running, command: Command) -> None:
    path = command.home / "config" / "watchdesk" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f'[projects.prod]\nurl = "{sandbox.url}"\nkey = "{sandbox.service_key}"\n')
    env = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_KEY": "sb_secret_other"}
    assert command("--project", "prod", "status", **env).returncode == 0
    assert command("--project", "none", "status", **env).returncode == 2


@ONE_SHAPE
@pytest.mark.parametrize("fault", ["errors", "database_down"])
def test_a_backend_in_trouble_is_unknown_not_a_crash(fault: str, sandbox: Running, command: Command) -> None:
    sandbox.fault(fault, True)
    try:
        done = command("status", sandbox=sandbox)
    finally:
        sandbox.fault(fault, False)
    assert done.returncode == 4
    assert done.stdout.startswith("UNKNOWN")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("legacy", [True, False])
def test_a_legacy_key_is_said_on_the_page(legacy: bool) -> None:
    snapshot = HEALTHY
    project = msgspec.structs.replace(snapshot.project, legacy_key=legacy)
    said = page(msgspec.structs.replace(snapshot, project=project))
    assert ("key: legacy key: Supabase stops supporting these at the end of 2026" in said) is legacy


def test_the_start_names_a_legacy_key_once(tmp_path: Path) -> None:
    target = Target(name="p", url="https://nobody.supabase.co", key="eyJ.a.b")
    monitor = Monitor(Config(target=target), places=Places.within(tmp_path))
    start = monitor.parts.startup
    asyncio.run(start.connect())
    assert [step.name for step in start.steps] == ["connect", "key"]
