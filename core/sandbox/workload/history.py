"""Thirty days of believable past, and a little more: tasks finished and failed, and the rows they logged."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from core.sandbox.workload.stories import ERRORS, REVIEWS, STORIES

TASKS: Final = 3000
DAYS: Final = 40
"""The days of history: ten more than logs are kept, so that there is something to delete."""

_FAILED: Final = 0.03
_AT_WORK: Final = """
UPDATE autonomous_system_config SET enabled = true, dry_run_mode = false, max_parallel_tasks = 5, max_daily_tasks = 5000
"""
"""Agents that do real work, and more than the default allows on one day."""

_IN_REVIEW: Final = """
INSERT INTO autonomous_tasks (task_type, description, priority, autonomy_level, risk_level, requires_approval, status,
  files_affected, estimated_duration_minutes, created_at)
VALUES (%s, %s, %s, 3, %s, true, 'awaiting_review', %s, %s, now() - %s * interval '1 minute')
"""


def seed_history(owner: psycopg.Connection[Any], shape: str, *, seed: int = 11) -> None:
    """Fill tasks and logs up to now, by COPY, and let the agents work. About a second."""
    rng = random.Random(seed)
    now = datetime.now(UTC)
    time_column = '"timestamp"' if shape == "deployed" else "created_at"
    tasks: list[tuple[object, ...]] = []
    logs: list[tuple[object, ...]] = []
    for index in range(TASKS):
        age = timedelta(days=DAYS * ((index + rng.random()) / TASKS) ** 1.3, minutes=2)
        kind = rng.choice(list(STORIES))
        task, created = uuid.UUID(int=rng.getrandbits(128), version=4), now - age
        started = created + timedelta(seconds=rng.uniform(1, 40))
        ended = started + timedelta(seconds=rng.uniform(20, 80))
        failed = rng.random() < _FAILED
        status = "failed" if failed else "completed"
        error = rng.choice(ERRORS) if failed else None
        text = rng.choice(STORIES[kind])
        tasks.append((task, kind, text, rng.randint(1, 9), status, error, created, started, ended))
        step = f"task_{status}"
        duration = round((ended - started).total_seconds() * 1000)
        logs.append((_id(rng), task, "task_started", "started", None, started))
        logs.append((_id(rng), task, step, status, duration, ended))
    with owner.cursor() as cursor:
        columns = "id, task_type, description, priority, status, error_message, created_at, started_at, completed_at"
        with cursor.copy(f"COPY autonomous_tasks ({columns}) FROM STDIN") as copy:
            for row in tasks:
                copy.write_row(row)
        columns = f"id, task_id, execution_step, step_status, duration_ms, {time_column}"
        with cursor.copy(f"COPY autonomous_execution_logs ({columns}) FROM STDIN") as copy:
            for log in logs:
                copy.write_row(log)
    with owner.cursor() as cursor:
        cursor.executemany(_IN_REVIEW, REVIEWS)
    owner.execute(_AT_WORK)
    owner.execute("ANALYZE")


def _id(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)
