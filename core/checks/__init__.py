"""Every check, in the order of display. Another one is a module in this package and a line here."""

from collections.abc import Awaitable, Callable
from typing import Final

from core.checks.activity import activity
from core.checks.breakers import breakers
from core.checks.context import CheckContext
from core.checks.database import database
from core.checks.edge_function import edge_function
from core.checks.failure_rate import failure_rate
from core.checks.stuck_tasks import stuck_tasks
from core.domain.status import Verdict

CHECKS: Final[tuple[Callable[[CheckContext], Awaitable[Verdict]], ...]] = (
    database,
    edge_function,
    stuck_tasks,
    failure_rate,
    activity,
    breakers,
)

NAMES: Final = tuple(check.__name__ for check in CHECKS)
"""The name of each in `status --json`, in health rows and on the screen."""
