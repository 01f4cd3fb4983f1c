"""The snapshot as metrics in Prometheus' text format. What was not measured has no sample; a reading has an age."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric, StateSetMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from core.base.version import __version__
from core.domain.alerts import Severity
from core.domain.records import STATUSES
from core.domain.snapshot import LinkWord, Snapshot, State
from core.domain.status import Level
from core.resilience import BreakerState
from core.resilience.reading import Reading, Source

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_LEVELS: Final = {Level.OK: 0, Level.WARNING: 1, Level.CRITICAL: 2}
"""A check's verdict as a number; unknown has none."""


def exposition(snapshot: Snapshot, now: datetime) -> bytes:
    """Return all metrics of a snapshot as text. `now`: the time that ages are told at."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(snapshot, now))
    return bytes(generate_latest(registry))


class _Collector:
    def __init__(self, snapshot: Snapshot, now: datetime) -> None:
        self._snapshot, self._now = snapshot, now

    def collect(self) -> Iterator[Metric]:
        snapshot = self._snapshot
        yield InfoMetricFamily("watchdesk_build", "The version of the monitor.", value={"version": __version__})
        yield InfoMetricFamily(
            "watchdesk_project",
            "The project that is watched.",
            value={"name": snapshot.project.name, "url": snapshot.project.url, "shape": snapshot.project.shape},
        )
        yield _states("watchdesk_state", "The state of the project in one word.", State, snapshot.state)
        yield _states("watchdesk_link", "The connection to the project.", LinkWord, snapshot.link.word)
        yield self._one("watchdesk_up", "1 while the project answers.", float(snapshot.link.word is LinkWord.LIVE))
        yield self._one("watchdesk_snapshot_age_seconds", "The age of these values.", self._age(snapshot.at))
        yield from self._tasks()
        yield from self._checks()
        yield self._breakers()
        yield self._alerts()
        yield from self._silences()
        yield from self._itself()

    def _tasks(self) -> Iterator[Metric]:
        tasks = self._snapshot.tasks
        readings: dict[str, Reading[Any]] = {
            "tasks": tasks.counts,
            "success_24h": tasks.success_24h,
            "last_completed": tasks.last_completed_at,
            "oldest_review": tasks.oldest_review_at,
            "config": self._snapshot.config,
        }
        ages = GaugeMetricFamily("watchdesk_reading_age_seconds", "The age of a reading.", labels=("reading",))
        live = GaugeMetricFamily("watchdesk_reading_live", "1 while a reading is live.", labels=("reading",))
        for name, reading in readings.items():
            live.add_metric((name,), float(reading.live))
            if reading.at is not None and reading.source is not Source.DEFAULT:
                ages.add_metric((name,), self._age(reading.at))
        yield ages
        yield live
        if (counts := tasks.counts.value) is not None:
            by_status = GaugeMetricFamily("watchdesk_tasks", "Tasks by status.", labels=("status",))
            for status in dict.fromkeys((*STATUSES, *counts.counts)):
                by_status.add_metric((status,), counts.of(status))
            yield by_status
        if (rate := tasks.success_24h.value) is not None and rate.percent is not None:
            yield self._one("watchdesk_success_ratio", "Completed of all finished in a day.", rate.percent / 100.0)
            yield self._one("watchdesk_finished_tasks", "Tasks that finished within a day.", rate.finished)
        if (last := tasks.last_completed_at.value) is not None:
            what = "When a task was last completed, as a Unix time."
            yield self._one("watchdesk_last_completed_timestamp_seconds", what, last.timestamp())
        if (oldest := tasks.oldest_review_at.value) is not None:
            what = "When the oldest task that waits for a review was created, as a Unix time."
            yield self._one("watchdesk_oldest_review_timestamp_seconds", what, oldest.timestamp())
        if tasks.counts.value is not None:
            yield self._one("watchdesk_stuck_tasks", "Running tasks that are stuck.", len(tasks.stuck))

    def _checks(self) -> Iterator[Metric]:
        levels = GaugeMetricFamily(
            "watchdesk_check_level", "The verdict of a check: 0 ok, 1 warning, 2 critical.", labels=("check",)
        )
        took = GaugeMetricFamily("watchdesk_check_duration_seconds", "How long a check took.", labels=("check",))
        ages = GaugeMetricFamily("watchdesk_check_age_seconds", "When a check last ran, ago.", labels=("check",))
        for check in self._snapshot.health.checks:
            if check.level in _LEVELS:
                levels.add_metric((check.name,), _LEVELS[check.level])
            if check.took_s is not None:
                took.add_metric((check.name,), check.took_s)
            if check.at is not None:
                ages.add_metric((check.name,), self._age(check.at))
        yield from (levels, took, ages)
        what = "Scheduled checks in a row with the database or its API down, or most tasks failing."
        yield self._one("watchdesk_critical_checks_in_a_row", what, self._snapshot.health.critical_in_a_row)

    def _breakers(self) -> Metric:
        found = GaugeMetricFamily(
            "watchdesk_breaker_open", "1 while a circuit breaker lets no call through.", labels=("breaker",)
        )
        for one in self._snapshot.breakers:
            found.add_metric((one.key,), float(one.state in {BreakerState.OPEN, BreakerState.HELD}))
        return found

    def _alerts(self) -> Metric:
        found = GaugeMetricFamily("watchdesk_alerts", "Alerts by severity and state.", labels=("severity", "state"))
        states = ("pending", "firing", "acknowledged", "silenced")
        numbers = {(severity.value, state): 0 for severity in Severity for state in states}
        for alert in self._snapshot.alerts:
            if (key := (alert.severity, alert.state)) in numbers:
                numbers[key] += 1
        for labels, number in numbers.items():
            found.add_metric(labels, number)
        return found

    def _silences(self) -> Iterator[Metric]:
        telling = self._snapshot.telling
        found = GaugeMetricFamily("watchdesk_silences", "Silences that hold, or are to come.", labels=("state",))
        found.add_metric(("active",), len(telling.silences))
        found.add_metric(("planned",), len(telling.planned))
        yield found
        every = any(one.matcher == "*" for one in telling.silences)
        yield self._one("watchdesk_maintenance_active", "1 while every alert is silenced.", float(every))
        begins = min((one.period.since for one in telling.planned if one.period is not None), default=None)
        if begins is not None:
            what = "When the next planned silence begins."
            yield self._one("watchdesk_next_silence_timestamp_seconds", what, begins.timestamp())

    def _itself(self) -> Iterator[Metric]:
        snapshot = self._snapshot
        yield self._one(
            "watchdesk_lease_held", "1 while this monitor is the one that acts.", float(snapshot.lease.mine)
        )
        yield self._one("watchdesk_may_act", "1 while it heals automatically.", float(snapshot.may_act.allowed))
        yield self._one("watchdesk_waiting_actions", "Actions that wait for the project.", len(snapshot.waiting))
        if snapshot.own.memory_mb is not None:
            yield self._one("watchdesk_memory_bytes", "The memory of this monitor.", snapshot.own.memory_mb * 2**20)
        if snapshot.own.lag_ms is not None:
            yield self._one("watchdesk_loop_lag_seconds", "How late its loop is at most.", snapshot.own.lag_ms / 1000.0)
        cost = snapshot.cost
        if cost.requests_h is not None:
            yield self._one("watchdesk_requests_per_hour", "Requests that watching costs in an hour.", cost.requests_h)
        if cost.received_h is not None:
            what = "Bytes that watching receives in an hour."
            yield self._one("watchdesk_received_bytes_per_hour", what, cost.received_h)

    def _one(self, name: str, what: str, value: float) -> Metric:
        return GaugeMetricFamily(name, what, value=value)

    def _age(self, at: datetime) -> float:
        return max(0.0, (self._now - at).total_seconds())


def _states(name: str, what: str, words: Iterable[Any], now: Any) -> Metric:
    return StateSetMetricFamily(name, what, value={word.value.lower(): word is now for word in words})
