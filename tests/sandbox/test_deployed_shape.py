"""The sandbox's deployed shape is what the migration in the field makes, column by column."""

import re
from typing import Any, Final

import pytest

from tests.running import ONE_SHAPE, Running

pytestmark = ONE_SHAPE

NOW, NEW_ID = "now()", "uuid_generate_v4()"

TASK_TYPES: Final = (
    "accessibility bug_fix database_migration documentation edge_function feature_implementation layout_fix"
    " performance_optimization refactoring security_fix test_creation type_improvement"
)
STATUSES: Final = "approved awaiting_review completed failed in_progress pending rejected rolled_back"
CHECK_TYPES: Final = (
    "breaking_change_detection build_validation dependency_audit lint_check rls_validation security_scan"
    " test_validation type_check"
)

TABLES: Final[dict[str, str]] = {
    "autonomous_system_config": f"""
        id                          uuid         not null  {NEW_ID}
        enabled                     boolean      null      false
        dry_run_mode                boolean      null      true
        autonomy_level              integer      null      2                                       1..3
        max_parallel_tasks          integer      null      5
        max_tasks_per_run           integer      null      10
        max_files_per_task          integer      null      20
        min_interval_minutes        integer      null      60
        max_daily_tasks             integer      null      50
        emergency_stop              boolean      null      false
        emergency_stop_reason       text         null      -
        emergency_stop_until        timestamptz  null      -
        notification_email          text         null      'operations@sandbox.example'
        notify_on_completion        boolean      null      true
        notify_on_failure           boolean      null      true
        notify_on_high_risk         boolean      null      true
        updated_at                  timestamptz  null      {NOW}
        updated_by                  text         null      -
    """,
    "autonomous_tasks": f"""
        id                          uuid         not null  {NEW_ID}
        task_type                   text         null      -                                       {TASK_TYPES}
        description                 text         not null  -
        priority                    integer      null      0                                       0..10
        autonomy_level              integer      null      2                                       1..3
        risk_level                  text         null      'low'                                   high low medium
        requires_approval           boolean      null      false
        status                      text         null      'pending'                               {STATUSES}
        assigned_to                 text         null      'ai_agent'
        files_affected              text[]       null      '{{}}'
        estimated_duration_minutes  integer      null      -
        result                      jsonb        null      -
        error_message               text         null      -
        rollback_data               jsonb        null      -
        gitkraken_patch_url         text         null      -
        github_pr_url               text         null      -
        created_at                  timestamptz  null      {NOW}
        started_at                  timestamptz  null      -
        completed_at                timestamptz  null      -
        reviewed_at                 timestamptz  null      -
        created_by                  text         null      'autonomous_system'
        reviewed_by                 text         null      -
    """,
    "autonomous_execution_logs": f"""
        id                          uuid         not null  {NEW_ID}
        task_id                     uuid         null      -
        execution_step              text         not null  -
        step_status                 text         null      -                        completed failed skipped started
        input_data                  jsonb        null      -
        output_data                 jsonb        null      -
        error_data                  jsonb        null      -
        duration_ms                 integer      null      -
        agent_version               text         null      -
        git_commit_sha              text         null      -
        environment                 text         null      'production'
        timestamp                   timestamptz  null      {NOW}
    """,
    "autonomous_safety_checks": f"""
        id                          uuid         not null  {NEW_ID}
        task_id                     uuid         null      -
        check_type                  text         not null  -                                       {CHECK_TYPES}
        passed                      boolean      not null  -
        details                     jsonb        null      -
        error_message               text         null      -
        checked_at                  timestamptz  null      {NOW}
        duration_ms                 integer      null      -
    """,
}
"""Name, type, whether it may be NULL, default, and what a CHECK allows: a range, or words in their order."""

COLUMNS: Final = """
SELECT a.attname, format_type(a.atttypid, NULL), a.attnotnull, coalesce(pg_get_expr(d.adbin, d.adrelid), '-'),
  coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k
            WHERE k.contype = 'c' AND k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum]), '')
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname
"""


