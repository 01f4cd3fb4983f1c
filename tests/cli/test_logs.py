"""`logs`: the three monitoring queries, right past a page, on both shapes, and writing nothing."""

import csv
import io
import json
import re

import pytest

from core.domain.records import STATUSES
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.terminal import Terminal


def rows(sandbox: Running, step: str, count: int, extra: str = "NULL", age: str = "1 hour") -> None:
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, duration_ms, input_data,"
        f" {sandbox.time_column}) SELECT '{step}', 'completed', 2000, {extra},"
        f" now() - interval '{age}' - i * interval '1 second' FROM generate_series(1, {count}) AS i"
    )


def test_the_watchdogs_rows_newest_first(sandbox: Running, command: Command) -> None:
    rows(sandbox, "watchdog_health_check", 25)
    rows(sandbox, "task_started", 3)
    rows(sandbox, "watchdog_alert_critical", 1, age="1 minute")
    done = command("logs", "--watchdog", sandbox=sandbox)
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines)) == (0, 20)
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  watchdog_alert_critical completed 2,000 ms", lines[0])
    assert lines == sorted(lines, reverse=True)
    assert "task_started" not in done.stdout


def test_a_check_tells_what_each_found_the_worst_first(sandbox: Running, command: Command) -> None:
    verdicts = {"database": "ok", "stuck_tasks": "critical", "activity": "warning", "edge_function": "ok"}
    told = {"text": "t", "verdicts": verdicts, "\x1b[31m": 1}
    odd = {"verdicts": {"database": ["ok"], "x" * 9000: "\x1b[31m" * 900, "activity": None}}
    for output in (odd, {"verdicts": ["ok"]}, {}, told):
        sandbox.sql(
            "INSERT INTO autonomous_execution_logs (execution_step, step_status, output_data)"
            " VALUES ('watchdog_health_check', 'completed', %s::jsonb)",
            json.dumps(output),
        )
    found = json.loads(command("logs", "--watchdog", "--json", sandbox=sandbox).stdout)["logs"]
    assert found[0]["verdicts"] == verdicts
    assert [row["verdicts"] for row in found[1:3]] == [{}, {}]
    assert max(map(len, (*found[3]["verdicts"], *found[3]["verdicts"].values()))) <= 40
    done = command("logs", "--watchdog", sandbox=sandbox).stdout
    assert "completed: t; critical: stuck tasks; warning: activity; ok: database, edge function" in done.splitlines()[0]
    assert (len(done.splitlines()), "\x1b" in done) == (4, False)


@ONE_SHAPE
def test_on_a_terminal_a_row_goes_on_below_itself(sandbox: Running, command: Command) -> None:
    verdicts = {f"check_number_{number}": "ok" for number in range(6)}
    rows(sandbox, "watchdog_health_check", 1)
    sandbox.sql("UPDATE autonomous_execution_logs SET output_data = %s::jsonb", json.dumps({"verdicts": verdicts}))
    terminal = Terminal(command, sandbox, "logs", "--watchdog")
    try:
        assert terminal.ended() == 0
        lines = [line.rstrip() for line in terminal.text.splitlines() if line.strip()]
    finally:
        terminal.dispose()
    assert len(lines) == 3
    assert all(line.startswith(" " * 22) and "check number" in line for line in lines[1:])


@ONE_SHAPE
def test_more_than_a_page_is_all_there(sandbox: Running, command: Command) -> None:
    rows(sandbox, "watchdog_health_check", 1300)
    found = json.loads(command("logs", "--watchdog", "--limit", "1250", "--json", sandbox=sandbox).stdout)["logs"]
    assert len({row["id"] for row in found}) == 1250
    assert (
        len(json.loads(command("logs", "--watchdog", "--limit", "5000", "--json", sandbox=sandbox).stdout)["logs"])
        == 1300
    )


