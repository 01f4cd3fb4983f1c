"""What a monitor may have to show: one frozen snapshot for each state it can be in."""

from datetime import timedelta
from typing import Any, Final

import msgspec

from core.domain.alert_view import AlertView
from core.domain.alerts import Silence
from core.domain.checks import Check
from core.domain.counts import TaskCounts
from core.domain.kpis import Kpi
from core.domain.permission import MayAct
from core.domain.records import SystemConfig
from core.domain.snapshot import Component, Link, LinkWord, Snapshot, State, Tasks, Telling, Waiting
from core.domain.status import Level, Truth
from core.history.kpis import KpiInputs, kpis
from core.resilience import BreakerRecord, BreakerState
from core.resilience.fault import Counts, Evidence, Fault
from core.resilience.reading import Reading, Source
from tests.tui.rows import (
    AT,
    DOWN,
    FORBIDDEN,
    LOGS,
    MISSING,
    OPERATOR,
    RUNNING,
    STUCK,
    TASKS,
    WAITING,
    ago,
    live,
    name_of,
)
from tests.tui.unread import BLIND, CONNECTING, answered_by
from tests.tui.well import (
    ACTIVE,
    BREAKERS,
    COURSE,
    HEALTHY,
    ORDERED,
    PARTS,
    QUIET,
    changed,
    check,
    looked,
    parts,
    rate,
    tasks_of,
)


def _unmeasured(kpi: Kpi) -> Kpi:
    """What the day's tasks tell is not known while they cannot be counted."""
    return msgspec.structs.replace(kpi, value=None, text="—", good=Truth.UNKNOWN) if kpi.name == "success_24h" else kpi


_LATE: Final = Fault(
    kind="timeout", counts=Counts.FAILURE, evidence=Evidence.SILENT, message="connected, but the request timed out"
)
_NOT_ASKED: Final = Fault(
    kind="refused_by_breaker",
    counts=Counts.NEUTRAL,
    evidence=Evidence.NONE,
    message="no request sent: its circuit breaker is open",
)
DEGRADED: Final = changed(
    ACTIVE,
    tasks=tasks_of(
        ACTIVE,
        success_24h=Reading(value=rate(402, 6), source=Source.CACHED, at=ago(minutes=11), fault=_NOT_ASKED),
        last_completed_at=Reading(value=ago(minutes=18), source=Source.CACHED, at=ago(minutes=11), fault=_NOT_ASKED),
    ),
    logs=Reading(value=LOGS[1:], source=Source.CACHED, at=ago(minutes=6), fault=_LATE),
    degradation=parts(
        {
            "execution_logs": Component(
                name="execution_logs", source=Source.CACHED, at=ago(minutes=6), why=_LATE.sentence()
            ),
            "stats": Component(name="stats", source=Source.CACHED, at=ago(minutes=11), why=_NOT_ASKED.sentence()),
        }
    ),
    breakers=(
        BreakerRecord(
            key="db:success",
            component="db",
            state=BreakerState.OPEN,
            failures=5,
            since=ago(minutes=11),
            due_at=AT + timedelta(seconds=24),
            last_error=_LATE.sentence(),
        ),
        *(one for one in BREAKERS if one.key != "db:success"),
    ),
    health=looked(ACTIVE, check("breakers", "db:success open", 0.0, Level.WARNING)),
    kpis=tuple(map(_unmeasured, ACTIVE.kpis)),
)

