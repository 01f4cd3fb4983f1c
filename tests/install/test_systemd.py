"""The installed service under a real systemd: watched, killed, hung, reloaded, stopped; what it keeps goes on.

Where none can be started (no root, no systemd) a warning says so, and what was not shown.
"""

import json
import re
import time
from typing import Any

from tests.install.booted import PROGRAM, Booted
from tests.running import ONE_SHAPE, Running
from tests.until import awaited

SOON = "[Service]\nWatchdogSec=5\nRestartSec=200ms\n"
OFTEN = "[alerts]\nevaluate_s = 5\n[refresh]\nidle_period_s = 2\nunfocused_period_s = 2\n"
"""What waits half a minute where it matters."""

KEEP = """
import asyncio
from core.base.settings import read_layers
from core.monitor import Monitor, read_config
async def keep():
    monitor = Monitor(read_config(read_layers()))
    await monitor.parts.waiting.keep("emergency_stop", monitor.parts.operator, reason="deploy went wrong")
    await monitor.close()
asyncio.run(keep())
"""
"""What the screen does with a stop that is ordered while the project is down."""


class Unit:
    """The service, of the system or of a user."""

    def __init__(self, systemd: Booted, user: str = "") -> None:
        self._systemd, self._user = systemd, user
        self._words = ["--user"] if user else []

    def __call__(self, *words: str) -> str:
        return self._systemd("systemctl", *self._words, *words, user=self._user)

    def shown(self, name: str) -> str:
        """One property, not looked at without a pause: to ask costs a process."""
        time.sleep(0.1)
        return self("show", "watchdesk", "--value", "-p", name).strip()

    def lines(self) -> list[dict[str, Any]]:
        """What the journal has of it."""
        who = [f"_SYSTEMD_{'USER_' if self._user else ''}UNIT=watchdesk.service"]
        text = self._systemd("journalctl", "--output=cat", "--no-pager", *who)
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def said(self, event: str) -> int:
        """How often it said so."""
        return sum(line["event"] == event for line in self.lines())

    def watches(self, restarts: int = 0) -> None:
        """Wait until it watches, started so often by systemd itself, or oftener where the machine is slow."""

        def look() -> bool | None:
            time.sleep(0.1)
            told = self("show", "watchdesk", "-p", "NRestarts,ActiveState,StatusText").splitlines()
            now = dict(line.split("=", 1) for line in told)
            watches = now["ActiveState"] == "active" and now["StatusText"].endswith("; LIVE")
            return (watches and int(now["NRestarts"]) >= restarts) or None

        awaited(look, f"{restarts} restarts and LIVE: {self('show', 'watchdesk')}")


@ONE_SHAPE
def test_the_service_of_the_system(booted: Booted | None, sandbox: Running) -> None:
    if booted is None:
        return
    unit = Unit(booted)
    told = booted(PROGRAM, "service", "install", "--timer", "--metrics", "127.0.0.1:0")
    assert "written: /etc/watchdesk/watchdesk.env" in told
    booted.write("/etc/systemd/system/watchdesk.service.d/soon.conf", SOON)
    unit("daemon-reload")
    booted("systemctl", "enable", "--now", "watchdesk.service", code=1)  # as it is written the file names no project
    assert unit.shown("ExecMainStatus") == "2"
    assert unit.shown("ActiveState") == "failed"  # and is not started again and again

    env = f"SUPABASE_URL={sandbox.url}\nSUPABASE_KEY={sandbox.service_key}\n"
    booted.write("/etc/watchdesk/watchdesk.env", env)
    unit("start", "watchdesk")
    unit.watches()
    assert [line["text"] for line in unit.lines() if line.get("level") in {"warning", "critical"}] == []
    assert unit.shown("User") == "watchdesk"
    told_at = unit.shown("WatchdogTimestampMonotonic")
    awaited(lambda: unit.shown("WatchdogTimestampMonotonic") != told_at or None, "the watchdog to be told")

    unit("start", "watchdesk-status.service")  # what the timer does: beside it, as the same user
    owners = booted("find", "/var/lib/private/watchdesk", "-printf", "%u\n").split()
    assert set(owners) == {"watchdesk"}

    unit("reload", "watchdesk")
    awaited(lambda: unit.said("reloaded") or None, "settings read again")
    unit("kill", "--signal=KILL", "watchdesk")
    unit.watches(1)
    unit("kill", "--signal=STOP", "watchdesk")  # it hangs: only the watchdog notices
    unit.watches(2)

    unit("stop", "watchdesk")  # in order, before systemd lost its patience
    assert (unit.shown("Result"), unit.shown("ExecMainStatus")) == ("success", "0")

    report = booted(PROGRAM, "service", "run", "report", "--since", "5min")
    assert "nothing was recorded" not in report
    assert re.search(r"Watched:\*\* [\d.]+ %", report), report


@ONE_SHAPE
def test_what_a_service_of_a_user_keeps_goes_on_after_a_kill(booted: Booted | None, sandbox: Running) -> None:
    if booted is None:
        return
    booted("useradd", "--create-home", "ann")
    booted("systemctl", "start", f"user@{booted('id', '-u', 'ann').strip()}.service")
    unit, config = Unit(booted, "ann"), "/home/ann/.config"
    told = booted(PROGRAM, "service", "install", "--user", user="ann")
    assert f"written: {config}/watchdesk/watchdesk.env" in told
    settings = f'[projects.shop]\nurl = "{sandbox.url}"\nkey = "{sandbox.service_key}"\n{OFTEN}'
    for path, text in {
        f"{config}/watchdesk/config.toml": settings,
        f"{config}/systemd/user/watchdesk.service.d/soon.conf": SOON,
    }.items():
        booted("sh", "-c", 'umask 077; mkdir -p "$(dirname "$0")"; cat > "$0"', path, user="ann", stdin=text)
    unit("daemon-reload")
    unit("enable", "--now", "watchdesk.service")
    unit.watches()
    sandbox.stuck(2)

    sandbox.fault("database_down", True)
    awaited(lambda: unit.shown("StatusText").endswith("; OFFLINE") or None, "OFFLINE")
    booted("/opt/watchdesk/bin/python", "-c", KEEP, user="ann")
    assert "emergency stop" in booted(PROGRAM, "waiting", user="ann")
    alert = awaited(lambda: _kept_alert(booted), "an alert that the service keeps")
    unit("kill", "--signal=KILL", "watchdesk")
    awaited(lambda: unit.shown("NRestarts") != "0" or None, "a restart")
    assert "emergency stop" in booted(PROGRAM, "waiting", user="ann")
    awaited(lambda: alert in booted(PROGRAM, "alerts", user="ann", code=None) or None, "the same alert")

    sandbox.fault("database_down", False)
    awaited(lambda: unit.shown("StatusText").startswith("STOPPED") or None, "the stop, carried out")
    assert booted(PROGRAM, "waiting", user="ann").strip() == "none"
    report = booted(PROGRAM, "report", "--since", "5min", user="ann")
    assert "nothing was recorded" not in report
    assert "OFFLINE" in report
    assert "deploy went wrong" in report
    unit("stop", "watchdesk")
    assert unit.shown("Result") == "success"


def _kept_alert(booted: Booted) -> str | None:
    """The id of the alert, once the service has evaluated it: until then each look at it makes a new one."""
    looks = [booted(PROGRAM, "alerts", user="ann", code=None) for _ in range(2)]
    first, second = (re.search(r"([0-9a-f]{8})  database_down", look) for look in looks)
    return first[1] if first is not None and second is not None and first[1] == second[1] else None