def test_since_bounds_what_is_shown(sandbox: Running, command: Command) -> None:
    rows(sandbox, "watchdog_health_check", 2, age="3 days")
    rows(sandbox, "watchdog_health_check", 3, age="1 hour")
    assert len(command("logs", "--watchdog", "--since", "1d", sandbox=sandbox).stdout.splitlines()) == 3
    assert command("logs", "--watchdog", "--since", "1min", sandbox=sandbox).stdout == "none\n"


def test_healing_shows_orders_with_who_gave_them(sandbox: Running, command: Command) -> None:
    sandbox.stuck(2)
    assert command("heal", "--yes", sandbox=sandbox).returncode == 0
    rows(sandbox, "watchdog_health_check", 2)
    lines = command("logs", "--healing", sandbox=sandbox).stdout.splitlines()
    assert len(lines) == 2
    assert all("watchdog_healing" in line and " heal by operator " in line for line in lines)


def test_statistics_are_measured(sandbox: Running, command: Command) -> None:
    sandbox.completed(1500)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, completed_at) VALUES ('x', 'failed', now())")
    rows(sandbox, "watchdog_healing", 4, extra="""'{"order": "heal"}'""")
    done = command("logs", "--stats", sandbox=sandbox)
    assert "1,500 completed, 1 failed" in done.stdout
    assert "success rate: 99.9 %" in done.stdout
    assert "healing time: 2 s on average of 4" in done.stdout
    stats = json.loads(command("logs", "--stats", "--json", sandbox=sandbox).stdout)["stats"]
    assert set(stats["counts"]) == set(STATUSES)
    assert (stats["counts"]["completed"], stats["heals"], stats["healing_s"]) == (1500, 4, 2.0)


@ONE_SHAPE
def test_nothing_measured_is_a_dash(sandbox: Running, command: Command) -> None:
    done = command("logs", "--stats", sandbox=sandbox)
    assert "success rate: —" in done.stdout
    assert "healing time: —" in done.stdout
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]