ALERTS: Final = (
    AlertView(
        key="stuck_tasks",
        rule="stuck_tasks",
        subject="stuck_tasks",
        severity="high",
        state="firing",
        title="tasks are stuck",
        text="3 of 5 running, the oldest for 2 h",
        runbook="heal them: h",
        episode=name_of(0xE1),
        began_at=ago(minutes=22),
        fired_at=ago(minutes=17),
        told=2,
    ),
    AlertView(
        key="failure_rate_high",
        rule="failure_rate_high",
        subject="failure rate",
        severity="high",
        state="acknowledged",
        title="many tasks fail",
        text="21.4 % of 57 failed in 24 h",
        runbook="read the newest failed tasks' errors",
        episode=name_of(0xE2),
        began_at=ago(minutes=9),
        fired_at=ago(minutes=8),
        acked=OPERATOR,
        told=2,
    ),
    AlertView(
        key="breakers_held",
        rule="breakers_held",
        subject="held",
        severity="low",
        state="silenced",
        title="breakers are held open",
        text="rpc:lease held",
        episode=name_of(0xE3),
        began_at=ago(hours=5),
        fired_at=ago(hours=5),
        muted="silenced by operator jana@bastion until 08:00",
    ),
    AlertView(
        key="success_rate",
        rule="success_rate",
        subject="success rate",
        severity="medium",
        state="pending",
        title="success rate is below its target",
        text="94.1 % in 7 d",
        began_at=ago(minutes=3),
    ),
    AlertView(
        key="clock",
        rule="clock",
        subject="clock",
        severity="low",
        state="resolved",
        title="this machine's clock is wrong",
        began_at=ago(hours=3),
        fired_at=ago(hours=3),
        resolved_at=ago(minutes=40),
        told=1,
    ),
)
SILENCE: Final = Silence(
    id=name_of(0xD1),
    matcher="breakers_held",
    reason="repair of the lease",
    who=OPERATOR,
    at=ago(hours=5),
    until=AT + timedelta(hours=5),
)
WARNING: Final = changed(
    ACTIVE,
    state_since=ago(minutes=22),
    state_change_seen=True,
    tasks=tasks_of(
        ACTIVE,
        counts=live(TaskCounts({**QUIET, "in_progress": 5})),
        newest=live((*RUNNING, *STUCK, *TASKS)),
        stuck=tuple(task.id for task in STUCK),
    ),
    health=looked(
        ACTIVE,
        check("stuck_tasks", "3 of 5 running, the oldest for 2 h", 0.04, Level.WARNING),
        check("breakers", "edge:poll open and 1 more", 0.0, Level.WARNING),
    ),
    breakers=(
        BreakerRecord(
            key="edge:poll",
            component="edge",
            state=BreakerState.OPEN,
            failures=5,
            since=ago(minutes=9),
            due_at=AT + timedelta(seconds=24),
            last_error="the server answered 503",
        ),
        BreakerRecord(
            key="rpc:lease",
            component="rpc",
            state=BreakerState.HELD,
            failures=0,
            since=ago(hours=5),
            held_by=OPERATOR,
            held_why="repair of the lease",
        ),
        *(one for one in BREAKERS if one.key not in {"edge:poll", "rpc:lease"}),
    ),
    alerts=ALERTS,
    telling=Telling(contacts=2, channels=1, silences=(SILENCE,)),
    may_act=ORDERED,
    notices=("policies open: anyone with the publishable key can read this project, and likely write it",),
)

CRITICAL: Final = changed(
    ACTIVE,
    state_since=ago(minutes=4),
    state_change_seen=True,
    health=looked(
        ACTIVE,
        check("failure_rate", "61.4 % of 57 failed in 24 h", 0.05, Level.CRITICAL),
        check("activity", "oldest waits 1 h 12, nothing completed since", 0.04, Level.WARNING),
        in_a_row=4,
    ),
    alerts=(
        AlertView(
            key="failure_rate_critical",
            rule="failure_rate_critical",
            subject="failure rate",
            severity="critical",
            state="firing",
            title="most tasks fail",
            text="61.4 % of 57 failed in 24 h",
            runbook="read the newest failed tasks' errors; consider the emergency stop: ctrl+e, or watchdesk stop",
            episode=name_of(0xE4),
            began_at=ago(minutes=4),
            fired_at=ago(minutes=4),
            told=2,
        ),
    ),
    tasks=tasks_of(ACTIVE, success_24h=live(rate(22, 35)), last_completed_at=live(ago(hours=1, minutes=12))),
)

LATER: Final = AT + timedelta(hours=1, minutes=12)
"""When the project has not answered since the last picture."""


def _kept(reading: Reading[Any], fault: Fault) -> Reading[Any]:
    return Reading(value=reading.value, source=Source.CACHED, at=AT, fault=fault)


def _all_cached(fault: Fault) -> dict[str, Any]:
    return {
        "config": _kept(ACTIVE.config, fault),
        "logs": _kept(ACTIVE.logs, fault),
        "tasks": tasks_of(
            ACTIVE,
            counts=_kept(ACTIVE.tasks.counts, fault),
            newest=_kept(ACTIVE.tasks.newest, fault),
            success_24h=_kept(ACTIVE.tasks.success_24h, fault),
            last_completed_at=_kept(ACTIVE.tasks.last_completed_at, fault),
        ),
        "degradation": parts(
            {
                **{name: Component(name=name, source=Source.CACHED, at=AT, why=fault.sentence()) for name in PARTS},
                "edge_function": Component(
                    name="edge_function", source=Source.DEFAULT, at=AT, why=f"unavailable: {fault.message}"
                ),
            }
        ),
    }


