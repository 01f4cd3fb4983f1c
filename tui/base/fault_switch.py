"""Switches of the demo's faults, as the screen sees them."""

from collections.abc import Sequence
from typing import Protocol


class FaultSwitch(Protocol):
    """The faults of a sandbox, each on or off."""

    def names(self) -> Sequence[tuple[str, str]]:
        """Return the name of each fault and what it does."""
        ...

    async def all(self) -> dict[str, bool]:
        """Return by name whether each is on. Raises OSError where the sandbox does not answer."""
        ...

    async def set(self, name: str, on: bool) -> None:
        """Switch one. Raises OSError where the sandbox does not answer."""
        ...
