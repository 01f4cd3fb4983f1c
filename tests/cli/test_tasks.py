"""`tasks` and `task`: the screen's list for scripts, by the same words, in rows, in groups, for a spreadsheet."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from core.actions.retry_matching import RETRY_MATCHING
from core.backend.target import Target
from core.domain.queries import Filter
from core.domain.task_groups import GroupBy
from core.monitor import Config, Monitor, Places
from tests.running import ONE_SHAPE, Command, Running

CAUSES = (
    "tests failed: ' || i || ' of 148",
    "merge conflict in src/part' || i || '/pricing.ts",
    "row ' || gen_random_uuid() || ' is locked",
    "column \"c' || i || '\" is missing",
    "timeout after ' || (i / 7.0)::numeric(9, 2) || ' s",
    "GET https://api.example/' || i || '?q=' || i || ' failed",
    "model answered with an empty patch",
)
"""Seven causes, as the insides of SQL texts; `i` differs from row to row."""


def storm(sandbox: Running, each: int) -> None:
    for text in CAUSES:
        sandbox.sql(
            "INSERT INTO autonomous_tasks (task_type, description, status, error_message, created_at, completed_at)"
            f" SELECT 'bug_fix', 'work', 'failed', '{text}', now() - i * interval '1 second', now()"
            f" FROM generate_series(1, {each}) AS i"
        )


@ONE_SHAPE
async def test_ten_thousand_failures_have_seven_causes_and_one_is_retried(sandbox: Running, tmp_path: Path) -> None:
    storm(sandbox, 1_428)
    sandbox.completed(4)
    config = Config(target=Target(name="probe", url=sandbox.url, key=sandbox.service_key))
    monitor = Monitor(config, places=Places.within(tmp_path))
    monitor.parts.rows._grouping_s = 60.0  # however busy this machine is
    found = await monitor.groups(Filter(status=("failed",)), GroupBy.ERROR)
    assert [one.count for one in found.groups] == [1_428] * 7, [one.name for one in found.groups]
    assert found.whole
    locked = next(one for one in found.groups if one.name == "row <id> is locked")
    plan = await monitor.plan(RETRY_MATCHING, tasks=locked.ids)
    assert plan.rows == 1_428
    result = await monitor.run(RETRY_MATCHING, plan, tasks=locked.ids, reason="r")
    assert result.changed == 1_428
    left = dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))
    assert left == {"pending": 1_428, "failed": 6 * 1_428, "completed": 4}
    await monitor.close()


@pytest.fixture
def some(sandbox: Running) -> list[str]:
    storm(sandbox, 3)
    sandbox.completed(2)
    sandbox.sql(
        "INSERT INTO autonomous_tasks (task_type, description, status, created_at)"
        " VALUES ('refactoring', '=HYPERLINK(\"http://evil.example\")', 'pending', now() - interval '3 days')"
    )
    return [str(name) for (name,) in sandbox.sql("SELECT id FROM autonomous_tasks ORDER BY created_at DESC, id DESC")]


def test_rows_in_words_and_for_programs(sandbox: Running, command: Command, some: list[str]) -> None:
    told = command("tasks", sandbox=sandbox)
    assert (told.returncode, told.stderr) == (0, "")
    assert [line.split()[0] for line in told.stdout.splitlines()] == some
    few = command("tasks", "-status:failed,completed", "--limit", "1", sandbox=sandbox)
    assert len(few.stdout.splitlines()) == 1
    assert "refactoring" in few.stdout
    found: dict[str, Any] = json.loads(
        command("tasks", "status:failed", "error:locked", "--since", "1h", "--json", sandbox=sandbox).stdout
    )
    assert (found["version"], found["total"], found["exact"]) == (1, 3, True)
    assert {row["status"] for row in found["tasks"]} == {"failed"}
    more = command("tasks", "--limit", "2", sandbox=sandbox)
    assert f"the first 2 of {len(some)}: --limit shows more" in more.stderr


def test_a_spreadsheet_runs_nothing(sandbox: Running, command: Command, some: list[str]) -> None:
    told = command("tasks", "--csv", "--sort", "-age", sandbox=sandbox)
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert rows[0]["id"] == some[-1]
    assert rows[0]["description"].startswith("'=HYPERLINK")
    assert len(rows) == len(some)
    for sort in ("took", "-priority", "ended", "-who"):
        told = command("tasks", "--csv", "--sort", sort, sandbox=sandbox)
        assert sorted(row["id"] for row in csv.DictReader(io.StringIO(told.stdout))) == sorted(some)
        assert "sorted within" not in told.stderr


def test_groups(sandbox: Running, command: Command, some: list[str]) -> None:
    told = command("tasks", "--group", "status", sandbox=sandbox)
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["21", "2", "1"]
    found = json.loads(command("tasks", "--group", "error", "status:failed", "--json", sandbox=sandbox).stdout)
    assert (found["by"], found["whole"], found["looked_at"]) == ("error", True, 21)
    assert [group["count"] for group in found["groups"]] == [3] * 7
    assert command("tasks", "--group", "type", "--csv", sandbox=sandbox).stdout.startswith("count,first,last,type\n")


@ONE_SHAPE
def test_what_is_wrong_is_one_sentence(sandbox: Running, command: Command) -> None:
    for words in (["colour:red"], ["--group", "colour"], ["--sort", "colour"], ["since:whenever"], ["--limit", "0"]):
        done = command("tasks", *words, sandbox=sandbox)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert (
        "colour is not a column; use status, age, ended" in command("tasks", "--sort", "colour", sandbox=sandbox).stderr
    )
    odd = command("tasks", "status:broken", sandbox=sandbox)
    assert (odd.returncode, odd.stdout) == (0, "none\n")
    assert "broken is no status that is known: pending, in_progress" in odd.stderr
    assert command("task", "nonsense", sandbox=sandbox).returncode == 2
    down = command("tasks", SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY=sandbox.service_key)
    assert (down.returncode, down.stdout) == (4, "")


def test_a_word_that_is_left_out_is_no_option_and_a_value_stays_as_typed(
    sandbox: Running, command: Command, some: list[str]
) -> None:
    assert len(command("tasks", "-refactoring", sandbox=sandbox).stdout.splitlines()) == len(some) - 1
    assert command("tasks", "-x", sandbox=sandbox).returncode == 0
    wrong = command("tasks", "--limit", "-1", "--since", "-2h", sandbox=sandbox)
    assert "-1 is not in the range" in wrong.stderr
    sandbox.sql("UPDATE autonomous_tasks SET status = 'awaiting_review'")
    done = command("reject", "-refactoring", "error:locked", "--reason", "-not now", "--yes", sandbox=sandbox)
    assert done.returncode == 0, done.stderr
    found = sandbox.sql("SELECT error_message FROM autonomous_tasks WHERE status = 'rejected'")
    assert found
    assert all(": -not now" in error for (error,) in found)


def test_one_task_in_full(sandbox: Running, command: Command, some: list[str]) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status) VALUES (%s, 'patch', 'failed')",
        some[0],
    )
    told = command("task", some[0], sandbox=sandbox)
    assert told.returncode == 0
    assert "description: " in told.stdout
    assert "patch failed" in told.stdout
    found = json.loads(command("task", some[0], "--json", sandbox=sandbox).stdout)
    assert found["task"]["id"] == some[0]
    assert found["columns"]["status"] == found["task"]["status"]
    assert [row["step"] for row in found["logs"]] == ["patch"]


ODD_VALUES = (
    "a*b",
    "star*",
    "*",
    "with, comma",
    'with "quotes"',
    "it's",
    "back\\slash",
    "-x",
    "two  blanks",
    "a:b",
    "%_",
    "(x)",
)
"""Values that a filter's grammar or the API's language have a sign of."""


def test_every_value_can_be_named_exactly(sandbox: Running, command: Command) -> None:
    """Each group's filter finds its tasks and no other's, also by what a prefix would find too."""
    for who in (*ODD_VALUES, "aXb", "starry", "bug"):
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status, assigned_to) SELECT 'd', 'pending', %s"
            " FROM generate_series(1, 2)",
            who,
        )
    told = json.loads(command("tasks", "--group", "who", "--json", sandbox=sandbox).stdout)
    found = {group["name"]: group for group in told["groups"]}
    assert set(found) == {*ODD_VALUES, "aXb", "starry", "bug"}
    for name, group in found.items():
        rows = json.loads(command("tasks", group["filter"], "--json", sandbox=sandbox).stdout)["tasks"]
        assert {row["id"] for row in rows} == set(group["ids"]), (name, group["filter"])
    left = json.loads(command("tasks", '-who:"star*","*"', "--json", "--limit", "500", sandbox=sandbox).stdout)
    assert left["total"] == 2 * (len(found) - 2)
    begun = json.loads(command("tasks", 'who:"a*"*,star*', "--json", sandbox=sandbox).stdout)["tasks"]
    assert {row["assigned_to"] for row in begun} == {"a*b", "star*", "starry"}


def test_a_cause_finds_the_failures_of_its_group(sandbox: Running, command: Command) -> None:
    storm(sandbox, 3)
    sandbox.sql("UPDATE autonomous_tasks SET error_message = replace(error_message, ' is locked', E'\\n  is locked')")
    told = json.loads(command("tasks", "--group", "error", "--json", sandbox=sandbox).stdout)
    assert len(told["groups"]) == len(CAUSES)
    for group in told["groups"]:
        rows = json.loads(command("tasks", group["filter"], "--json", sandbox=sandbox).stdout)["tasks"]
        assert {row["id"] for row in rows} == set(group["ids"]), group["filter"]
