"""A project that is well: what every other picture differs from."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from core.domain.checks import Check
from core.domain.counts import SuccessRate, TaskCounts
from core.domain.kpis import Kpi
from core.domain.lease import LeaseView
from core.domain.permission import MayAct
from core.domain.records import SystemConfig
from core.domain.self_status import SelfStatus
from core.domain.snapshot import (
    Component,
    Degradation,
    Event,
    Health,
    Link,
    LinkWord,
    Project,
    Snapshot,
    Tasks,
    Telling,
)
from core.domain.state_word import state_of
from core.domain.status import Level, Truth
from core.domain.throughput import RunningBucket, Throughput
from core.resilience import BreakerRecord, BreakerState, degradation
from core.resilience.reading import Source
from tests.tui.rows import AT, LOGS, OPERATOR, RUNNING, TASKS, ago, live

_DAY: Final = 95
"""The quarters of an hour of a day, without the one that is not over."""

THROUGHPUT: Final = Throughput(
    since=datetime.fromtimestamp(AT.timestamp() // 900 * 900, UTC) - _DAY * timedelta(minutes=15),
    completed=tuple(round(6 + 5 * math.sin(n / 9)) for n in range(_DAY)),
    failed=tuple(2 if n % 31 == 7 else 1 if n % 13 == 5 else 0 for n in range(_DAY)),
    running=RunningBucket(at=ago(minutes=3), completed=4, failed=1, simulated=0),
)

COURSE: Final = (0.041, 0.044, 0.039, 0.052, 0.047, 0.043, 0.061, 0.042, 0.045, 0.04, 0.043, 0.048)


def check(name: str, text: str, took_s: float, level: Level = Level.OK) -> Check:
    return Check(
        name=name, level=level, text=text, took_s=took_s, at=ago(seconds=12), answered=True, recent=(*COURSE, took_s)
    )


CHECKED_AT: Final = ago(seconds=12)
CHECKS: Final = (
    check("database", "answers", 0.042),
    check("edge_function", "answers", 0.118),
    check("stuck_tasks", "none of 2 running", 0.038),
    check("failure_rate", "1.2 % of 412 failed in 24 h", 0.051),
    check("breakers", "all closed", 0.0),
    check("activity", "last completed 7 min ago", 0.044),
)
_OPERATIONS: Final = (
    *("auth:user", "db:config", "db:count_open", "db:count_other", "db:last_completed", "db:logs", "db:page"),
    *("db:success", "db:tasks", "db:update", "edge:health", "edge:poll", "rpc:emergency_stop", "rpc:lease"),
)
BREAKERS: Final = tuple(
    BreakerRecord(
        key=key,
        component=key.partition(":")[0],
        state=BreakerState.CLOSED,
        failures=0,
        since=ago(days=2, hours=4),
    )
    for key in _OPERATIONS
)
_DAY: Final = timedelta(days=1)
PARTS: Final = ("system_config", "tasks", "execution_logs", "stats", "edge_function")


def parts(sources: Mapping[str, Component] | None = None) -> Degradation:
    given = sources or {}
    found = tuple(given.get(name) or Component(name=name, source=Source.LIVE, at=ago(seconds=2)) for name in PARTS)
    return Degradation(level=degradation({part.name: part.source for part in found}), components=found)


def _kpis() -> tuple[Kpi, ...]:
    hours = (99.1, 98.2, None, 97.0, 98.8, 99.0, 99.4, 98.8, 98.2, 99.1, 99.6, 98.8)
    return (
        Kpi(
            name="uptime",
            title="Uptime",
            value=99.998,
            text="99.998 %",
            target="99.99 %",
            good=Truth.TRUE,
            note="seen 99 % of 12 d 4 h",
            recent=(100.0,) * 11 + (99.98,),
        ),
        Kpi(
            name="error_budget",
            title="Error budget",
            value=71.0,
            text="71 % left",
            target="> 0 %",
            good=Truth.TRUE,
            note="of 4.3 min in 30 d; burn rate 2.3 over 24 h",
            recent=(99.0,) * 6 + (71.0,) * 6,
        ),
        Kpi(
            name="success_24h",
            title="Success 24 h",
            value=98.8,
            text="98.8 %",
            target="> 95 %",
            good=Truth.TRUE,
            note="of 412",
            recent=hours,
        ),
        Kpi(
            name="success_7d",
            title="Success 7 d",
            value=94.1,
            text="94.1 %",
            target="> 95 %",
            good=Truth.FALSE,
            note="of 2,961",
            at=ago(seconds=40),
            recent=hours,
        ),
        Kpi(
            name="mttr",
            title="MTTR",
            value=221.0,
            text="3 min",
            target="< 5 min",
            good=Truth.TRUE,
            note="mean of 4 incidents, median 2 min",
        ),
        Kpi(
            name="check_p50",
            title="Check p50",
            value=0.044,
            text="44 ms",
            target="< 2 s",
            good=Truth.TRUE,
            note="of 1,440",
        ),
        Kpi(
            name="check_p95",
            title="Check p95",
            value=0.131,
            text="131 ms",
            target="< 2 s",
            good=Truth.TRUE,
            note="of 1,440",
        ),
        Kpi(name="healing", title="Healing time", note="no heal in 30 d", at=ago(seconds=40)),
        Kpi(
            name="false_rescues",
            title="False heals",
            value=0.0,
            text="0",
            target="none",
            good=Truth.TRUE,
            note="in 7 d",
            at=ago(seconds=40),
        ),
    )


def event(text: str, who: str = "watchdog", level: Level = Level.OK, **span: float) -> Event:
    return Event(at=ago(**span), who=who, text=text, level=level)


_EVENTS: Final = (
    event("heal: 2 changed, 0 skipped (they hung since midnight)", OPERATOR, minutes=31),
    event("task failed: Send the weekly report to 東京支社 and Zürich: SMTP 550", "agents", Level.WARNING, minutes=49),
    event("looked: all six checks are fine", minutes=58),
    event("started", "watchdesk", hours=31),
)


def worded(snapshot: Snapshot, *, blind_for_s: float | None = None) -> Snapshot:
    """With the state word that the product itself finds for it."""
    state, why = state_of(snapshot, blind_for_s=blind_for_s)
    return msgspec.structs.replace(snapshot, state=state, state_why=why)


def changed(snapshot: Snapshot, **more: Any) -> Snapshot:
    return worded(msgspec.structs.replace(snapshot, **more))


def rate(completed: int, failed: int) -> SuccessRate:
    return SuccessRate(completed=completed, failed=failed, window=_DAY)


VALUES: Final[dict[str, bool | int | str | None]] = {
    "enabled": True,
    "autonomy_level": 2,
    "max_parallel_tasks": 5,
    "max_tasks_per_run": 10,
    "max_files_per_task": 20,
    "min_interval_minutes": 60,
    "max_daily_tasks": None,
    "notification_email": "operations@example.org",
    "notify_on_failure": False,
}
ACTS: Final = MayAct(allowed=True, missing=())
ORDERED: Final = MayAct(allowed=False, missing=("autonomous", "dry_run"))
QUIET: Final = {"pending": 12, "completed": 3_104, "failed": 41, "awaiting_review": 1, "rejected": 2}

HEALTHY: Final = worded(
    Snapshot(
        at=AT,
        project=Project(
            name="atlas",
            url="atlas.supabase.co",
            user="service role",
            shape="deployed",
            colour="orangered",
            autonomous=True,
            dry_run=False,
        ),
        link=Link(word=LinkWord.LIVE, since=ago(seconds=2), latency_s=0.061, recent=(0.06, 0.058, 0.061)),
        config=live(SystemConfig(id="1", dry_run=False, values=VALUES, updated_by="jana", updated_at=ago(hours=9))),
        health=Health(checks=CHECKS, last_at=ago(seconds=12), next_at=AT + timedelta(seconds=48), running=True),
        may_act=ACTS,
        lease=LeaseView(holder="service role", host="bastion", term=7, mine=True, acts=True),
        breakers=BREAKERS,
        tasks=Tasks(
            counts=live(TaskCounts(QUIET)),
            newest=live(TASKS),
            success_24h=live(rate(407, 5)),
            last_completed_at=live(ago(minutes=7)),
            oldest_review_at=live(ago(hours=1)),
        ),
        throughput=THROUGHPUT,
        kpis=_kpis(),
        telling=Telling(contacts=2, channels=1),
        logs=live(LOGS),
        degradation=parts(),
        events=_EVENTS,
        policies=dict.fromkeys(("autonomous_system_config", "autonomous_tasks"), Truth.FALSE),
        own=SelfStatus(memory_mb=65, lag_ms=5),
        ready=True,
    )
)


def tasks_of(snapshot: Snapshot, **more: Any) -> Tasks:
    return msgspec.structs.replace(snapshot.tasks, **more)


def looked(snapshot: Snapshot, *checks: Check, in_a_row: int = 0, last_at: datetime = CHECKED_AT) -> Health:
    other = {check.name: check for check in checks}
    found = tuple(other.get(check.name, check) for check in snapshot.health.checks)
    return msgspec.structs.replace(
        snapshot.health,
        checks=found,
        critical_in_a_row=in_a_row,
        last_at=last_at,
        next_at=last_at + timedelta(minutes=1),
    )


ACTIVE: Final = changed(
    HEALTHY,
    tasks=tasks_of(HEALTHY, counts=live(TaskCounts({**QUIET, "in_progress": 2})), newest=live((*RUNNING, *TASKS))),
)
