"""A monitor that runs on this machine, as lines of text and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.base.text import in_steps, plural
from core.domain.monitor_process import BreakerView, MonitorProcess
from core.resilience import PROBED_BY_NEXT_CALL, BreakerState


def process_line(process: MonitorProcess, now: datetime) -> str:
    """Return the process in one line: what it does, since when, and how old the rest is."""
    does = "read-only" if process.only_looks else "observes" if process.observes else ""
    acts = ("service, " if process.service else "") + ("acts" if process.acts else "standby")
    told = f"last report {in_steps(process.age_s(now))} ago"
    since = f"since {process.started_at.astimezone():%d %b %H:%M}"
    return ", ".join(filter(None, (f"pid {process.pid}", does or acts, since, f"version {process.version}", told)))


def breakers_line(process: MonitorProcess) -> str:
    """Return how many of its breakers are not closed."""
    bad = len(process.not_closed)
    if not process.breakers:
        return "no breaker used yet"
    return f"{bad} of {plural(len(process.breakers), 'breaker')} not closed" if bad else "all breakers closed"


def breaker_lines(breaker: BreakerView, now: datetime) -> list[str]:
    """Return a breaker in one line, and in a second one why it is not closed."""
    state = breaker.state.value.replace("_", "-")
    since = f"since {breaker.since.astimezone():%d %b %H:%M:%S}"
    failed = f"{breaker.failures:,} failed" if breaker.failures else ""
    lines = [f"  {state:<9} {breaker.key:<32} {failed:>10}  {since}".rstrip()]
    if breaker.state is BreakerState.HELD:
        until = f" until {breaker.held_until.astimezone():%d %b %H:%M}" if breaker.held_until is not None else ""
        return [*lines, f"            held by {breaker.held_by}{until}: {breaker.held_why}"]
    if breaker.state is BreakerState.CLOSED:
        return lines
    probes = f"{PROBED_BY_NEXT_CALL}; " if breaker.state is BreakerState.DUE else ""
    if breaker.state is BreakerState.OPEN and breaker.due_at is not None:
        left_s = (breaker.due_at - now).total_seconds()
        probes = f"probes again in {in_steps(left_s)}; " if left_s > 0 else f"{PROBED_BY_NEXT_CALL}; "
    return [*lines, f"            {probes}{breaker.last_error or 'no error is known'}"]


def breakers_page(process: MonitorProcess, now: datetime) -> str:
    """Return a process with all its breakers, those that are not closed first."""
    closed = [one for one in process.breakers if one.state is BreakerState.CLOSED]
    lines = [process_line(process, now), breakers_line(process)]
    for one in (*process.not_closed, *closed):
        lines += breaker_lines(one, now)
    return "\n".join(lines)


def watchdog_lines(running: Sequence[MonitorProcess], now: datetime) -> list[str]:
    """Return the monitor that watches here, its checks and what of its breakers is not closed; or that none does."""
    if not running:
        return ["monitor: none runs on this machine; the breakers are those of this command only"]
    one = running[0]
    more = f" (and {len(running) - 1} more: watchdesk breaker list)" if len(running) > 1 else ""
    checks = f"last check {_clock(one.last_check_at)}, next {_clock(one.next_check_at)}"
    lines = [f"monitor: {process_line(one, now)}{more}"]
    lines += [f"  {checks}, {one.consecutive_failures} critical in a row", f"  {breakers_line(one)}"]
    return lines + [f"  {line}" for breaker in one.not_closed for line in breaker_lines(breaker, now)]


def _clock(moment: datetime | None) -> str:
    return "—" if moment is None else f"{moment.astimezone():%H:%M:%S}"


def watchdog_as_data(process: MonitorProcess, now: datetime) -> dict[str, Any]:
    """Return a process and its checks as JSON values."""
    names = ("pid", "host", "version", "started_at", "acts", "observes", "only_looks", "service", "told_at")
    checks = ("consecutive_failures", "last_check_at", "next_check_at", "verdicts")
    told = {name: getattr(process, name) for name in (*names, *checks)}
    return told | {"age_s": process.age_s(now)}


def breaker_as_data(breaker: BreakerView) -> dict[str, Any]:
    """Return a breaker as JSON values, its fields all there."""
    return {name: getattr(breaker, name) or None for name in breaker.__struct_fields__} | {"failures": breaker.failures}
