"""The time of the project's database, as far as it is known here."""

from collections.abc import Callable
from datetime import datetime, timedelta

from core.base.clock import Clock
from core.checks.settings import WatchRules


class ProjectTime:
    """Tells the database's time: `database_now` by a row written there, `answered_at` by the last answer's header."""

    def __init__(
        self,
        clock: Clock,
        rules: WatchRules,
        *,
        database_now: Callable[[], datetime | None],
        answered_at: Callable[[], datetime | None],
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._database_now = database_now
        self._answered_at = answered_at

    def cut_off(self) -> datetime | None:
        """Return the time for cut-offs; `None` while it is not known.

        By a row written there with the literal `now`; else by the `Date` header, as far as this machine's own clock
        bears that out, less a margin.
        """
        if (database := self._database_now()) is not None:
            return database
        server, rules = self._answered_at(), self._rules
        if server is None or abs((server - self._clock.now()).total_seconds()) > rules.clock_trust_s:
            return None
        return server - timedelta(seconds=rules.clock_margin_s)

    def likely(self) -> datetime:
        """Return the best guess, to be shown but not to be acted upon."""
        return self.cut_off() or self._answered_at() or self._clock.now()

    def told(self) -> datetime | None:
        """Return the time as the project itself told it, however far from this machine's; `None` before it did."""
        return self._database_now() or self._answered_at()

    @property
    def answered(self) -> bool:
        """Return whether the project ever told its time."""
        return self._answered_at() is not None
