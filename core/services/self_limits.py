"""The monitor's own health: memory, lag of the event loop, duration of a refresh, each with a limit.

A figure beyond its limit is reported until it has been well below for a while; one that varies is reported once.
"""

from collections import deque
from typing import Final

import msgspec

from core.base.bounds import Count, Megabytes, Milliseconds, Period, Share, Span, Tick
from core.base.percentiles import percentile

_STEPS_MS: Final = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_MEMORY_STEP_MB: Final = 5
_EASED: Final = 0.1
"""The share of the time to recover after which a figure that is well is no longer worth a notice."""


class SelfRules(msgspec.Struct, frozen=True, kw_only=True):
    """Limits beyond which the monitor says that it is not well itself. Section `self_monitoring` of the settings."""

    memory_mb: Megabytes = 120.0
    """The most memory it may take: half as much again as is promised (80), for a long list or a plot costs some."""
    lag_ms: Milliseconds = 50.0
    """The most that 99 of 100 turns of the event loop are late; a key that waits longer feels slow."""
    lag_window_s: Period = 120.0
    """The length of the window whose turns are judged together."""
    tick_s: Tick = 1.0
    """The period in which the event loop's lag is looked at; waking up for it costs 0.02 % of a core."""
    measure_s: Period = 5.0
    """The period in which memory, lag and the time of a refresh are measured."""
    out_times: Count = 3
    """The number of measures in a row beyond a limit after which that is reported."""
    back_share: Share = 0.8
    """The share of its limit below which a figure must stay for `back_s` to count as recovered."""
    back_s: Span = 300.0
    """The time for which it must stay below that share."""
    still_s: Span = 10.0
    """A pause of the event loop longer than this is no lag: the process was stopped, or the machine slept."""


class Lags:
    """The lateness of the event loop's turns within a window. A blocked one counts for every turn it missed."""

    def __init__(self, rules: SelfRules) -> None:
        self._tick_s = rules.tick_s
        self._late: deque[float] = deque(maxlen=max(1, round(rules.lag_window_s / rules.tick_s)))

    def note(self, late_s: float) -> None:
        """Add a turn that came `late_s` seconds late."""
        late_s = max(0.0, late_s)
        self._late.append(late_s)
        while (late_s := late_s - self._tick_s) > 0:
            self._late.append(late_s)

    def p99_ms(self) -> float | None:
        """Return the 99th percentile by nearest rank, ms; `None` before half a window is known."""
        many = len(self._late)
        if 2 * many < (self._late.maxlen or 0):
            return None
        return 1000.0 * percentile(self._late, 99)


class Bound:
    """One figure's limit, with hysteresis. `out`: it is reported as exceeded."""

    def __init__(self, limit: float, rules: SelfRules) -> None:
        self._limit = limit
        self._rules = rules
        self._over = 0
        self._below_since: float | None = None
        self.out = False

    def told(self, now_s: float) -> bool:
        """Return whether an operator is to know now: it is exceeded, or was so within a tenth of `back_s`."""
        below_s = 0.0 if self._below_since is None else now_s - self._below_since
        return self.out and below_s < _EASED * self._rules.back_s

    def see(self, value: float | None, now_s: float) -> bool:
        """Take a measure at the elapsed time `now_s`; `None` changes nothing. Returns whether `out` changed."""
        if value is None:
            return False
        self._over = self._over + 1 if value > self._limit else 0
        if value > self._rules.back_share * self._limit:
            self._below_since = None
        elif self._below_since is None:
            self._below_since = now_s
        before = self.out
        if not before:
            self.out = self._over >= self._rules.out_times
        elif self._below_since is not None and now_s - self._below_since >= self._rules.back_s:
            self.out = False
        return self.out is not before


def coarse_mb(memory_mb: float) -> int:
    """Return memory in coarse steps, MB, so that the shown figure does not flicker."""
    return _MEMORY_STEP_MB * round(memory_mb / _MEMORY_STEP_MB)


def coarse_ms(lag_ms: float) -> int:
    """Return the step that a lag is within, ms."""
    return next((step for step in _STEPS_MS if lag_ms <= step), _STEPS_MS[-1])
