"""The live view of the queries: a value measured now, or `NotLive`. For checks, plans and read-backs.

Never refused by a breaker, never answered from a cache, one try each; the result still counts for the breakers.
"""

import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from core.backend.faults import Trace
from core.backend.reads.queries import Queries
from core.domain.queries import Filter
from core.domain.records import (
    AuditedAction,
    EndedAction,
    LeaseRow,
    LogEntry,
    SpoiltLease,
    SuccessRate,
    SystemConfig,
    Task,
)
from core.resilience import Guard, Policy

T = TypeVar("T")

PING: Final = "db:ping:probe"
EDGE_PROBE: Final = "edge:ai-agent-poll:probe"
CHECKED: Final = (PING, EDGE_PROBE, "db:fetch_running_tasks", "db:fetch_oldest_pending", "db:look_for_signs_of_life")
"""Operations that only the checks run, once an interval."""


class LiveReads:
    """Typed reads that raise `core.resilience.NotLive` and nothing else. `total_s` bounds each, in seconds.

    `sees_all`: no row is hidden from us, so that an empty answer is proof.
    """

    def __init__(self, guard: Guard, queries: Queries, *, total_s: float = 8.0, sees_all: bool = False) -> None:
        self._guard = guard
        self.sees_all = sees_all
        self._queries = queries
        self._policy = Policy(total_s=total_s, retry=None, refusable=False)

    async def config(self) -> SystemConfig | None:
        """See `Queries.config`."""
        return await self._read("db:fetch_system_config", self._queries.config)

    async def visible_config(self) -> SystemConfig | None:
        """See `Queries.visible_config`."""
        return await self._read("db:fetch_system_config", self._queries.visible_config)

    async def config_absent(self) -> bool:
        """See `Queries.config_absent`."""
        return await self._read("db:prove_config_absent", self._queries.config_absent)

    async def ping(self, timeout_s: float, trace: Trace) -> None:
        """See `Queries.ping`; `timeout_s` is its own limit."""
        policy = Policy(total_s=timeout_s + 1, retry=None, refusable=False)
        await self._guard.live(PING, lambda: self._queries.ping(timeout_s, trace), policy=policy)

    async def edge_function(self, timeout_s: float) -> None:
        """See `Queries.poll_function_answers`."""
        await self._read(EDGE_PROBE, lambda: self._queries.poll_function_answers(timeout_s))

    async def count(self, status: str) -> int:
        """See `Queries.count`."""
        return await self._read(f"db:count_{status}", lambda: self._queries.count(status))

    async def counts(self, statuses: tuple[str, ...]) -> dict[str, int]:
        """See `Queries.counts`."""
        return await self._read("db:count_by_status", lambda: self._queries.counts(statuses))

    async def count_started(self, since: datetime, now: datetime) -> int:
        """See `Queries.count_started`."""
        return await self._read("db:count_started", lambda: self._queries.count_started(since, now))

    async def running_tasks(self) -> tuple[Task, ...]:
        """See `Queries.running_tasks`."""
        return await self._read("db:fetch_running_tasks", self._queries.running_tasks)

    async def oldest_pending_at(self, now: datetime) -> datetime | None:
        """See `Queries.oldest_pending_at`."""
        return await self._read("db:fetch_oldest_pending", lambda: self._queries.oldest_pending_at(now))

    async def oldest_in_review_at(self, now: datetime) -> datetime | None:
        """See `Queries.oldest_in_review_at`."""
        return await self._read("db:fetch_oldest_in_review", lambda: self._queries.oldest_in_review_at(now))

    async def last_completed_at(self, now: datetime) -> datetime | None:
        """See `Queries.last_completed_at`."""
        return await self._read("db:fetch_last_completed", lambda: self._queries.last_completed_at(now))

    async def last_failed_at(self, now: datetime) -> datetime | None:
        """See `Queries.last_failed_at`."""
        return await self._read("db:fetch_last_failed", lambda: self._queries.last_failed_at(now))

    async def last_lift_at(self, now: datetime | None = None) -> datetime | None:
        """See `Queries.last_lift_at`."""
        return await self._read("db:fetch_last_lift", lambda: self._queries.last_lift_at(now))

    async def success_rate(self, since: datetime, now: datetime, *, without_ours: bool = False) -> SuccessRate:
        """See `Queries.success_rate`."""
        return await self._read(
            "db:fetch_success_rate",
            lambda: self._queries.success_rate(since, now, without_ours=without_ours),
        )

    async def with_signs_of_life(
        self, ids: tuple[str, ...], since: datetime, now: datetime | None = None
    ) -> frozenset[str]:
        """See `Queries.with_signs_of_life`; any number of ids."""
        alive: set[str] = set()
        for start in range(0, len(ids), 100):
            part = ids[start : start + 100]
            alive |= await self._read(
                "db:look_for_signs_of_life",
                lambda part=part: self._queries.with_signs_of_life(part, since, now),  # type: ignore[misc]  # bound now
            )
        return frozenset(alive)

    async def with_visible_logs(self, ids: tuple[str, ...]) -> frozenset[str]:
        """See `Queries.with_visible_logs`; any number of ids."""
        found: set[str] = set()
        for start in range(0, len(ids), 100):
            part = ids[start : start + 100]
            found |= await self._read(
                "db:look_for_logs",
                lambda part=part: self._queries.with_visible_logs(part),  # type: ignore[misc]  # bound now
            )
        return frozenset(found)

    async def logs_among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """See `Queries.logs_among`."""
        return await self._read("db:read_back_logs", lambda: self._queries.logs_among(ids))

    async def audited(self, run: str) -> AuditedAction | None:
        """See `Queries.audited`."""
        return await self._read("db:fetch_audit", lambda: self._queries.audited(run))

    async def orders_ended(self, since: datetime, orders: tuple[str, ...]) -> tuple[EndedAction, ...]:
        """See `Queries.orders_ended`."""
        return await self._read("db:fetch_ended_orders", lambda: self._queries.orders_ended(since, orders))

    async def ids_of_orders(self, runs: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """See `Queries.ids_of_orders`."""
        return await self._read("db:fetch_orders_tasks", lambda: self._queries.ids_of_orders(runs))

    async def given_back(self, since: datetime) -> frozenset[str]:
        """See `Queries.given_back`."""
        return await self._read("db:fetch_given_back", lambda: self._queries.given_back(since))

    async def count_healed(self, since: datetime) -> int:
        """See `Queries.count_healed`."""
        return await self._read("db:count_healed", lambda: self._queries.count_healed(since))

    async def count_unchanged(self, ids: tuple[str, ...], began_before: datetime) -> int:
        """See `Queries.count_unchanged`."""
        return await self._read("db:read_back_running", lambda: self._queries.count_unchanged(ids, began_before))

    async def false_rescues(self, since: datetime) -> int:
        """Return how many tasks failed by heals since `since` are completed all the same, without a requeue."""
        healed = await self._read("db:fetch_healed_ids", lambda: self._queries.healed_ids(since))
        undone = await self.given_back(since) if healed else frozenset()
        ids = tuple(name for name in healed if name not in undone)
        found = 0
        for start in range(0, len(ids), 100):
            part = ids[start : start + 100]
            found += len(
                await self._read("db:fetch_rescued", lambda part=part: self._queries.completed_among(part))  # type: ignore[misc]  # bound now
            )
        return found

    async def task(self, name: str) -> Task | None:
        """See `Queries.task`."""
        return await self._read("db:fetch_task", lambda: self._queries.task(name))

    async def watchdog_logs(self, *, healing: bool, since: datetime | None, limit: int) -> tuple[LogEntry, ...]:
        """See `Queries.watchdog_logs`."""
        return await self._read(
            "db:fetch_watchdog_logs", lambda: self._queries.watchdog_logs(healing=healing, since=since, limit=limit)
        )

    async def told_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """See `Queries.told_between`."""
        return await self._read("db:fetch_told", lambda: self._queries.told_between(since, until, limit))

    async def failed_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """See `Queries.failed_between`."""
        return await self._read("db:fetch_failed_steps", lambda: self._queries.failed_between(since, until, limit))

    async def heal_durations(self, since: datetime) -> tuple[int, ...]:
        """See `Queries.heal_durations`."""
        return await self._read("db:fetch_heal_durations", lambda: self._queries.heal_durations(since))

    async def alert_rows(self, since: datetime, orders: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
        """See `Queries.alert_rows`."""
        return await self._read("db:fetch_alert_rows", lambda: self._queries.alert_rows(since, orders))

    async def newest_health_at(self, since: datetime, now: datetime | None = None) -> datetime | None:
        """See `Queries.newest_health_at`."""
        return await self._read("db:fetch_newest_health", lambda: self._queries.newest_health_at(since, now))

    async def lease(self, lease_id: str) -> LeaseRow | SpoiltLease | None:
        """See `Queries.lease`."""
        return await self._read("db:read_lease", lambda: self._queries.lease(lease_id))

    async def matching_tasks(self, given: Filter, limit: int) -> dict[str, datetime | None]:
        """Return the ids of up to `limit` tasks that match, in order, each with when the task was over."""
        found: dict[str, datetime | None] = {}
        after = ""
        while len(found) < limit:
            part = await self._read(
                "db:fetch_matching_tasks",
                lambda after=after: self._queries.matching_tasks(given, after),  # type: ignore[misc]  # bound now
            )
            if not part:
                break
            found |= dict(part)
            after = part[-1][0]
        return dict(itertools.islice(found.items(), limit))

    async def count_failed_until(self, ids: tuple[str, ...], until: datetime) -> int:
        """See `Queries.count_failed_until`."""
        return await self._read("db:read_back_failed", lambda: self._queries.count_failed_until(ids, until))

    async def sent_back_among(self, ids: tuple[str, ...], since: datetime) -> tuple[str, ...]:
        """See `Queries.sent_back_among`."""
        return await self._read("db:read_back_retried", lambda: self._queries.sent_back_among(ids, since))

    async def ask(self, key: str, question: Callable[[Queries], Awaitable[T]]) -> T:
        """Return the answer to one question now, under the operation `key`."""
        return await self._read(key, lambda: question(self._queries))

    async def _read(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        return await self._guard.live(key, ask, policy=self._policy)
