"""How long the loops pause: by who looks, by what is wrong, by breakers that probe soon, and spread by chance."""

import random
from collections.abc import Callable
from typing import Final

from core.domain.alerts import Severity
from core.domain.snapshot import CALM, LinkWord, Snapshot
from core.monitor.container import Container

_SOON_S: Final = 0.5


class Pace:
    """Decides on the pauses of one monitor. `snapshot` returns the newest snapshot; without `jitter` none is spread."""

    def __init__(self, parts: Container, snapshot: Callable[[], Snapshot], *, jitter: bool) -> None:
        self._parts = parts
        self._rules = parts.config.refresh
        self._snapshot = snapshot
        self._jitter = jitter
        self.failed = False
        """The last refresh had no answer."""

    @property
    def usual_s(self) -> float:
        """Return the longest pause between refreshes while something is wrong, seconds."""
        return self._rules.period_s * (1 + self._rules.jitter)

    def refresh_pause(self, *, first: bool) -> float:
        """Return the seconds to the next refresh: fewer if a breaker probes soon, more if only a person can help."""
        if any(fault.person for fault in self._parts.checks.faults()):
            return self._rules.person_wait_s
        period = self.spread(self.period_s(), self._rules.jitter)
        if first and self._jitter:
            period *= random.uniform(0.2, 1.0)  # noqa: S311 - so that those that begin together drift apart at once
        if shared_for_s := self._parts.readings.shared_for_s:  # when its reader will have newer ones
            period = max(_SOON_S, self.period_s() - shared_for_s + _SOON_S)
        breakers = self._parts.breakers.all()
        probes = [r.opens_in_s for r in breakers if r.opens_in_s is not None and r.component == "db"]
        return min(period, min(probes) + 0.05) if probes else period

    def period_s(self) -> float:
        """Return the period of refreshes as things stand, seconds."""
        return self._parts.attention.period_s(well=self.is_well())

    def spread(self, seconds: float, jitter: float) -> float:
        """Return a pause that differs from `seconds` by up to that share."""
        return seconds * (1 + (random.uniform(-1, 1) * jitter if self._jitter else 0))  # noqa: S311 - a spread, not a secret

    def condition(self) -> object:
        """Return what a person would be told of first: whether it answers, what the checks say, the agents' switches.

        It is to be compared alone: where it changed, the alerts are not to wait for their time.
        """
        parts = self._parts
        config = parts.readings.config
        switches = (config.value.emergency_stop, config.value.enabled) if config.value is not None else None
        levels = tuple((check.name, check.level) for check in parts.checks.checks)
        return parts.connection.down, levels, switches

    def is_live(self) -> bool:
        """Return whether the project answers."""
        return self._snapshot().link.word is LinkWord.LIVE

    def is_well(self) -> bool:
        """Return whether nothing is wrong, as far as is known: nobody need be told at once of a change."""
        if self.failed or not self.is_live() or self._snapshot().state not in CALM:
            return False
        return not any(alert.severity is not Severity.LOW for alert in self._parts.alerts.firing())
