"""Refresh a monitor once, with everything or with the alerts, for one-shot commands."""

import asyncio
from collections.abc import Awaitable, Callable

from core.domain.snapshot import Snapshot
from core.monitor import Config, Monitor
from core.resilience.fault import Fault
from tui.cli.session import fail, start_logging


async def with_alerts(config: Config, act: Callable[[Monitor], Awaitable[int]], *, as_data: bool = False) -> int:
    """Run `act` on a monitor with alerts, and return its exit code. Without an answer local data is used."""
    start_logging(config.target, config.alerts.secrets())
    monitor = Monitor(config)
    try:
        await monitor.refresh(everything=True)
        person = next((fault for fault in monitor.faults() if fault.person), None)
        if person is not None:
            return fail(person, as_data=as_data)
        await monitor.look_at_alerts()
        return await act(monitor)
    finally:
        await monitor.close()


async def read_once(monitor: Monitor, show: Callable[[Snapshot], int]) -> int:
    """Refresh once, close, and show the snapshot; return the exit code. A fault for a person is told instead."""
    start_logging(monitor.parts.config.target, monitor.parts.config.alerts.secrets())
    try:
        read = await read_all(monitor)
    finally:
        await monitor.close()
    return fail(read) if isinstance(read, Fault) else show(read)


async def read_all(monitor: Monitor) -> Snapshot | Fault:
    """Refresh once, with everything a page tells; return a fault that only a person can mend instead."""
    await asyncio.gather(
        monitor.refresh(everything=True),
        monitor.look_at_policies(),
        monitor.waiting(),
        monitor.look_at_cost(),
    )
    person = next((fault for fault in monitor.faults() if fault.person), None)
    if person is not None:
        return person
    await asyncio.gather(monitor.check(), monitor.look_at_lease())  # not before the shape of the schema is known
    monitor.parts.connection.looked_once()  # however long the rest takes, the link is as it was found
    await monitor.look_at_what_stands()
    await monitor.look_at_alerts()
    return monitor.one_shot()