WRONG = {
    "none": ([], "--watchdog, --healing or --stats"),
    "no time": (["--watchdog", "--since", "yesterdayish"], "is no time"),
    "no rows": (["--watchdog", "--limit", "0"], "--limit"),
    "figures of logs": (["--watchdog", "--by", "day"], "--by works only with --stats"),
    "no kind": (["--stats", "--by", "month"], "'month' is not one of 'day', 'week', 'type'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_is_two(case: str, command: Command) -> None:
    words, told = WRONG[case]
    done = command("logs", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def finished(sandbox: Running) -> None:
    """Three tasks completed, one only simulated, one failed, all an hour ago; one more two days ago."""
    done = "now() - interval '1 hour'"
    for status, kind, at, result, count in (
        ("completed", "bug_fix", done, "NULL", 3),
        ("completed", "bug_fix", done, "'\"DRY RUN: would\"'", 1),
        ("failed", "refactoring", done, "NULL", 1),
        ("completed", "bug_fix", "now() - interval '49 hours'", "NULL", 1),
    ):
        sandbox.sql(
            "INSERT INTO autonomous_tasks (task_type, description, status, started_at, completed_at, result)"
            f" SELECT %s, 'x', %s, {at} - interval '5 minutes', {at}, {result} FROM generate_series(1, %s)",
            *(kind, status, count),
        )


def test_figures_by_type_in_words(sandbox: Running, command: Command) -> None:
    finished(sandbox)
    done = command("logs", "--stats", "--by", "type", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    head, *table = done.stdout.splitlines()
    assert head.startswith("finished tasks by finish time")
    assert "times of UTC" in done.stdout
    rows = [line.split() for line in table[2:]]
    assert rows[0] == ["type", "tasks", "completed", "failed", "rejected", "simulated", "success", "mean", "p95"]
    assert rows[1] == ["bug_fix", "5", "4", "0", "0", "1", "100.0", "%", "5", "min", "5", "min"]
    assert rows[2] == ["refactoring", "1", "0", "1", "0", "0", "0.0", "%", "—", "—"]
    assert rows[3][:6] == ["all", "6", "4", "1", "0", "1"]
    counts = [re.match(r"\S+ +\S+", line) for line in table[2:]]
    assert len({one.end() for one in counts if one is not None}) == 1  # at the right


def test_figures_by_day_and_week_for_programs(sandbox: Running, command: Command) -> None:
    finished(sandbox)
    for by, names in (("day", r"\d{4}-\d\d-\d\d"), ("week", r"\d{4}-W\d\d")):
        found = json.loads(command("logs", "--stats", "--by", by, "--since", "3d", "--json", sandbox=sandbox).stdout)
        assert (found["version"], found["by"], found["whole"], found["looked_at"]) == (1, by, True, 6)
        assert all(re.fullmatch(names, row["name"]) for row in found["figures"])
        assert sum(row["tasks"] for row in found["figures"]) == found["all"]["tasks"] == 6
        assert found["figures"][0]["goes_on"]
        assert found["figures"][-1]["since"] is not None or by == "week"
        assert found["all"]["mean_s"] == 300.0
    short = json.loads(command("logs", "--stats", "--by", "day", "--since", "2h", "--json", sandbox=sandbox).stdout)
    assert short["all"]["tasks"] == 5


def test_figures_for_a_spreadsheet(sandbox: Running, command: Command) -> None:
    finished(sandbox)
    told = command("logs", "--stats", "--by", "type", "--csv", sandbox=sandbox)
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert [(row["name"], row["tasks"], row["success_percent"], row["mean_s"]) for row in rows] == [
        ("bug_fix", "5", "100.0", "300.0"),
        ("refactoring", "1", "0.0", ""),
    ]


def test_what_figures_leave_out_is_said(sandbox: Running, command: Command) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at)"
        " SELECT 'x', 'completed', now() - i * interval '1 minute' FROM generate_series(1, 21500) AS i"
    )
    said = r"the newest [\d,]+( of ≈[\d,]+)?: nothing before \d{4}-\d\d-\d\d \d\d:\d\d is in it"
    told = command("logs", "--stats", "--by", "day", "--since", "30d", sandbox=sandbox)
    assert (told.returncode, told.stderr) == (0, "")
    assert re.search(said, told.stdout)
    assert re.search(r"from \d\d:\d\d", told.stdout)
    assert re.search(
        said, command("logs", "--stats", "--by", "type", "--csv", "--since", "30d", sandbox=sandbox).stderr
    )


@ONE_SHAPE
def test_no_figures_are_dashes_and_a_time_zone_is_named(sandbox: Running, command: Command) -> None:
    done = command("logs", "--stats", "--by", "week", sandbox=sandbox, TZ="Europe/Berlin")
    assert re.search("times of CES?T", done.stdout)
    last = done.stdout.splitlines()[-1].split()
    assert last == ["all", "0", "0", "0", "0", "0", "—", "—", "—"]


LISTED = {
    "tasks": ["tasks"],
    "groups": ["tasks", "--group", "type"],
    "the watchdog's": ["logs", "--watchdog"],
    "actions": ["logs", "--healing"],
    "statistics": ["logs", "--stats"],
    "figures": ["logs", "--stats", "--by", "day"],
    "alerts": ["alerts"],
    "rules": ["alerts", "--rules"],
    "waiting": ["waiting"],
    "settings": ["config", "show"],
}


@ONE_SHAPE
@pytest.mark.parametrize("words", LISTED.values(), ids=LISTED)
def test_every_list_goes_into_a_spreadsheet_and_runs_nothing_there(
    words: list[str], sandbox: Running, command: Command
) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = '=1+1'")
    rows(sandbox, "watchdog_healing", 1, extra="""'{"order": "=1+1", "reason": "@x"}'""")
    finished(sandbox)
    told = command(*words, "--csv", sandbox=sandbox)
    found = list(csv.reader(io.StringIO(told.stdout)))
    assert len(found) > 1 or words == ["waiting"]
    assert {len(row) for row in found} == {len(found[0])}
    assert not [cell for row in found for cell in row if re.match(r"[=+@\t\r]|-(?!\d)", cell)]
