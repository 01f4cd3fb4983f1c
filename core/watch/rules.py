"""The watchdog's numbers, each with its unit. Section `watch` of the settings."""

import msgspec


class WatchRules(msgspec.Struct, frozen=True, kw_only=True):
    """How often it looks and where its lines are."""

    interval_s: float = 300.0
    jitter: float = 0.1
    limit_s: float = 1.9
    """A whole check ends within this, whatever hangs; the promise is 2 s."""
    probe_s: float = 1.8
    """How long the edge function may take to answer; within the check, so that silence is heard and counted."""
    hanging_s: float = 10.0
    """Connected and silent for this long is down."""
    window_h: float = 24.0
    few_finished: int = 5
    failure_warning_percent: float = 50.0
    failure_critical_percent: float = 80.0
    patience_s: float = 3600.0
    """How long the oldest pending task may wait without anything being completed."""
    stop_after: int = 10
    """Critical checks in a row that order an emergency stop."""
    recent_failure_s: float = 900.0
    """An automatic stop or dry-run needs a failure this recent."""
    clock_margin_s: float = 5.0
    """How much later a cut-off comes when the time is the `Date` header's."""
