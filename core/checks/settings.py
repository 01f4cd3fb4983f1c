"""The watchdog's numbers, each with its unit. Section `watch` of the settings."""

import msgspec

from core.base.bounds import Count, Limit, Period, Share, Span, WholeHours


class WatchRules(msgspec.Struct, frozen=True, kw_only=True):
    """Periods and limits of the watchdog, and of its emergency stop. Section `watch` of the settings."""

    interval_s: Period = 300.0
    """The period in which the watchdog runs its checks."""
    jitter: Share = 0.1
    """The share by which that period varies, so that monitors do not look all at once."""
    limit_s: Limit = 1.9
    """The limit of a whole check run, whatever hangs; the promise is 2 s."""
    probe_s: Limit = 1.8
    """The limit of the edge function's answer; below `limit_s`, so that its silence is noticed and counted."""
    hanging_s: Limit = 10.0
    """The silence on an open connection from which the database counts as down."""
    patience_s: Span = 3600.0
    """The longest wait of the oldest pending task without anything being completed."""
    stop_after: Count = 10
    """Scheduled checks in a row with the database or its API down, or most tasks failing, that set a stop."""
    stop_hours: WholeHours = 24
    """The duration of an emergency stop by the watchdog."""
    heartbeat_url: str = ""
    """Called after each completed check, so that somebody else notices when there are none."""
    control_url: str = ""
    """Asked when the project cannot be reached at all: if it answers, the project is down; if not, we are blind."""
    clock_margin_s: Span = 5.0
    """The delay added to a cut-off when the time is from the `Date` header."""
    clock_trust_s: Span = 30.0
    """The greatest difference from this machine's clock at which that header counts: either may be wrong."""

    @property
    def at_once_s(self) -> float:
        """The longest wait for one answer to all questions, seconds: each can still be asked by itself after it."""
        return self.limit_s / 4
