"""Faults that can be switched on, as an operator may meet them; all off at the start."""

from collections.abc import Awaitable, Callable
from typing import Final

FAULTS: Final = {
    "database_down": "PostgreSQL is really stopped",
    "slow": "every answer takes three seconds",
    "errors": "a proxy answers 503 with a web page",
    "edge_down": "Edge Functions do not answer",
    "stuck_tasks": "agents stop moving in the middle of their tasks",
    "failure_storm": "most tasks that finish fail",
}
"""All faults, with the effect of each."""

SLOW_S: Final = 3.0


class Faults:
    """The faults that are on. `on_change` registers those that need more than a flag."""

    def __init__(self) -> None:
        self._on: set[str] = set()
        self._changes: dict[str, Callable[[bool], Awaitable[None]]] = {}

    def on_change(self, name: str, act: Callable[[bool], Awaitable[None]]) -> None:
        """Call `act` whenever `name` is switched."""
        self._changes[name] = act

    def is_on(self, name: str) -> bool:
        """Return whether a fault is on."""
        return name in self._on

    async def set(self, name: str, on: bool) -> None:
        """Switch a fault. Raises KeyError for a name that does not exist."""
        if name not in FAULTS:
            raise KeyError(name)
        (self._on.add if on else self._on.discard)(name)
        if name in self._changes:
            await self._changes[name](on)

    def all(self) -> dict[str, bool]:
        """Return every fault and whether it is on."""
        return {name: name in self._on for name in FAULTS}


def fault_name(word: str) -> str:
    """Return the name for what was typed, hyphens allowed. Raises KeyError."""
    name = word.replace("-", "_")
    if name not in FAULTS:
        raise KeyError(word)
    return name
