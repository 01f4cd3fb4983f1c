"""Undo, retry, run and orders that wait, as a person calls them; on both shapes, as who may and who may not."""

import json
import uuid

from tests.running import ONE_SHAPE, Command, Running


def viewer(sandbox: Running) -> dict[str, str]:
    return {
        "SUPABASE_KEY": sandbox.publishable_key,
        "SUPABASE_EMAIL": sandbox.info["viewer"],
        "SUPABASE_PASSWORD": sandbox.info["viewer_password"],
    }


def run_of(sandbox: Running, order: str) -> str:
    query = "SELECT input_data->>'run' FROM autonomous_execution_logs WHERE input_data->>'order' = %s LIMIT 1"
    return str(sandbox.sql(query, order)[0][0])


def statuses(sandbox: Running) -> dict[str, int]:
    return dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))


def test_a_heal_is_undone_where_its_marker_still_stands(sandbox: Running, command: Command) -> None:
    sandbox.stuck(120)
    command("heal", "--yes", sandbox=sandbox)
    run = run_of(sandbox, "heal")
    sandbox.sql("UPDATE autonomous_tasks SET status = 'completed', error_message = NULL WHERE description = 'stuck 7'")
    done = command("undo", run, "--yes", sandbox=sandbox)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "119 of 119 tasks back to in progress", "")
    assert statuses(sandbox) == {"in_progress": 119, "completed": 1}
    rows = sandbox.sql(
        "SELECT DISTINCT error_message, completed_at, started_at IS NULL FROM autonomous_tasks"
        " WHERE status = 'in_progress'"
    )
    assert rows == [(None, None, False)]
    again = command("undo", run, "--yes", sandbox=sandbox)
    assert again.returncode == 1
    assert "nothing of it stands any more" in again.stdout


@ONE_SHAPE
def test_a_dry_run_set_by_a_heal_is_undone_with_it(sandbox: Running, command: Command) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at)"
        " SELECT 'f', 'failed', now() FROM generate_series(1, 10)"
    )
    assert command("heal", "--yes", sandbox=sandbox).returncode == 0
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]
    done = command("undo", run_of(sandbox, "heal"), "--yes", sandbox=sandbox)
    assert (done.returncode, done.stdout.strip()) == (0, "dry-run is off (read back)")
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(False,)]
    back = command("undo", run_of(sandbox, "dry_run_off"), "--yes", sandbox=sandbox)
    assert (back.returncode, back.stdout.strip()) == (0, "dry-run is on (read back)")


@ONE_SHAPE
def test_what_is_no_run_is_two(sandbox: Running, command: Command) -> None:
    for run in ("'; DROP TABLE autonomous_tasks", "0cef0790-1af1-47ec-9f6e-5eb59cd8e7e5", "\x1b[2J"):
        done = command("undo", run, "--yes", sandbox=sandbox)
        assert done.returncode == 2, run
        assert "watchdesk logs --healing" in done.stderr, run
        assert "\x1b" not in done.stderr
        assert "Traceback" not in done.stderr, run


@ONE_SHAPE
def test_a_stop_is_not_undone_but_lifted(sandbox: Running, command: Command) -> None:
    command("stop", "--reason", "r", "--yes", sandbox=sandbox)
    done = command("undo", run_of(sandbox, "emergency_stop"), "--yes", sandbox=sandbox)
    assert done.returncode == 2
    assert "watchdesk resume" in done.stderr


