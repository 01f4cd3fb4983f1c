"""The steps of the start: each is independent and shown with its result, and none can keep the loops from running."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from core.backend.client import Backend
from core.backend.faults import Failed
from core.base.error_boundary import ErrorBoundary
from core.domain.checks import Checkup
from core.domain.snapshot import LEGACY_KEY, StartStep, policies_in_words, policies_open
from core.domain.status import Level, Truth
from core.resilience import Cache, NotLive
from core.resilience.reading import Source
from core.services.check_service import CheckService
from core.services.readings import Readings

T = TypeVar("T")

STEP_S: Final = 60.0
"""The longest time of one step, seconds. Each has limits of its own; this one is for an unforeseen hang."""

_POLICY_LEVEL: Final = {Truth.TRUE: Level.WARNING, Truth.FALSE: Level.OK, Truth.UNKNOWN: Level.UNKNOWN}


class Startup:
    """Takes one step after the other. `publish` is called after each."""

    def __init__(
        self,
        *,
        boundary: ErrorBoundary,
        cache: Cache,
        readings: Readings,
        backend: Backend,
        checks: CheckService,
        publish: Callable[[], None],
    ) -> None:
        self._boundary = boundary
        self._cache = cache
        self._readings = readings
        self._backend = backend
        self._checks = checks
        self._publish = publish
        self.steps: list[StartStep] = []

    def note(self, name: str, level: Level, text: str) -> None:
        """Show the result of a step."""
        self.steps.append(StartStep(name=name, level=level, text=text))
        self._publish()

    async def take(self, name: str, step: Callable[[], Coroutine[Any, Any, T]], *, limit_s: float = 0.0) -> T | None:
        """Run one step, given up after `limit_s` (0: `STEP_S`). Returns `None` for one that fails; that is shown."""
        limit_s = limit_s or STEP_S
        with self._boundary.around(f"start: {name}") as run:
            async with asyncio.timeout(limit_s):
                return await step()
        hung = isinstance(run.error, TimeoutError)
        self.note(name, Level.WARNING, f"not finished after {limit_s:.0f} s: given up" if hung else run.text)
        return None

    async def take_all(self, *steps: tuple[str, Callable[[], Coroutine[Any, Any, object]]]) -> None:
        """Run the independent parts of one step. Those that fail are shown, each under its name."""
        for name, step in steps:
            await self.take(name, step)

    def paint(self) -> None:
        """Show the state of the cache and whether it had last-known data."""
        warning = self._cache.warning
        self.note("cache", Level.WARNING if warning else Level.OK, warning or "usable")
        cached = any(reading.source is Source.CACHED for reading in self._readings.values.values())
        self.note("last-known data", Level.OK, "painted" if cached else "none yet")

    async def connect(self) -> None:
        """Build the client, without a request."""
        try:
            await self._backend.connect()
        except Failed as failed:
            self.note("connect", Level.WARNING, failed.fault.sentence())
        else:
            self.note("connect", Level.OK, "client ready")
        if self._backend.target.legacy_key:
            self.note("key", Level.WARNING, LEGACY_KEY)

    async def discover(self) -> None:
        """Read the project's schema."""
        try:
            schema = await self._checks.discover()
        except NotLive as not_live:
            self.note("schema", Level.WARNING, not_live.fault.sentence())
            return
        bad = schema.missing
        words = bad[0].sentence() if bad else f"{schema.shape} shape"
        self.note("schema", Level.CRITICAL if bad else Level.OK, words)

    async def check(self) -> Checkup:
        """Run the watchdog's first check."""
        checkup = await self._checks.check()
        worst = next((c for c in checkup.checks if c.level is Level.CRITICAL), None)
        self.note("first check", Level.WARNING if worst else Level.OK, worst.text if worst else "done")
        return checkup

    async def look_at_policies(self) -> None:
        """Find out which tables anybody with the publishable key reads."""
        await self._checks.look_at_policies()
        policies = self._checks.policies
        self.note("policies", _POLICY_LEVEL[policies_open(policies)], policies_in_words(policies))
