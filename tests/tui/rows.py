"""The rows of a project that stands still, in every table, and what can be ordered about them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from core.actions.context import Actor
from core.actions.waiting import WaitingAction
from core.domain.figures import Figures, FigureSpan, FinishedTask, figures
from core.domain.plans import DryRunPlan, HealPlan, PlanStep, ResumePlan, RunPlan, StopPlan
from core.domain.records import LogEntry, SafetyCheck, Task
from core.domain.row_details import LogDetail, SafetyDetail, TaskDetail, row_detail
from core.history.trends import CUTS, Window
from core.resilience.fault import Counts, Evidence, Fault
from core.resilience.reading import Reading, Source
from tests.tui.still import Records

AT: Final = datetime(2026, 3, 1, 3, 10, 27, tzinfo=UTC)
OPERATOR: Final = "operator jana@bastion"

DOWN: Final = Fault(
    kind="refused",
    counts=Counts.FAILURE,
    evidence=Evidence.DOWN,
    message="connection refused",
    remedy="check SUPABASE_URL",
)
UNREACHED: Final = Fault(
    kind="no_dns",
    counts=Counts.FAILURE,
    evidence=Evidence.NONE,
    message="the host name could not be resolved",
    remedy="check SUPABASE_URL",
)
FORBIDDEN: Final = Fault(
    kind="not_allowed",
    counts=Counts.SUCCESS,
    evidence=Evidence.ALIVE,
    message="permission denied for table autonomous_tasks",
    remedy="this account's rights are not sufficient; sign in as the master account or use a secret key",
    person=True,
)
MISSING: Final = Fault(
    kind="missing_table",
    counts=Counts.SUCCESS,
    evidence=Evidence.ALIVE,
    message='relation "public.autonomous_tasks" does not exist',
    remedy="the project's schema lacks it; run the project's migrations, or check the URL",
    person=True,
)


def ago(**span: float) -> datetime:
    """So long before the picture."""
    return AT - timedelta(**span)


def name_of(number: int) -> str:
    """A uuid that says which row it is."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def live(value: Any, **span: float) -> Any:
    return Reading(value=value, source=Source.LIVE, at=ago(**(span or {"seconds": 2})))


def _task(number: int, status: str, description: str, **more: Any) -> Task:
    return Task(
        id=name_of(number),
        status=status,
        description=description,
        **({"task_type": "bug_fix", "priority": 5, "created_at": ago(minutes=10 * number)} | more),
    )


_GEOCODER: Final = "Wait for a geocoder that never answers"
STUCK: Final = tuple(
    _task(n, "in_progress", _GEOCODER, task_type="edge_function", started_at=ago(hours=2), created_at=ago(hours=3))
    for n in (0x51, 0x52, 0x53)
)
RUNNING: Final = (
    _task(
        1,
        "in_progress",
        "Rewrite the importer for the new feed",
        started_at=ago(minutes=4),
        assigned_to="agent-2",
        estimated_minutes=3,
    ),
    _task(
        2,
        "in_progress",
        "Translate the onboarding mails",
        task_type="content",
        started_at=ago(seconds=40),
        estimated_minutes=2,
    ),
)
TASKS: Final = (
    _task(3, "pending", "Index the orders by customer", task_type="database_migration", priority=8),
    _task(
        4, "completed", "Fix the rounding of invoices in yen", started_at=ago(minutes=12), completed_at=ago(minutes=7)
    ),
    _task(
        5,
        "failed",
        "Send the weekly report to 東京支社 and Zürich",
        task_type="edge_function",
        error="SMTP 550: mailbox unavailable",
        started_at=ago(minutes=50),
        completed_at=ago(minutes=49),
        assigned_to="agent-1",
    ),
    _task(6, "awaiting_review", "Drop the column nobody reads", task_type="database_migration", risk_level="high"),
    _task(
        7, "completed", "Add a test for the parser of [brackets]", started_at=ago(hours=2), completed_at=ago(hours=1)
    ),
    _task(8, "rejected", "Delete every account that is older than a year", risk_level="critical"),
)

HEAL_LOG: Final = LogEntry(
    id=name_of(0xA1),
    at=ago(minutes=31),
    step="watchdog_healing",
    status="completed",
    duration_ms=1840,
    summary="2 changed, 0 skipped",
    order="heal",
    actor=OPERATOR,
    run=name_of(0xAA),
)
LOGS: Final = (
    LogEntry(id=name_of(0x91), at=ago(seconds=40), step="task_started", status="started", task_id=name_of(2)),
    LogEntry(
        id=name_of(0x92),
        at=ago(minutes=7),
        step="task_completed",
        status="completed",
        task_id=name_of(4),
        duration_ms=301_250,
        summary="rounded half to even, 14 tests added",
    ),
    HEAL_LOG,
    LogEntry(
        id=name_of(0x93),
        at=ago(minutes=49),
        step="task_failed",
        status="failed",
        task_id=name_of(5),
        duration_ms=61_002,
        summary="SMTP 550: mailbox unavailable",
    ),
    LogEntry(id=name_of(0x94), at=ago(hours=1), step="system_health_check", status="skipped", summary="nothing due"),
)
SAFETY: Final = (
    SafetyCheck(
        id=name_of(0xB1),
        at=ago(minutes=50),
        check_type="content_filter",
        verdict="passed",
        blocking=True,
        task_id=name_of(5),
        text="no personal data found",
    ),
    SafetyCheck(
        id=name_of(0xB2),
        at=ago(hours=1),
        check_type="blast_radius",
        verdict="failed",
        blocking=True,
        task_id=name_of(8),
        text="would delete 12,408 rows: more than 500 need a person",
    ),
    SafetyCheck(
        id=name_of(0xB3),
        at=ago(hours=2),
        check_type="review_required",
        verdict="passed",
        blocking=False,
        task_id=name_of(6),
        text="asks a person",
    ),
)
_LONG: Final = "a line longer than any narrow screen, so that it has to go on below, as far in as it began, to its end"
SETTINGS: Final = tuple(
    SafetyCheck(
        id=name_of(number), at=ago(days=3), check_type=kind, name=name, verdict=verdict, blocking=verdict == "enabled"
    )
    for number, kind, name, verdict in (
        (0xB8, "build_validation", "The build passes", "enabled"),
        (0xB9, "lint_check", "No new warnings", "disabled"),
    )
)
"""Safety checks as the documented shape has them: settings."""

