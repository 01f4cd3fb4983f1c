"""A night's incident on a sandbox: a real monitor, a real recorder, and a clock that database and monitor share."""

import socket
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import httpx
import msgspec
import pytest

from core.backend.fault_transport import FaultTransport
from core.checks.settings import WatchRules
from core.domain.snapshot import Snapshot
from core.history.blackbox import BlackboxRules, Box, Recorder
from core.resilience import BreakerRules
from tests.actions.driving import Driven
from tests.clock import FakeClock
from tests.running import Running

BEGAN: Final = datetime(2026, 3, 10, 1, 58, tzinfo=UTC)
STEP_S: Final = 20.0
"""Less than the box takes for a gap: somebody looks all the time."""

_CLOCK: Final = """
CREATE TABLE the_time (at timestamptz NOT NULL);
INSERT INTO the_time VALUES (now());
CREATE FUNCTION stamp_log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN NEW.{log_time} := (SELECT at FROM the_time); RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT ON autonomous_execution_logs FOR EACH ROW EXECUTE FUNCTION stamp_log();
CREATE FUNCTION stamp_config() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  NEW.updated_at := (SELECT at FROM the_time);
  IF NEW.emergency_stop_until IS DISTINCT FROM OLD.emergency_stop_until AND NEW.emergency_stop THEN
    NEW.emergency_stop_until := (SELECT at FROM the_time) + interval '24 hours';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE UPDATE ON autonomous_system_config FOR EACH ROW EXECUTE FUNCTION stamp_config();
"""
"""The database goes by a time that is told to it: every row of the log and of the config is stamped with it."""

WATCH: Final = WatchRules(interval_s=STEP_S, limit_s=30, probe_s=20)
"""A check may take its time: on a busy machine nothing may be late that is not late in the story."""


class Dated(FaultTransport):
    """The project's own clock, as each of its answers tells it, is that of the incident."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        answer.headers["date"] = format_datetime(self._clock.now(), usegmt=True)
        return answer


class Host:
    """One machine's monitor, without loops, on the clock of the incident."""

    def __init__(self, driven: Driven) -> None:
        self.driven = driven
        self.monitor = driven.monitor

    @classmethod
    async def named(cls, name: str, person: str, sandbox: Running, home: Path, clock: FakeClock) -> "Host":
        """Of that name, with that person before it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "gethostname", lambda: name)
            patch.setenv("LOGNAME", person)
            steady = {"watch": WATCH, "breaker": BreakerRules(open_jitter=0), "line": Dated(clock)}
            driven = Driven(sandbox.url, sandbox.service_key, home, clock, **steady)
        driven.scheduler.ready = True
        return cls(await driven.begin())


class Incident:
    """Drives the story and keeps what the screen showed. `place`: where its box is."""

    def __init__(self, sandbox: Running, home: Path) -> None:
        self.sandbox = sandbox
        self.home = home
        self.clock = FakeClock(BEGAN)
        self.place = home / "box"
        self.recorder = Recorder(self.place, BlackboxRules(), self.clock)
        self.box = Box(self.place)
        self._tasks = 0

    async def begin(self) -> "Incident":
        """Set the clocks, and look for the first time."""
        self.sandbox.sql(_CLOCK.format(log_time=self.sandbox.time_column))
        self.sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
        # In one shape it sets the stop, in the other it may not: the story is that of a project without it.
        self.sandbox.sql("DROP FUNCTION emergency_stop_autonomous_system")
        self._set_clock()
        self.host = await Host.named("watch-1", "jana", self.sandbox, self.home / "here", self.clock)
        await self.host.driven.parts.health_log.write({}, 0.0)
        self.host.monitor.subscribe(self._keep)
        return self

    async def end(self) -> None:
        """The monitor is quit."""
        self.recorder.close(self.clock.now())
        await self.host.monitor.close()

    async def look(self, times: int = 1) -> None:
        """So many rounds of the watchdog, one every `STEP_S`."""
        driven = self.host.driven
        for _ in range(times):
            self.advance(STEP_S - 2)
            await driven._look_around()
            self.advance(1)
            checkup, _ = await driven.round(0.0, look_around=False)
            driven.parts.kpis.due_in(STEP_S)
            await driven.parts.kpis.checked(checkup)
            await driven.parts.kpis.refreshed(live=True, checks=driven.monitor.snapshot.health.checks)
            self.advance(1)
            await driven.parts.alerts.evaluate()
            self.host.monitor._publish()

    async def quiet(self, times: int) -> None:
        """So many rounds' time, with a check only every fourth: in between the panels are read."""
        driven = self.host.driven
        for _ in range(times // 4):
            for _ in range(3):
                self.advance(STEP_S)
                await driven.monitor.refresh()
                await driven.parts.kpis.refreshed(live=True, checks=driven.monitor.snapshot.health.checks)
                driven.monitor._publish()
            await self.look()

    def advance(self, seconds: float) -> None:
        """Time passes, for everybody."""
        self.clock.advance(seconds)
        self._set_clock()

    def tasks(self, status: str, *words: str, error: str = "") -> None:
        """Tasks that agents took up half a minute ago and that stand so now."""
        over = "NULL" if status in {"pending", "in_progress"} else "at"
        started = "NULL" if status == "pending" else "at - interval '30 seconds'"
        for text in words:
            self._tasks += 1  # no two were created at the same moment, so that their order is always the same
            created = f"at - interval '1 minute' + {self._tasks} * interval '1 ms'"
            self.sandbox.sql(
                "INSERT INTO autonomous_tasks"
                " (task_type, assigned_to, description, status, error_message, created_at, started_at, completed_at)"
                f" SELECT 'bug_fix', 'agent-1', %s, %s, NULLIF(%s, ''), {created}, {started}, {over} FROM the_time",
                *(text, status, error),
            )

    def complete(self) -> None:
        """Agents complete whatever is pending or under way."""
        self.sandbox.sql(
            "UPDATE autonomous_tasks SET status = 'completed', started_at = at, completed_at = at FROM the_time"
            " WHERE status IN ('pending', 'in_progress')"
        )

    def agents_say(self, step: str, status: str, text: str, times: int = 1) -> None:
        """Rows that agents write into the log."""
        for _ in range(times):
            self.sandbox.sql(
                "INSERT INTO autonomous_execution_logs (execution_step, step_status, error_data, agent_version)"
                " VALUES (%s, %s, jsonb_build_object('message', %s::text), 'agent')",
                step,
                status,
                text,
            )

    def _set_clock(self) -> None:
        self.sandbox.sql("UPDATE the_time SET at = %s", self.clock.now())

    def _keep(self, snapshot: Snapshot) -> None:
        """As it would be of one project, whichever shape and port the sandbox has."""
        project = msgspec.structs.replace(
            snapshot.project, name="atlas", url="atlas.supabase.example", shape="deployed"
        )
        self.recorder.record(msgspec.structs.replace(snapshot, project=project))
