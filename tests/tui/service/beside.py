"""A service in a process of its own, and the monitor of a screen beside it, on the same files."""

import asyncio
import contextlib
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import psutil
import pytest

from core.actions.delegated import KIND
from core.backend.target import Target
from core.domain.actions import Action, Result
from core.domain.log_steps import AUDIT
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from tests.running import Command, Running
from tests.tui.service.serving import Service
from tests.until import until

Start = Callable[..., Service]

Beside = Callable[..., Awaitable[Monitor]]


@pytest.fixture
def service(command: Command, sandbox: Running) -> Iterator[Start]:
    made: list[Service] = []

    def make(*options: str) -> Service:
        made.append(Service(command, sandbox, options=options))
        return made[-1]

    yield make
    for one in made:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGCONT)
        one.close()


@pytest.fixture
async def beside(command: Command, sandbox: Running) -> AsyncIterator[Beside]:
    """Starts the monitor of a screen, on the same files; it waits until it knows of the service."""
    made: list[Monitor] = []

    async def make(*, attached: bool = True, **given: Any) -> Monitor:
        target = Target(name="probe", url=sandbox.url, key=sandbox.service_key, function_key=sandbox.function_key)
        config = Config(target=target, refresh=RefreshRules(period_s=1), **given)
        made.append(Monitor(config, places=Places.within(command.home / "state" / "watchdesk")))
        await made[-1].start()
        await until(lambda: made[-1].snapshot.ready)
        if attached:
            await until(lambda: made[-1].snapshot.service is not None)
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def given(monitor: Monitor, action: Action, **arguments: Any) -> Result:
    """As a dialog gives it: the plan is shown, then confirmed."""
    plan = await monitor.plan(action, **arguments)
    assert not plan.refused, plan.refused
    return await monitor.run(action, plan, **arguments)


_ROWS = (
    "SELECT input_data->>'order', step_status, (input_data->>'pid')::int, input_data->>'who'"
    " FROM autonomous_execution_logs WHERE execution_step = %s AND input_data->>'run' = %s ORDER BY step_status DESC"
)


def audited(sandbox: Running, run: str) -> list[tuple[Any, ...]]:
    """Action, status, process and person of each audit row of a run, the opening one first."""
    return [tuple(row) for row in sandbox.sql(_ROWS, AUDIT, run)]


def orders(sandbox: Running, action: Action) -> int:
    """How many runs of an action the audit trail has."""
    query = (
        "SELECT count(DISTINCT input_data->>'run') FROM autonomous_execution_logs"
        " WHERE execution_step = %s AND input_data->>'order' = %s"
    )
    return int(sandbox.sql(query, AUDIT, action.name)[0][0])


def state_of(command: Command) -> "contextlib.closing[sqlite3.Connection]":
    """The file by which the processes know of each other."""
    (database,) = (command.home / "state" / "watchdesk" / "state").glob("*.db")
    return contextlib.closing(sqlite3.connect(database, 0))


async def handed(command: Command, field: str = "id") -> None:
    """Wait until something is handed over, and has such a field."""

    def there() -> object:
        with state_of(command) as state:
            return state.execute(
                f"SELECT 1 FROM document WHERE kind = ? AND body ->> '{field}' > ''", (KIND,)
            ).fetchall()

    await until(there)


async def stop(service: Service, command: Command) -> None:
    """Stop it, as a machine does that hangs, but not while it has the only right to write."""
    while True:
        service.process.send_signal(signal.SIGSTOP)
        await until(lambda: psutil.Process(service.process.pid).status() == psutil.STATUS_STOPPED)
        with contextlib.suppress(sqlite3.OperationalError), state_of(command) as state:
            state.execute("BEGIN IMMEDIATE")
            return
        service.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.05)
