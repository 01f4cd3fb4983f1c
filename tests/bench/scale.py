"""`make bench`: what the size of a project costs: 1 k, 100 k and 1 M tasks with five log rows each.

Each operation of the monitor, in turn on every size: its median time, and the database's own time for it by
`pg_stat_database`. Without the optional SQL and with it (`watchdesk sql indexes`, `watchdesk sql stats`). Arguments:
the shapes, `deployed` or `documented`, both without; a number limits the tasks of the largest project.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from core.actions.heal import HEAL
from core.backend.client import RequestLimits
from core.backend.optional_sql import script
from core.backend.schema import Shape, discover
from core.backend.target import Target
from core.domain.queries import Filter, Listing, Table
from core.domain.sorting import Sort
from core.domain.task_groups import GroupBy
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from tests.running import Running

SIZES: Final = (1_000, 100_000, 1_000_000)
ROUNDS: Final = 7
FLUSHED_S: Final = 11.0
"""An idle session of the database tells its figures within ten seconds."""

Operation = Callable[["Project"], Awaitable[Any]]


class Project:
    """One sandbox of a size, and a monitor of it."""

    def __init__(self, shape: str, tasks: int) -> None:
        self.sandbox = Running(shape)
        self.home = Path(tempfile.mkdtemp(prefix="watchdesk-scale-"))
        self.tasks = tasks
        self._monitor: Monitor | None = None
        fill(self.sandbox, tasks)

    async def begin(self) -> None:
        """Start a monitor, and read all that its first screen shows."""
        await self.close()
        target = Target(name="scale", url=self.sandbox.url, key=self.sandbox.service_key)
        limits = RequestLimits(request_s=60.0)
        config = Config(target=target, observe=True, limits=limits, refresh=RefreshRules(total_s=60.0))
        self._monitor = Monitor(config, places=Places.within(self.home), jitter=False)
        await self._monitor.discover()
        await self._monitor.refresh(everything=True)

    async def close(self) -> None:
        """End the monitor."""
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            await monitor.close()

    @property
    def monitor(self) -> Monitor:
        """The monitor, once it was started."""
        assert self._monitor is not None
        return self._monitor

    def server_ms(self) -> float:
        """The time the database has worked for statements so far."""
        return float(
            self.sandbox.sql("SELECT active_time FROM pg_stat_database WHERE datname = current_database()")[0][0]
        )


def fill(sandbox: Running, tasks: int, logs: int = 5) -> None:
    """Tasks of half a year, most of them completed; some hundreds a day finish, whatever the size; `logs` rows each."""
    log_time = sandbox.time_column
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at, started_at, completed_at, error_message)"
        " SELECT 'task ' || i,"
        "  CASE WHEN i <= 20 THEN 'pending' WHEN i <= 25 THEN 'in_progress' WHEN i %% 50 = 0 THEN 'failed'"
        "       WHEN i %% 201 = 0 THEN 'rejected' ELSE 'completed' END,"
        "  at, CASE WHEN i > 20 THEN at + interval '1 minute' END, CASE WHEN i > 25 THEN at + interval '9 minutes' END,"
        "  CASE WHEN i %% 50 = 0 THEN 'tests failed' END"
        " FROM (SELECT i, now() - CASE WHEN i <= 300 THEN i * interval '4 minutes'"
        "  ELSE interval '1 day' + i * interval '180 days' / %s END AS at FROM generate_series(1, %s) AS i) AS it",
        *(tasks, tasks),
    )
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs"
        f" (task_id, execution_step, step_status, environment, duration_ms, {log_time})"
        " SELECT t.id, 'step_' || i, 'completed', 'production', 1200, t.created_at + i * interval '1 minute'"
        " FROM autonomous_tasks AS t, generate_series(1, %s) AS i WHERE t.started_at IS NOT NULL",
        logs,
    )
    with psycopg.connect(sandbox.database_url, autocommit=True) as line:
        line.execute("VACUUM ANALYZE autonomous_tasks")
        line.execute("VACUUM ANALYZE autonomous_execution_logs")


def install(sandbox: Running) -> None:
    """The optional SQL, as its owner runs it."""
    with psycopg.connect(sandbox.database_url, autocommit=True) as line:
        for statement in script("indexes", Shape(sandbox.shape)).split(";"):
            if any(part.strip() and not part.strip().startswith("--") for part in statement.splitlines()):
                line.execute(statement)
        line.execute(script("stats", Shape(sandbox.shape)))
        line.execute("ANALYZE autonomous_tasks, autonomous_execution_logs")
    time.sleep(1)  # the API reads its schema anew


async def _sorted(project: Project, listing: Listing) -> object:
    """Read the first page of a list in an order, as a screen does."""
    return await project.monitor.page(await project.monitor.sortable(listing), 0, 50)


OPERATIONS: Final[dict[str, Operation]] = {
    "first screen": lambda project: project.begin(),
    "discover": lambda project: discover(project.monitor.parts.backend),
    "full refresh": lambda project: project.monitor.refresh(everything=True),
    "fast refresh": lambda project: project.monitor.refresh(),
    "check": lambda project: project.monitor.check(),
    "plan of a heal": lambda project: project.monitor.plan(HEAL),
    "page of tasks": lambda project: project.monitor.page(Listing(table=Table.TASKS), 0, 50),
    "page of logs": lambda project: project.monitor.page(Listing(table=Table.LOGS), 0, 50),
    "count of tasks": lambda project: project.monitor.total(Listing(table=Table.TASKS)),
    "tasks by priority": lambda project: _sorted(project, Listing(table=Table.TASKS, sort=Sort("priority", True))),
    "failed by ended": lambda project: _sorted(
        project, Listing(table=Table.TASKS, filter=Filter(status=("failed",)), sort=Sort("ended"))
    ),
    "tasks by took": lambda project: _sorted(project, Listing(table=Table.TASKS, sort=Sort("took"))),
    "logs by took": lambda project: _sorted(project, Listing(table=Table.LOGS, sort=Sort("took", True))),
    "groups by cause": lambda project: project.monitor.groups(Filter(status=("failed",)), GroupBy.ERROR),
    "filter by status": lambda project: project.monitor.page(
        Listing(table=Table.TASKS, filter=Filter(status=("failed",))), 0, 50
    ),
    "filter by word": lambda project: project.monitor.page(
        Listing(table=Table.TASKS, filter=Filter(words=("tests failed",))), 0, 50
    ),
}


async def _times(projects: Sequence[Project], operation: Operation) -> list[list[float]]:
    """Return the milliseconds of each round of an operation, by project, the projects in turn."""
    taken: list[list[float]] = [[] for _ in projects]
    for _ in range(ROUNDS):
        for project, times in zip(projects, taken, strict=True):
            began = time.perf_counter()
            await operation(project)
            times.append(1000 * (time.perf_counter() - began))
    return taken


async def measure(projects: Sequence[Project], title: str) -> None:
    """Print the table of one shape, without the optional SQL or with it."""
    sizes = "".join(f"{project.tasks:>12,}{'server':>9}" for project in projects)
    print(f"\n{title:<34}{sizes}{'ratio':>8}", flush=True)
    for project in projects:
        await project.begin()
    for project in projects:
        project.server_ms()  # what its own session did, the filling above all, is told with its next statement
    await asyncio.sleep(FLUSHED_S)
    before = [project.server_ms() for project in projects]
    for name, operation in OPERATIONS.items():
        medians = [statistics.median(times) for times in await _times(projects, operation)]
        await asyncio.sleep(FLUSHED_S)
        after = [project.server_ms() for project in projects]
        server = [(now - then) / ROUNDS for now, then in zip(after, before, strict=True)]
        before = after
        cells = "".join(f"{ms:>12.1f}{own:>9.1f}" for ms, own in zip(medians, server, strict=True))
        print(f"{name:<34}{cells}{medians[-1] / medians[0]:>7.1f}x", flush=True)


async def of_shape(shape: str, most: int) -> None:
    """Measure one shape."""
    projects = [Project(shape, size) for size in SIZES if size <= most]
    try:
        await measure(projects, f"{shape}, as it is, ms")
        for project in projects:
            install(project.sandbox)
        await measure(projects, f"{shape}, optional SQL, ms")
    finally:
        for project in projects:
            await project.close()
            project.sandbox.close()


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    for each in [one for one in sys.argv[1:] if not one.isdigit()] or ["deployed", "documented"]:
        asyncio.run(of_shape(each, numbers[0] if numbers else SIZES[-1]))
