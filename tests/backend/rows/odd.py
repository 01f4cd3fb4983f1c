"""Values that no column should hold and some will, and whole rows of either shape to put them into."""

from typing import Any, Final

HOSTILE: Final = "\x1b]0;owned\x07\u202e[red]x[/] '; DROP TABLE autonomous_tasks; --"

TIMES: Final = (
    *("infinity", "-infinity", "now", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999+00:00"),
    *("1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "2199-12-31T23:59:59-14:00", "0044-03-15 12:00:00 BC"),
    *("2026-01-01T00:00:00", "2026-01-01T00:00:00+05:45", "294276-12-31T23:59:59Z", "2026-02-30T00:00:00Z"),
)

NUMBERS: Final = (0, -1, 2**31 - 1, -(2**31), 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 1.5, -0.0)

TEXTS: Final = ("", " ", HOSTILE, "x" * 1_000_000, "\ud800", "true", "null", "0")

OTHERS: Final = (None, True, False, [], {}, [{}], {"a": None}, [[[[]]]], {"ids": {"a": 1}}, {"steps": [1, None, {}]})

ODD: Final[tuple[Any, ...]] = (*TIMES, *NUMBERS, *TEXTS, *OTHERS)

AT: Final = "2026-11-24T12:00:00+00:00"

CONFIG: Final[dict[str, Any]] = {
    "id": "6f0bb4c9-7b0c-4d4c-8e4f-5d6f0a2f9b11",
    "enabled": True,
    "dry_run_mode": True,
    "autonomy_level": 2,
    "max_parallel_tasks": 5,
    "min_interval_minutes": 60,
    "max_daily_tasks": 50,
    "emergency_stop": False,
    "emergency_stop_reason": None,
    "emergency_stop_until": None,
    "notification_email": "anna@example.org",
    "notify_on_failure": True,
    "updated_at": AT,
    "updated_by": None,
}

TASK: Final[dict[str, Any]] = {
    "id": "6f0bb4c9-7b0c-4d4c-8e4f-5d6f0a2f9b12",
    "task_type": "bug_fix",
    "description": "x",
    "status": "in_progress",
    "priority": 5,
    "risk_level": "low",
    "assigned_to": "ai_agent",
    "estimated_duration_minutes": 10,
    "error_message": None,
    "created_at": AT,
    "started_at": AT,
    "completed_at": None,
}

LOG: Final[dict[str, Any]] = {
    "id": "6f0bb4c9-7b0c-4d4c-8e4f-5d6f0a2f9b13",
    "task_id": None,
    "execution_step": "watchdog_healing",
    "step_status": "completed",
    "input_data": {"order": "heal", "run": "r", "who": "operator anna@h", "plan": {"steps": [{"name": "stuck"}]}},
    "output_data": {"changed": 1, "ids": ["a"]},
    "error_data": None,
    "duration_ms": 7,
    "timestamp": AT,
}

ENDED: Final[dict[str, Any]] = {
    "step_status": "completed",
    "timestamp": AT,
    "duration_ms": 7,
    "order": "lift",
    "run": "r",
    "by": "operator",
    "who": "anna",
    "steps": {"stuck": 1},
    "undoes": None,
    "stopped": None,
    "lifted": "true",
}

SAFETY: Final[dict[str, Any]] = {
    "id": 7,
    "task_id": None,
    "check_type": "lint_check",
    "passed": True,
    "details": {},
    "error_message": None,
    "checked_at": AT,
    "duration_ms": 7,
}

SETTING: Final[dict[str, Any]] = {
    "id": 7,
    "check_type": "lint_check",
    "check_name": "n",
    "is_blocking": True,
    "enabled": True,
    "created_at": AT,
}

LEASE: Final[dict[str, Any]] = {
    "id": "6f0bb4c9-7b0c-4d4c-8e4f-5d6f0a2f9b14",
    "execution_step": "lease",
    "timestamp": AT,
    "input_data": {"holder": "h", "host": "h", "term": 1, "token": "t", "acts": True},
}

ALERT: Final[dict[str, Any]] = {
    "alert": "breaker_open",
    "subject": "db:read",
    "episode": "e",
    "phase": "firing",
    "severity": "high",
    "at": AT,
    "began_at": AT,
    "fired_at": AT,
    "told": 1,
    "messages": 1,
    "text": "x",
    "order": None,
    "plan": None,
}