def test_who_may_not_write_is_told_so(sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    command("heal", "--yes", sandbox=sandbox)
    run = run_of(sandbox, "heal")
    task = str(sandbox.sql("SELECT id FROM autonomous_tasks")[0][0])
    expected = 0 if sandbox.shape == "deployed" else 2  # there the policies let everybody write
    undone = command("undo", run, "--yes", sandbox=sandbox, **viewer(sandbox))
    assert undone.returncode == expected, undone.stderr
    sandbox.sql("UPDATE autonomous_tasks SET status = 'failed', completed_at = now()")
    retried = command("retry", task, "--yes", sandbox=sandbox, **viewer(sandbox))
    assert retried.returncode == expected, retried.stderr
    assert statuses(sandbox) == ({"pending": 1} if expected == 0 else {"failed": 1})
    sandbox.sql("UPDATE autonomous_tasks SET status = 'failed', completed_at = now()")
    for words in (["retry", task], ["run"]):
        assert command(*words, sandbox=sandbox).returncode == 2  # nobody is there to confirm
        assert command("--observe", *words, "--yes", sandbox=sandbox).returncode == 2


@ONE_SHAPE
def test_a_write_that_row_level_security_filters_away_is_not_allowed_and_says_so(
    sandbox: Running, command: Command
) -> None:
    sandbox.stuck(2)
    command("heal", "--yes", sandbox=sandbox)
    run = run_of(sandbox, "heal")
    task = str(sandbox.sql("SELECT id FROM autonomous_tasks LIMIT 1")[0][0])
    sandbox.sql("CREATE POLICY no ON autonomous_tasks AS RESTRICTIVE FOR UPDATE USING (false)")
    env = {
        "SUPABASE_KEY": sandbox.publishable_key,
        "SUPABASE_EMAIL": sandbox.info["user"],
        "SUPABASE_PASSWORD": sandbox.info["password"],
    }
    try:
        for words in (["undo", run], ["retry", task]):
            done = command(*words, "--yes", sandbox=sandbox, **env)
            assert done.returncode == 2, done.stdout
            assert "may not change the refused rows" in done.stderr
        sandbox.sql("UPDATE autonomous_tasks SET status = 'in_progress', completed_at = NULL, error_message = NULL")
        healed = command("heal", "--yes", sandbox=sandbox, **env)
        assert healed.returncode == 2
        assert "2 refused" in healed.stderr
        assert "sign in as the master account or use a secret key" in healed.stderr
    finally:
        sandbox.sql("DROP POLICY no ON autonomous_tasks")


def test_a_failed_task_goes_back_to_pending_once(sandbox: Running, command: Command) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at, error_message)"
        " VALUES ('f', 'failed', now(), now(), 'boom \x1b]52;c;eA==\x07')"
    )
    task = str(sandbox.sql("SELECT id FROM autonomous_tasks")[0][0])
    done = command("retry", task, "--yes", sandbox=sandbox)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (
        0,
        "1 changed, 0 skipped, 0 refused; the task is pending (read back)",
        "",
    )
    rows = sandbox.sql("SELECT status, error_message, started_at, completed_at FROM autonomous_tasks")
    assert rows == [("pending", None, None, None)]
    again = command("retry", task, "--yes", sandbox=sandbox)
    assert (again.returncode, "is pending, not failed" in again.stdout) == (0, True)
    for nobody in (str(uuid.uuid4()), "7", "x"):
        done = command("retry", nobody, "--yes", sandbox=sandbox)
        assert "visible to this account" in done.stderr + done.stdout


@ONE_SHAPE
def test_run_lets_the_agents_work_and_nothing_else_ever_does(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 3)")
    before = sandbox.functions()
    for words in (["status"], ["heal", "--dry-run"], ["logs", "--stats"]):
        command(*words, sandbox=sandbox)
    assert sandbox.functions() == before
    done = command("run", "--yes", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 were pending, 0 are now" in done.stdout
    assert statuses(sandbox) == {"completed": 3}


@ONE_SHAPE
def test_a_function_that_is_gone_or_a_project_that_is_says_so(sandbox: Running, command: Command) -> None:
    sandbox.fault("edge_down", True)
    done = command("run", "--yes", sandbox=sandbox)
    assert done.returncode in {2, 4}
    assert done.stdout == ""
    env = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_KEY": "sb_secret_x"}
    for words in (["run"], ["retry", str(uuid.uuid4())], ["undo", str(uuid.uuid4())]):
        assert command(*words, "--yes", **env).returncode == 4


@ONE_SHAPE
def test_no_order_waits_and_none_that_does_not_can_be_withdrawn(sandbox: Running, command: Command) -> None:
    listed = command("waiting", sandbox=sandbox)
    assert (listed.returncode, listed.stdout.strip()) == (0, "none")
    assert command("orders", sandbox=sandbox).stdout == listed.stdout  # its former name, for one release
    told = command("waiting", "--json", sandbox=sandbox)
    assert json.loads(told.stdout) == {"version": 1, "orders": []}
    gone = command("waiting", "--withdraw", "x", sandbox=sandbox)
    assert (gone.returncode, "no action x waits" in gone.stderr) == (2, True)
