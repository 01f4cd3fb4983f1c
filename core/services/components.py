"""The parts of a project and what each of them currently lives on."""

from typing import Final

from core.domain.snapshot import Component
from core.domain.status import Level
from core.monitor.container import Container
from core.resilience.reading import Source
from core.services.check_service import CheckService

_WORSE: Final = {Source.LIVE: 0, Source.CACHED: 1, Source.DEFAULT: 2}
_COMPONENTS: Final = {
    "system_config": ("config",),
    "tasks": ("open_counts", "tasks"),
    "execution_logs": ("logs",),
    "stats": ("other_counts", "success_24h", "simulated", "last_completed"),
}


def components(rooms: Container, sight: CheckService) -> tuple[Component, ...]:
    """What each component currently lives on."""
    values = rooms.readings.values
    found = []
    for name, keys in _COMPONENTS.items():
        worst = max((values[key] for key in keys if rooms.readings.asks(key)), key=lambda r: _WORSE[r.source])
        why = worst.fault.sentence() if worst.fault is not None else ""
        found.append(Component(name=name, source=worst.source, at=worst.at, why=why))
    edge = next(check for check in sight.checks if check.name == "edge_function")
    answers = edge.level is Level.OK
    source = Source.LIVE if answers else Source.DEFAULT
    return (
        *found,
        Component(name="edge_function", source=source, at=sight.edge_at, why="" if answers else edge.text),
    )
