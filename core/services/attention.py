"""How often the project is read: as often as somebody looks at the screen, or as something is wrong."""

from core.base.clock import Clock
from core.services.config import RefreshRules


class Attention:
    """Chooses the period of reading by keys, by the terminal's word on its focus, and by how the project is."""

    def __init__(self, clock: Clock, rules: RefreshRules) -> None:
        self._clock = clock
        self._rules = rules
        self._looked_at = clock.elapsed()  # who starts it looks at it
        self._focused: bool | None = None
        """Whether the terminal has the focus; `None` where it never said."""
        self.over_budget = False
        """Reading at this rate costs more in a month than it may."""

    def looked(self) -> None:
        """Record that somebody pressed a key or clicked."""
        self._looked_at = self._clock.elapsed()

    def focused(self, focused: bool) -> None:
        """Record that the terminal gained or lost the focus."""
        self._focused = focused
        if focused:
            self.looked()

    def period_s(self, *, well: bool) -> float:
        """Return the seconds between two refreshes; `well`: nothing is wrong, as far as is known."""
        rules = self._rules
        looked = self._clock.elapsed() - self._looked_at < rules.attention_s and self._focused is not False
        if looked and not well:
            return rules.period_s  # whatever it costs
        step = 0 if looked or not well else 2 if self._focused is False else 1
        periods = (rules.period_s, rules.idle_period_s, rules.unfocused_period_s)
        return max(rules.period_s, periods[min(step + self.over_budget, 2)])
