"""The cost of watching a project, counted by the hour and kept, with a projection for the month."""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.backend.traffic import Traffic
from core.base.store import NotKept, Transaction
from core.base.text import plural
from core.domain.own_cost import GB, NOTHING, CostSample, OwnCost, projected
from core.domain.status import Level
from core.services.context import Context

SERIES: Final = "traffic"
_KEPT: Final = timedelta(days=31)
_DAY: Final = timedelta(hours=24)
_LEAST_S: Final = 600.0
"""The shortest time from which a month is projected: a start reads more than what follows."""
_EVERY_S: Final = 60.0


class CostService:
    """Counts what this process asks of the project. `keeps`: whether this process is the one here that stores."""

    def __init__(self, context: Context, traffic: Traffic, *, keeps: Callable[[], bool]) -> None:
        self._context = context
        self._traffic = traffic
        self._keeps = keeps
        self._budget = round(context.config.refresh.budget_gb * GB)
        self._since = self._computed = context.clock.elapsed()
        self._counted = (0, 0, 0)
        self._hour = _hour_of(context.clock.now())
        self._kept: list[tuple[datetime, CostSample]] = []
        self.cost = OwnCost(budget=self._budget)
        """The cost as last computed."""

    async def restore(self) -> None:
        """Load the last day of earlier processes."""
        now = self._context.clock.now()
        self._kept = list(await self._context.store.samples(SERIES, now - _DAY, now + _DAY, CostSample))
        self._compute()

    async def refreshed(self) -> None:
        """Count anew, at most once a minute, and store an hour that is over. Never raises for a fault."""
        if self._context.clock.elapsed() - self._computed < _EVERY_S:
            return
        if _hour_of(self._context.clock.now()) != self._hour:
            await self._keep()
        self._compute()

    async def close(self) -> None:
        """Store what is not stored yet."""
        await self._keep()

    def _compute(self) -> None:
        now, was_over = self._context.clock.now(), self.cost.over
        self._computed = self._context.clock.elapsed()
        self._kept = [(at, sample) for at, sample in self._kept if abs(now - at) <= _DAY]
        seen = self._present()
        for _, sample in self._kept:
            seen = seen.plus(sample)
        self.cost = projected(seen, self._budget, _LEAST_S)
        if self.cost.over and not was_over:
            self._context.events.say("watchdesk", over_in_words(self.cost), Level.WARNING)

    def _present(self) -> CostSample:
        """Return what is not stored yet."""
        traffic, (requests, sent, received) = self._traffic, self._counted
        return CostSample(
            seconds=self._context.clock.elapsed() - self._since,
            requests=traffic.requests - requests,
            sent=traffic.sent - sent,
            received=traffic.received - received,
        )

    async def _keep(self) -> None:
        sample, now = self._present(), self._context.clock.now()
        if sample == NOTHING or not sample.requests:
            return
        traffic = self._traffic
        self._since, self._hour = self._context.clock.elapsed(), _hour_of(now)
        self._counted = (traffic.requests, traffic.sent, traffic.received)
        self._kept.append((now, sample))

        def work(transaction: Transaction) -> None:
            transaction.append(SERIES, now, sample)
            transaction.trim(SERIES, now - _KEPT)

        if self._keeps():
            with contextlib.suppress(NotKept):  # the store reports it
                await self._context.store.change(work)


def over_in_words(cost: OwnCost) -> str:
    """Return that it reads less often, what a month would cost, and the budget."""
    received, requests = (cost.received_month or 0) / GB, cost.requests_month or 0
    return (
        f"this monitor reads less often: at this rate it receives {received:.1f} GB a month in"
        f" {plural(requests, 'request')}, more than [refresh] budget_gb allows ({cost.budget / GB:g})"
    )


def _hour_of(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
