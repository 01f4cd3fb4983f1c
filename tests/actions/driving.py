"""A monitor without loops on a clock that moves when told: its watchdog's rounds are taken by the test."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from core.actions.heal import Heal
from core.actions.healer import Findings
from core.backend.schema import Schema
from core.backend.target import Target
from core.checks.settings import WatchRules
from core.domain.actions import Result
from core.domain.checks import Checkup
from core.monitor import Config, Monitor, Places
from core.monitor.after_refresh import note_config
from core.resilience import NotLive
from core.services.readings import _answered
from tests.clock import FakeClock
from tests.running import Running

ACTING = ("service_role", "master")
"""Who may change everything on both shapes."""

INTERVAL_S = 0.5
"""Short, because the database's clock is the real one and does not follow ours."""


class Driven:
    """One monitor, its clock, and what it is made of."""

    @classmethod
    def as_(cls, account: str, sandbox: Running, home: Path, clock: FakeClock | None = None, **more: Any) -> Self:
        """As the secret key (`service_role`), the master account or an ordinary one (`viewer`), signed in."""
        url = more.pop("url", sandbox.url)
        if account == "service_role":
            return cls(url, sandbox.service_key, home, clock, function_key=sandbox.function_key, **more)
        name, password = ("user", "password") if account == "master" else ("viewer", "viewer_password")
        user = {"email": sandbox.info[name], "password": sandbox.info[password]}
        return cls(url, sandbox.publishable_key, home, clock, **user, **more)

    def __init__(self, url: str, key: str, home: Path, clock: FakeClock | None = None, **more: Any) -> None:
        user = {name: more.pop(name) for name in ("email", "password", "function_key") if name in more}
        line = more.pop("line", None)
        self._timed = more.pop("timed", True)
        """Whether it knows the database's time from the beginning, whatever its own clock says."""
        settings = {"autonomous": True, "dry_run": False, "watch": WatchRules(interval_s=INTERVAL_S)} | more
        self.clock = clock or FakeClock(datetime.now(UTC))
        self._told: Any = None
        config = Config(target=Target(name="probe", url=url, key=key, **user), **settings)
        self.monitor = Monitor(config, clock=self.clock, places=Places.within(home), jitter=False, line=line)
        self.parts = self.monitor._parts
        self.scheduler = self.monitor._scheduler
        self.autopilot = self.parts.autopilot

    async def begin(self, schema: Schema | None = None) -> Self:
        """As the start does it, without the scheduler. With the schema that another one found it looks for none."""
        if schema is not None:
            self.parts.checks.schema = schema
            self.parts.learn(schema)
        await self.scheduler._take_over()
        await self.parts.backend.connect()
        await self._look_around()
        return self

    async def round(self, after_s: float = INTERVAL_S, *, look_around: bool = True) -> tuple[Checkup, str]:
        """One scheduled check so much later, and what followed from it."""
        self.clock.advance(after_s)
        if look_around:
            await self._look_around()
        checkup = await self.monitor.check()
        done = await self.autopilot.after(checkup, scheduled=True)
        self.monitor._publish()
        return checkup, done

    async def heal(self, found: Findings, **more: Any) -> Result:
        """Apply a plan as it is, without planning again."""
        return await self.parts.runner.run(Heal(self.parts.dependencies, found=found), self.parts.operator, **more)

    async def kill(self) -> None:
        """End as a killed process does: nothing is released but what the system takes back."""
        self.parts.store._lock.release()
        await self.parts.backend.close()

    async def _look_around(self) -> None:
        with contextlib.suppress(NotLive):
            await self.monitor.discover()
        if self.scheduler._takes_part():
            await self.parts.lease.round()
        log = self.parts.health_log
        unknown = self.parts.time.cut_off() is None or (self._told is not None and log._stamp is self._told)
        if self._timed and unknown:  # our clock runs ahead of the database's, which who writes rows knows all the same
            log.learn(datetime.now(UTC))
            self._told = log._stamp
        await self.monitor.refresh(everything=True)
        await note_config(self.parts)


def read_config_only(driven: Driven) -> None:
    """Let a refresh read the config row from now on, and leave what else panels show as it is."""
    readings = driven.parts.readings

    async def refresh(**_: object) -> bool:
        reading = await readings._read("config")
        readings.values["config"] = reading
        return reading.live or _answered(reading)

    readings.refresh = refresh  # type: ignore[method-assign]  # only the config row, for this test


class Watchdog(Driven):
    """Reads of the panels' values the config row only, which is all that its actions and its watchdog go by.

    That is one request instead of eighteen each time it looks around.
    """

    def __init__(self, url: str, key: str, home: Path, clock: FakeClock | None = None, **more: Any) -> None:
        super().__init__(url, key, home, clock, **more)
        read_config_only(self)


def failures(sandbox: Running, count: int = 20, at: str = "now()") -> None:
    """Tasks that failed just now, all of them; or when `at` says."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        f" SELECT 'f' || i, 'failed', now(), {at} FROM generate_series(1, {count}) AS i"
    )


def agents_write_logs(sandbox: Running) -> None:
    """So that logs are visible, of stuck tasks too, and silence means something to whoever may be shown less."""
    sandbox.agents_log = True
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status) VALUES ('task_started', 'started')"
    )


def running(sandbox: Running, count: int) -> None:
    """Tasks that began just now."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at)"
        f" SELECT 'r' || i, 'in_progress', now() FROM generate_series(1, {count}) AS i"
    )


def statuses(sandbox: Running) -> dict[str, int]:
    """How many tasks are in each status."""
    return dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))


def audited(sandbox: Running, order: str) -> list[tuple[str, str]]:
    """Run and status of each audit row of an order, the oldest first."""
    return sandbox.sql(  # type: ignore[return-value]  # two texts each
        "SELECT input_data->>'run', step_status FROM autonomous_execution_logs WHERE input_data->>'order' = %s"
        f" ORDER BY {sandbox.time_column}, step_status DESC",
        order,
    )
