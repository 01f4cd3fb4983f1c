"""A review with the agents at work: what needs one waits, runs once approved, never once rejected; the log tells."""

import json

import pytest

from tests.actions.test_task_changes import add
from tests.running import Command, Running


def by_description(sandbox: Running) -> dict[str, str]:
    return dict(sandbox.sql("SELECT description, status FROM autonomous_tasks"))  # type: ignore[arg-type]  # two texts each


@pytest.fixture
def waiting(sandbox: Running) -> dict[str, str]:
    """Three tasks that the agents sent to the inbox themselves, by what they are to become: their ids."""
    sandbox.sql("UPDATE autonomous_system_config SET enabled = true, dry_run_mode = false, max_parallel_tasks = 99")
    names = ("approved", "rejected", "left")
    ids = {name: add(sandbox, "pending", 1, description=name, requires_approval=True)[0] for name in names}
    add(sandbox, "pending", 1, description="plain", requires_approval=False)
    sandbox.poll()
    assert by_description(sandbox) == dict.fromkeys(names, "awaiting_review") | {"plain": "completed"}
    return ids


def test_what_is_approved_runs_and_what_is_rejected_never_does(
    sandbox: Running, command: Command, waiting: dict[str, str]
) -> None:
    found = json.loads(command("tasks", "status:awaiting_review", "--json", sandbox=sandbox).stdout)
    assert {one["id"] for one in found["tasks"]} == set(waiting.values())
    assert command("approve", waiting["approved"], "--yes", sandbox=sandbox).returncode == 0
    assert command("reject", waiting["rejected"], "--reason", "too risky", "--yes", sandbox=sandbox).returncode == 0
    for _ in range(2):
        sandbox.poll()
    assert by_description(sandbox) == {
        "approved": "completed",
        "rejected": "rejected",
        "left": "awaiting_review",
        "plain": "completed",
    }
    assert sandbox.sql(
        "SELECT reviewed_at IS NOT NULL, requires_approval FROM autonomous_tasks WHERE description = 'approved'"
    ) == [(True, False)]


def test_the_three_questions_asked_of_the_log_by_hand_find_it(
    sandbox: Running, command: Command, waiting: dict[str, str]
) -> None:
    """Those of the product's document: the watchdog's rows, what was healed or done, and how long that takes."""
    assert command("approve", waiting["approved"], "--yes", sandbox=sandbox).returncode == 0
    assert (
        command("cancel", waiting["left"], "--reason", "no", "--yes", sandbox=sandbox).returncode == 1
    )  # none pending
    assert command("reject", waiting["rejected"], "--reason", "no", "--yes", sandbox=sandbox).returncode == 0
    rows = f"FROM autonomous_execution_logs WHERE execution_step LIKE 'watchdog%%' ORDER BY {sandbox.time_column} DESC"
    watchdog = sandbox.sql(f"SELECT execution_step, step_status, input_data->>'order' {rows} LIMIT 20")
    healing = sandbox.sql(
        f"SELECT step_status, input_data->>'order' {rows.replace('LIKE', '=').replace('%%', '_healing')}"
    )
    expected = [(status, order) for order in ("reject", "approve") for status in ("completed", "started")]
    assert [row[1:] for row in watchdog if row[0] == "watchdog_healing"] == healing
    assert [row for row in healing if row[1] != "cancel"] == expected
    took = sandbox.sql(
        "SELECT avg(duration_ms) >= 0 FROM autonomous_execution_logs"
        " WHERE execution_step = 'watchdog_healing' AND step_status = 'completed'"
    )
    assert took == [(True,)]
