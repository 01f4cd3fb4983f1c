"""Read-only mode of `--observe`; an operator's actions may be allowed for a while."""

from typing import Final

from core.base.clock import Clock

LIFTED_S: Final = 900.0


class ReadOnlyMode:
    """The read-only mode. `on`: it was started with it; `only_looks`: it cannot be lifted."""

    def __init__(self, clock: Clock, *, on: bool, only_looks: bool = False) -> None:
        self._clock = clock
        self._until = 0.0
        self.on = on or only_looks
        self.only_looks = only_looks

    def lift(self) -> None:
        """Allow an operator's actions for 15 minutes from now."""
        if not self.only_looks:
            self._until = self._clock.elapsed() + LIFTED_S

    def lifted_for_s(self) -> float | None:
        """Return the seconds for which actions are still allowed; `None` if it is not lifted, or was never on."""
        rest = self._until - self._clock.elapsed()
        return rest if self.on and rest > 0 else None

    def forbids(self) -> bool:
        """Return whether an operator's action that writes is refused now."""
        return self.on and self.lifted_for_s() is None