_DETAILS: Final[dict[str, Any]] = {
    name_of(5): TaskDetail(
        task=TASKS[2],
        row=row_detail(
            name_of(5),
            {
                "id": name_of(5),
                "task_type": "edge_function",
                "description": TASKS[2].description,
                "status": "failed",
                "priority": 5,
                "metadata": {"to": ["tokyo@example.org", "zuerich@example.org"], "attempt": 3, "dry": False},
                "error_message": TASKS[2].error,
                "created_at": "2026-03-01T02:20:27+00:00",
                "approved_by": None,
            },
        ),
    ),
    name_of(0x93): LogDetail(
        entry=LOGS[3],
        row=row_detail(
            name_of(0x93),
            {
                "id": name_of(0x93),
                "task_id": name_of(5),
                "step": "task_failed",
                "status": "failed",
                "details": {
                    "error": {"code": 550, "text": "mailbox unavailable", "transient": False},
                    "tries": [{"at": "02:20:27", "took_ms": 20312}, {"at": "02:21:02", "took_ms": 20188}],
                    "note": _LONG,
                },
                "error_message": None,
                "duration_ms": 61_002,
                "timestamp": "2026-03-01T02:21:27+00:00",
            },
        ),
    ),
    name_of(0xA1): LogDetail(
        entry=HEAL_LOG,
        row=row_detail(
            name_of(0xA1),
            {
                "id": name_of(0xA1),
                "step": "watchdog_healing",
                "status": "completed",
                "details": {
                    "order": "heal",
                    "actor": {"by": "operator", "who": "jana", "host": "bastion"},
                    "run": name_of(0xAA),
                    "planned": 2,
                    "changed": 2,
                    "ids": [name_of(0x51), name_of(0x52)],
                },
                "duration_ms": 1840,
            },
        ),
    ),
    name_of(0xB2): SafetyDetail(
        check=SAFETY[1],
        row=row_detail(
            name_of(0xB2),
            {
                "id": name_of(0xB2),
                "task_id": name_of(8),
                "check_type": "blast_radius",
                "passed": False,
                "blocking": True,
                "result": {"rows": 12408, "limit": 500, "needs": "a person"},
            },
        ),
    ),
}
WAITING: Final = WaitingAction(
    id=name_of(0xC1),
    order="emergency_stop",
    actor=Actor(by="operator", who="jana", host="bastion"),
    at=ago(minutes=6),
    reason="agents delete accounts",
)
_KINDS: Final = ("bug_fix", "edge_function", "database_migration", "[brackets] and 東京支社")


def figures_over(window: Window, about: int | None = None, **span: Any) -> Figures:
    """A task every forty minutes, every ninth failed, some rejected; some hours of it in dry-run."""
    since, begin = AT - CUTS[window].length, span.get("reached") or AT - CUTS[window].length
    tasks = [
        FinishedTask(
            id=f"{n}",
            task_type=_KINDS[n % 7 % 4],
            status="failed" if n % 9 == 4 else "rejected" if n % 50 == 7 else "completed",
            at=at,
            took_s=40.0 + n * 37 % 600,
            simulated=n % 9 != 4 and n % 50 != 7 and 95 < n < 106,
        )
        for n in range(2_000)
        if (at := AT - timedelta(minutes=3 + 40 * n)) >= begin
    ]
    return figures(tasks, FigureSpan(since=since, until=AT, zone=UTC, **span), about=about)


RECORDS: Final = Records(
    figures={window: live(figures_over(window)) for window in Window},
    tasks=(*STUCK, *RUNNING, *TASKS),
    logs=LOGS,
    safety=SAFETY,
    details=_DETAILS,
    heal=HealPlan(
        steps=(
            PlanStep(
                name="stuck",
                title="Stuck tasks",
                effect="mark as failed, so that they can be retried",
                count=3,
                ids=tuple(task.id for task in STUCK),
            ),
        ),
        notes=("Left alone: 1 running task that said something a minute ago.",),
    ),
    stop=StopPlan(pending=312, running=5, examples="The longest running, since 2026-03-01 01:10 UTC: Migrate."),
    lift=ResumePlan(
        standing="set by operator jana@bastion 6 min ago: agents delete accounts", rejected=317, requeueable=312
    ),
    mode=DryRunPlan(known=True, dry_run=False),
    run=RunPlan(pending=312, notes=("The last run began 2 min ago.",)),
    waiting=(WAITING,),
)
