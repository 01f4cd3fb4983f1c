"""Silences in words, as the screen, the commands and the report tell them."""

from datetime import datetime

from core.base.text import in_steps
from core.domain.alerts import Silence
from core.domain.maintenance import NO_ZONE, SOON, WeeklyWindow, at_zone


def silence_line(one: Silence, now: datetime) -> str:
    """Return a silence of a snapshot in one line: until when it holds or in how long it will, what, and why."""
    of = "" if one.matcher == "*" else f" of {one.called}"
    return f"{'maintenance' if one.window is not None else 'silence'}{of} {_when(one, now)}: {one.reason}"


def shown_soon(one: Silence, now: datetime) -> bool:
    """Return whether a silence of a snapshot with windows holds, or will within the hour."""
    return one.window is not None and one.period is not None and one.period.since - now <= SOON


def ends_at(one: Silence) -> datetime:
    """Return when a silence of a snapshot that holds ends, as far as it is known."""
    return one.period.until if one.period is not None else one.until


def next_window(one: Silence) -> str:
    """Return the period of a silence with windows that holds or comes next, by the clocks of its zone."""
    if one.window is None:
        return ""
    if one.period is None:
        return NO_ZONE
    zone = one.window.zone
    return f"{at_zone(one.period.since, zone)} to {at_zone(one.period.until, zone, of_day=one.period.since)} {zone}"


def goes_on(one: Silence) -> str:
    """Return until when a weekly silence holds every week; empty for another one."""
    if not isinstance(one.window, WeeklyWindow):
        return ""
    return "until ended" if one.window.until is None else f"until {at_zone(one.window.until, one.window.zone)}"


def _when(one: Silence, now: datetime) -> str:
    window, period = one.window, one.period
    if window is None:
        return f"for {in_steps(one.until - now)}"
    if period is None:
        return f"({window.words}; {NO_ZONE})"
    said = f"({window.words})" if isinstance(window, WeeklyWindow) else window.zone
    if period.since <= now:
        return f"until {at_zone(period.until, window.zone, of_day=now)} {said}"
    if period.since - now <= SOON:
        return f"in {in_steps(period.since - now)} ({window.words})"
    begins = f", next {at_zone(period.since, window.zone)}" if isinstance(window, WeeklyWindow) else ""
    return f"{window.words}{begins}"