def _written(line: str) -> tuple[str, ...]:
    name, kind, rest = line.split(maxsplit=2)
    null = "not null" if rest.startswith("not null") else "null"
    default, _, check = rest.removeprefix(null).strip().partition(" ")
    return name, kind, null, default, check.strip()


def _read(name: str, kind: str, not_null: bool, default: str, check: str) -> tuple[str, ...]:
    bounds, words = re.search(r">= (\d+).*<= (\d+)", check), sorted(re.findall(r"'(\w+)'", check))
    allowed = f"{bounds[1]}..{bounds[2]}" if bounds else " ".join(words)
    kind = kind.replace("timestamp with time zone", "timestamptz")
    return name, kind, "not null" if not_null else "null", re.sub(r"::[a-z]+(\[\])?$", "", default), allowed


@pytest.mark.parametrize("table", TABLES)
def test_its_columns_are_those_of_the_field(table: str, sandbox: Running) -> None:
    found = [_read(*row) for row in sandbox.sql(COLUMNS, table)]
    assert found == sorted(_written(line) for line in TABLES[table].strip().splitlines())


def test_every_row_is_for_everybody_and_no_other_policy_stands(sandbox: Running) -> None:
    on = sandbox.sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity ORDER BY relname"
    )
    assert [name for (name,) in on] == sorted(TABLES)
    policies = sandbox.sql(
        "SELECT tablename, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public' ORDER BY tablename"
    )
    assert policies == [(table, "PERMISSIVE", "{public}", "ALL", "true", "true") for table in sorted(TABLES)]


@pytest.mark.parametrize("table", ["autonomous_execution_logs", "autonomous_safety_checks"])
def test_what_belongs_to_a_task_goes_with_it(table: str, sandbox: Running) -> None:
    keys = sandbox.sql(
        "SELECT confrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = %s::regclass",
        table,
    )
    assert keys == [
        ("autonomous_tasks", "FOREIGN KEY (task_id) REFERENCES autonomous_tasks(id) ON DELETE CASCADE"),
    ]


def test_its_statistics_are_those_of_the_field(sandbox: Running) -> None:
    sandbox.completed(3)
    sandbox.stuck(1)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('w', 'awaiting_review'), ('n', NULL)")
    (row,) = sandbox.sql("SELECT to_json(s) FROM autonomous_system_stats AS s")
    assert row[0] == {
        "completed_tasks": 3,
        "failed_tasks": 0,
        "pending_tasks": 0,
        "review_tasks": 1,
        "avg_duration_minutes": 30,
        "tasks_last_24h": 6,
        "completed_last_24h": 3,
    }


FUNCTIONS: Final = {
    "create_autonomous_task": (
        "p_task_type text, p_description text, p_autonomy_level integer DEFAULT 2, p_priority integer DEFAULT 0",
        "uuid",
    ),
    "emergency_stop_autonomous_system": ("p_reason text, p_duration_hours integer DEFAULT 24", "boolean"),
    "get_autonomous_config": ("", "autonomous_system_config"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_functions_are_those_of_the_field(name: str, sandbox: Running) -> None:
    found: list[tuple[Any, ...]] = sandbox.sql(
        "SELECT pg_get_function_arguments(oid), pg_get_function_result(oid), prosecdef FROM pg_proc WHERE proname = %s",
        name,
    )
    assert found == [(*FUNCTIONS[name], True)]


def test_what_may_be_null_is_null_in_the_api_too(sandbox: Running) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, priority, requires_approval, created_at)"
        " VALUES ('odd', NULL, NULL, NULL, NULL)"
    )
    (row,) = sandbox.rest("autonomous_tasks?select=status,priority,requires_approval,created_at").json()
    assert row == {"status": None, "priority": None, "requires_approval": None, "created_at": None}
