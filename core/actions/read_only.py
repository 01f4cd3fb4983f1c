"""Read-only by `--observe`, and its lifting for a while: for an operator's orders alone."""

from typing import Final

from core.base.clock import Clock

LIFTED_S: Final = 900.0


class ReadOnlyMode:
    """Whether nothing may be written. `on` as it was started; `only_looks`: it is never lifted."""

    def __init__(self, clock: Clock, *, on: bool, only_looks: bool = False) -> None:
        self._clock = clock
        self._until = 0.0
        self.on = on or only_looks
        self.only_looks = only_looks

    def lift(self) -> None:
        """Allow an operator's orders for 15 minutes from now."""
        if not self.only_looks:
            self._until = self._clock.elapsed() + LIFTED_S

    def lifted_for_s(self) -> float | None:
        """For how many more seconds actions are allowed; `None` when it is not lifted, or was never on."""
        rest = self._until - self._clock.elapsed()
        return rest if self.on and rest > 0 else None

    def forbids(self) -> bool:
        """Whether an operator's order that writes is refused now."""
        return self.on and self.lifted_for_s() is None
