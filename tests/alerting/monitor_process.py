"""A whole monitor without a screen, in a process of its own: `python -m tests.alerting.monitor_process SETTINGS`.

SETTINGS is JSON: url, key, place, host, smtp_port. It prints a line once it watches, and runs until it is ended.
"""

import asyncio
import json
import socket
import sys
from pathlib import Path

from core.actions.lease import LeaseRules
from core.alerting.settings import AlertRules
from core.backend.client import RequestLimits
from core.backend.target import Target
from core.checks.settings import WatchRules
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from tests.alerting.mail_server import ANNA

LATE_S = 4.0


def config_of(given: dict[str, str]) -> Config:
    return Config(
        target=Target(name="probe", url=given["url"], key=given["key"]),
        limits=RequestLimits(connect_s=1, request_s=1),
        lease=LeaseRules(renew_s=1, retry_s=1, hold_s=4, take_over_s=6),
        watch=WatchRules(interval_s=2),
        refresh=RefreshRules(period_s=1, blind_after_s=3),
        alerts=AlertRules(
            evaluate_s=1,
            resolve_s=2,
            late_critical_s=LATE_S,
            late_s=LATE_S,
            contacts=(ANNA,),
            smtp_host="127.0.0.1",
            smtp_port=int(given["smtp_port"]),
            smtp_from="ops@example.org",
            smtp_security="none",
        ),
    )


async def main() -> None:
    """Watch until the process is ended."""
    given = json.loads(sys.argv[1])
    socket.gethostname = lambda: given["host"]  # what tells machines apart
    monitor = Monitor(config_of(given), places=Places.within(Path(given["place"])))
    await monitor.start()
    while not monitor.snapshot.ready:
        await asyncio.sleep(0.05)
    print("watching", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
