"""When a success rate is too low. Pure."""

from typing import Final

import msgspec

from core.domain.counts import SuccessRate
from core.resilience.reading import Reading


class LowSuccess(msgspec.Struct, frozen=True):
    """When the success rate of a day is too low: below `percent`, of at least `few` finished tasks."""

    percent: float = 95.0
    few: int = 5

    def holds(self, rate: Reading[SuccessRate]) -> bool:
        """Return whether a live reading is too low."""
        found = rate.value if rate.live else None
        if found is None or found.percent is None:
            return False
        return found.finished >= self.few and found.percent < self.percent


LOW_SUCCESS: Final = LowSuccess()
