"""The components of a project and the current source of each one's data."""

from datetime import UTC, datetime
from typing import Final

from core.domain.records import ENDED
from core.domain.snapshot import Component
from core.domain.status import Level
from core.resilience.reading import Source
from core.services.check_service import CheckService
from core.services.readings import Readings

_WORSE: Final = {Source.LIVE: 0, Source.CACHED: 1, Source.DEFAULT: 2}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_COMPONENTS: Final = {
    "system_config": ("config",),
    "tasks": ("open_counts", "tasks"),
    "execution_logs": ("logs",),
    "stats": (*(f"{status}_count" for status in ENDED), "success_24h", "simulated", "last_completed", "oldest_review"),
}


def components(readings: Readings, checks: CheckService) -> tuple[Component, ...]:
    """Return the current source of each component's data: of the worst of its parts the one that is oldest."""
    values = readings.values
    found = []
    for name, keys in _COMPONENTS.items():
        asked = [values[key] for key in keys if readings.asks(key)]
        least = max(_WORSE[reading.source] for reading in asked)
        worst = min((one for one in asked if _WORSE[one.source] == least), key=lambda one: one.at or _NEVER)
        why = worst.fault.sentence() if worst.fault is not None else ""
        found.append(Component(name=name, source=worst.source, at=worst.at, why=why))
    edge = next(check for check in checks.checks if check.name == "edge_function")
    answers = edge.level is Level.OK
    source = Source.LIVE if answers else Source.DEFAULT
    return (
        *found,
        Component(name="edge_function", source=source, at=checks.edge_at, why="" if answers else edge.text),
    )
