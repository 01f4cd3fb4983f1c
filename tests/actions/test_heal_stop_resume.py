"""Heal, stop and resume really do it: read from PostgreSQL directly, on both shapes."""

import json
from typing import Any

import pytest

from tests.running import ONE_SHAPE, Command, Running


def statuses(sandbox: Running) -> dict[str, int]:
    return dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))


def audited(sandbox: Running, order: str) -> list[Any]:
    query = "SELECT step_status FROM autonomous_execution_logs WHERE input_data ->> 'order' = %s"
    return [row[0] for row in sandbox.sql(f"{query} ORDER BY {sandbox.time_column}", order)]


def test_three_stuck_tasks_become_failed_and_a_finished_one_is_untouched(sandbox: Running, command: Command) -> None:
    sandbox.stuck(3)
    sandbox.completed(1)
    before = sandbox.sql("SELECT * FROM autonomous_tasks WHERE status = 'completed'")
    done = command("heal", "--yes", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 changed (stuck tasks marked as failed: 3), 0 skipped, 0 refused" in done.stdout
    assert statuses(sandbox) == {"failed": 3, "completed": 1}
    assert sandbox.sql("SELECT * FROM autonomous_tasks WHERE status = 'completed'") == before
    marks = sandbox.sql("SELECT error_message, completed_at FROM autonomous_tasks WHERE status = 'failed'")
    assert all(mark.startswith("watchdesk:stuck:") and at is not None for mark, at in marks)
    assert audited(sandbox, "heal") == ["started", "completed"]


def test_a_task_with_a_sign_of_life_is_slow_not_stuck(sandbox: Running, command: Command) -> None:
    sandbox.stuck(2)
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status)"
        " SELECT id, 'tests_run', 'completed' FROM autonomous_tasks LIMIT 1"
    )
    done = command("heal", "--yes", sandbox=sandbox)
    assert "1 changed" in done.stdout
    assert statuses(sandbox) == {"failed": 1, "in_progress": 1}


@ONE_SHAPE
def test_dry_run_shows_the_plan_and_changes_nothing(sandbox: Running, command: Command) -> None:
    sandbox.stuck(2)
    done = command("heal", "--dry-run", sandbox=sandbox)
    assert done.returncode == 1
    assert "2 tasks" in done.stdout
    assert statuses(sandbox) == {"in_progress": 2}
    assert audited(sandbox, "heal") == []


@ONE_SHAPE
def test_nothing_to_heal_is_done(sandbox: Running, command: Command) -> None:
    done = command("heal", "--yes", sandbox=sandbox)
    assert (done.returncode, done.stdout.strip()) == (0, "nothing to heal")


@ONE_SHAPE
def test_without_a_terminal_a_heal_wants_yes(sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    done = command("heal", sandbox=sandbox)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert statuses(sandbox) == {"in_progress": 1}


def test_old_log_rows_go_and_thirty_days_are_kept(sandbox: Running, command: Command) -> None:
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
        " SELECT 'old', 'completed', now() - interval '31 days' FROM generate_series(1, 250)"
        " UNION ALL SELECT 'kept', 'completed', now() - interval '29 days' FROM generate_series(1, 3)"
        " UNION ALL SELECT 'lease', 'started', now() - interval '40 days'"
    )
    assert command("heal", "--yes", sandbox=sandbox).stdout.strip() == "nothing to heal"
    done = command("heal", "--only", "logs", "--yes", sandbox=sandbox)
    assert "250 changed" in done.stdout
    left = dict(sandbox.sql("SELECT execution_step, count(*) FROM autonomous_execution_logs GROUP BY 1"))
    assert left == {"kept": 3, "lease": 1, "watchdog_healing": 2}


def test_stop_sets_the_flag_rejects_the_work_and_resume_gives_it_back(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' || i FROM generate_series(1, 230) AS i")
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, started_at) VALUES ('r', 'in_progress', now())")
    done = command("stop", "--reason", "fire, in: the (rack)", "--yes", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    query = "SELECT emergency_stop, emergency_stop_reason, emergency_stop_until > now() FROM autonomous_system_config"
    assert sandbox.sql(query) == [(True, "fire, in: the (rack)", True)]
    assert statuses(sandbox) == {"rejected": 231}
    assert audited(sandbox, "emergency_stop") == ["started", "completed"]

    stopped = command("status", "--json", sandbox=sandbox)
    assert stopped.returncode == 3
    assert json.loads(stopped.stdout)["state"] == "stopped"

    again = command("stop", "--reason", "another", "--yes", sandbox=sandbox)
    assert again.returncode == 0
    assert "already" in again.stdout
    assert sandbox.sql(query)[0][1] == "fire, in: the (rack)"

    lifted = command("resume", "--requeue", "--yes", sandbox=sandbox)
    assert (lifted.returncode, lifted.stderr) == (0, "")
    assert sandbox.sql(query) == [(False, None, None)]
    assert statuses(sandbox) == {"pending": 230, "rejected": 1}
    assert audited(sandbox, "lift") == ["started", "completed"]
    assert command("resume", "--yes", sandbox=sandbox).returncode == 0


@ONE_SHAPE
@pytest.mark.parametrize("reason", ["", "  "])
def test_a_stop_wants_a_reason_also_from_a_script(reason: str, sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    done = command("stop", "--reason", reason, "--yes", sandbox=sandbox)
    assert done.returncode == 2
    assert "a reason is required" in done.stderr
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("in_progress",)]


def test_a_stop_that_nobody_hears_says_not_stopped(command: Command) -> None:
    env = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_KEY": "sb_secret_x"}
    done = command("stop", "--reason", "r", "--yes", "--wait", "0.5", **env)
    assert done.returncode == 4
    assert "NOT stopped" in done.stderr
    assert done.stdout == ""


def test_an_ordinary_user_is_told_what_is_not_allowed(sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    env = {
        "SUPABASE_KEY": sandbox.publishable_key,
        "SUPABASE_EMAIL": sandbox.info["viewer"],
        "SUPABASE_PASSWORD": sandbox.info["viewer_password"],
    }
    done = command("stop", "--reason", "r", "--yes", sandbox=sandbox, **env)
    flag = sandbox.sql("SELECT emergency_stop FROM autonomous_system_config")[0][0]
    if sandbox.shape == "deployed":  # its policies let everybody write
        assert (done.returncode, flag) == (0, True)
    else:
        assert (done.returncode, flag) == (2, False)
        assert "NOT stopped" in done.stderr


def test_the_master_account_may_do_it_signed_in(sandbox: Running, command: Command) -> None:
    sandbox.stuck(2)
    env = {
        "SUPABASE_KEY": sandbox.publishable_key,
        "SUPABASE_EMAIL": sandbox.info["user"],
        "SUPABASE_PASSWORD": sandbox.info["password"],
    }
    done = command("heal", "--yes", sandbox=sandbox, **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert statuses(sandbox) == {"failed": 2}
    who = sandbox.sql("SELECT DISTINCT input_data ->> 'who' FROM autonomous_execution_logs")[0][0]
    assert sandbox.info["user"] in who
