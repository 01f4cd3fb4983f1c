"""The six checks, in the order they are shown. A seventh is a file beside these and a line here."""

from collections.abc import Awaitable, Callable
from typing import Final

from core.facts import Verdict
from core.watch.checks.activity import activity
from core.watch.checks.breakers import breakers
from core.watch.checks.database import database
from core.watch.checks.edge_function import edge_function
from core.watch.checks.failure_rate import failure_rate
from core.watch.checks.stuck_tasks import stuck_tasks
from core.watch.look import Look

CHECKS: Final[tuple[Callable[[Look], Awaitable[Verdict]], ...]] = (
    database,
    edge_function,
    stuck_tasks,
    failure_rate,
    activity,
    breakers,
)
