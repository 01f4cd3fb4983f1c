"""The watchdog's numbers, each with its unit. Section `watch` of the settings."""

import msgspec

from core.base.bounds import Count, Limit, Period, Share, Span, WholeHours


class WatchRules(msgspec.Struct, frozen=True, kw_only=True):
    """How often it looks and where its lines are."""

    interval_s: Period = 300.0
    jitter: Share = 0.1
    limit_s: Limit = 1.9
    """A whole check ends within this, whatever hangs; the promise is 2 s."""
    probe_s: Limit = 1.8
    """How long the edge function may take to answer; within the check, so that silence is heard and counted."""
    hanging_s: Limit = 10.0
    """Connected and silent for this long is down."""
    patience_s: Span = 3600.0
    """How long the oldest pending task may wait without anything being completed."""
    stop_after: Count = 10
    """Critical checks in a row that order an emergency stop."""
    stop_hours: WholeHours = 24
    """How long an emergency stop ordered by the watchdog is meant to last."""
    heartbeat_url: str = ""
    """Called after each completed check, so that somebody else notices when there are none."""
    control_url: str = ""
    """Asked when the project cannot be reached at all: if it answers, the project is down; if not, we are blind."""
    clock_margin_s: Span = 5.0
    """How much later a cut-off comes when the time is the `Date` header's."""
    clock_trust_s: Span = 30.0
    """That header counts only this close to this machine's own clock: a proxy may have written it, or ours be wrong."""