OFFLINE: Final = changed(
    ACTIVE,
    at=LATER,
    link=Link(
        word=LinkWord.OFFLINE,
        since=AT,
        tries=7,
        next_at=LATER + timedelta(seconds=20),
        why=DOWN.sentence(),
        latency_s=0.06,
        recent=(0.06, None, None),
    ),
    **_all_cached(DOWN),
    health=looked(
        ACTIVE,
        Check(
            name="database",
            level=Level.CRITICAL,
            text=f"down: {DOWN.sentence()}",
            took_s=0.01,
            at=LATER - timedelta(seconds=12),
            recent=(*COURSE, None),
        ),
        Check(
            name="edge_function",
            level=Level.UNKNOWN,
            text=f"blind: {DOWN.message}",
            took_s=None,
            at=LATER - timedelta(seconds=12),
            recent=(*COURSE, None),
        ),
        *(
            Check(name=name, text=DOWN.sentence(), at=LATER - timedelta(seconds=12), recent=(*COURSE, None))
            for name in ("stuck_tasks", "failure_rate", "activity")
        ),
        in_a_row=3,
        last_at=LATER - timedelta(seconds=12),
    ),
    kpis=tuple(map(_unmeasured, ACTIVE.kpis)),
    alerts=(
        AlertView(
            key="database_down:db",
            rule="database_down",
            subject="db",
            severity="critical",
            state="firing",
            title="database down",
            text=f"down: {DOWN.sentence()}",
            runbook="check the project's dashboard and Supabase's status page; no action can run until it answers",
            episode=name_of(0xE5),
            began_at=AT,
            fired_at=ago(hours=1, minutes=10),
            told=2,
        ),
    ),
    may_act=MayAct(allowed=False, missing=("stop",)),
    waiting=(Waiting(id=WAITING.id, words=WAITING.words(), at=AT + timedelta(minutes=2)),),
    notices=(f"NOT carried out yet, waits since 03:12: {WAITING.words()}",),
)

_MISSED: Final = Fault(kind="timeout", counts=Counts.FAILURE, evidence=Evidence.SILENT, message="the request timed out")
STALE: Final = changed(
    ACTIVE,
    at=AT + timedelta(minutes=3),
    link=Link(
        word=LinkWord.STALE,
        since=AT,
        tries=4,
        next_at=AT + timedelta(minutes=3, seconds=5),
        why=_MISSED.sentence(),
        latency_s=0.06,
        recent=(0.06, None, None),
    ),
    **_all_cached(_MISSED),
    kpis=tuple(map(_unmeasured, ACTIVE.kpis)),
)

STOPPED: Final = changed(
    ACTIVE,
    state_since=ago(minutes=6),
    state_change_seen=True,
    config=live(
        SystemConfig(
            id="1",
            dry_run=False,
            emergency_stop=True,
            stop_reason="agents delete accounts (jana)",
            stop_until=AT + timedelta(hours=23),
        )
    ),
    tasks=tasks_of(
        HEALTHY,
        counts=live(TaskCounts({**QUIET, "pending": 0, "rejected": 319})),
        newest=live(tuple(task for task in TASKS if task.status != "pending")),
    ),
    may_act=MayAct(allowed=False, missing=("stop",)),
    alerts=(
        AlertView(
            key="emergency_stop",
            rule="emergency_stop",
            subject="emergency stop",
            severity="critical",
            state="acknowledged",
            title="emergency stop is set",
            text="agents delete accounts (jana)",
            episode=name_of(0xE6),
            acked=OPERATOR,
            began_at=ago(minutes=6),
            fired_at=ago(minutes=6),
        ),
    ),
)
DISABLED: Final = changed(HEALTHY, config=live(SystemConfig(id="1", dry_run=False, enabled=False)))
OBSERVING: Final = changed(
    WARNING,
    project=msgspec.structs.replace(WARNING.project, observe=True, autonomous=False),
    may_act=MayAct(allowed=False, missing=("autonomous", "observing")),
)
EMPTY: Final = changed(
    HEALTHY,
    config=live(SystemConfig(id="1")),
    tasks=Tasks(
        counts=live(TaskCounts({})), newest=live(()), success_24h=live(rate(0, 0)), last_completed_at=live(None)
    ),
    logs=live(()),
    kpis=kpis((), KpiInputs(success_24h=rate(0, 0), success_7d=rate(0, 0), heals_ms=(), false_rescues=0, at=AT), AT),
    health=looked(
        HEALTHY,
        check("stuck_tasks", "none of 0 running", 0.04),
        check("failure_rate", "too few finished to tell (0)", 0.05),
        check("activity", "nothing is waiting", 0.04),
    ),
    events=(),
    may_act=ORDERED,
)

STATES: Final[dict[str, Snapshot]] = {
    "healthy": HEALTHY,
    "active": ACTIVE,
    "degraded": DEGRADED,
    "warning": WARNING,
    "critical": CRITICAL,
    "stale": STALE,
    "offline": OFFLINE,
    "blind": BLIND,
    "stopped": STOPPED,
    "disabled": DISABLED,
    "observing": OBSERVING,
    "connecting": CONNECTING,
    "empty": EMPTY,
    "forbidden": answered_by(FORBIDDEN),
    "no_tables": answered_by(MISSING),
}
"""Every state a screen must be able to show, by its name."""

EXPECTED: Final = {
    "healthy": State.HEALTHY,
    "active": State.ACTIVE,
    "degraded": State.WARNING,
    "warning": State.WARNING,
    "critical": State.CRITICAL,
    "stale": State.ACTIVE,
    "offline": State.CRITICAL,
    "blind": State.UNKNOWN,
    "stopped": State.STOPPED,
    "disabled": State.DISABLED,
    "observing": State.WARNING,
    "connecting": State.UNKNOWN,
    "empty": State.IDLE,
    "forbidden": State.UNKNOWN,
    "no_tables": State.UNKNOWN,
}
"""The word each of them is under."""
