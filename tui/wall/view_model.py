"""View model of the wall: a snapshot as one word, a few figures and the last incident, legible from three metres."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.base.text import percentage, short
from core.domain.alert_view import in_order
from core.domain.alerts import STOP_RULE
from core.domain.incidents import Incident
from core.domain.periods import HISTORY_KEPT
from core.domain.snapshot import STATE_LEVEL, LinkWord, Snapshot, State
from core.domain.wrong import cared_for, named, wrong_now
from core.resilience.reading import Reading
from tui.panels.topline import proven_down
from tui.rendering.text import age
from tui.rendering.text import oldness as age_in_words

_GOOD_PERCENT: Final = 95.0
_NOBODY: Final = "nobody has acknowledged it"
_LOOKED_S: Final = 60.0
_STOP, _RESUME = "emergency_stop", "lift"
"""The actions that set and lift an emergency stop, as the log's rows name them."""


class WallFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One big figure. `texts`: the exact one first, then shorter ones for less room. `old`: not measured now."""

    label: str
    texts: tuple[str, ...]
    role: str
    old: bool = False


class BigNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A big number, and its meaning in a few short lines."""

    big: str
    lines: tuple[str, ...]
    role: str


def word(snapshot: Snapshot, still: datetime | None = None) -> str:
    """Return the state, or, while that is not current, the reason in a word. `still`: when the last snapshot came."""
    if still is not None:
        return "NOT UPDATING"
    link = snapshot.link.word
    if link is LinkWord.LIVE or (link is LinkWord.CONNECTING and snapshot.state is State.UNKNOWN):
        return snapshot.state.upper()
    return link.value


def level(snapshot: Snapshot, still: datetime | None = None) -> str:
    """Return the severity: ok, warning, critical or unknown. Only a live snapshot is ok."""
    if still is not None:
        return "unknown"
    link, state = snapshot.link.word, STATE_LEVEL[snapshot.state]
    if link is LinkWord.LIVE:
        return state
    if link is LinkWord.STALE:
        return "critical" if state == "critical" else "warning"
    return "critical" if link is LinkWord.OFFLINE else "unknown"


def why(snapshot: Snapshot, still: datetime | None = None) -> str:
    """Return the line below the word."""
    if still is not None:
        since = f"since {still.astimezone():%H:%M:%S}, {age_in_words(still, snapshot.at)}"
        return f"{since} · {snapshot.state.upper()} then · if this persists: q, restart it"
    link = snapshot.link
    if link.word is LinkWord.LIVE:
        return snapshot.state_why
    if snapshot.state is State.UNKNOWN:
        return link.why or snapshot.state_why
    known = "" if proven_down(snapshot) else " (last known)"
    return f"{snapshot.state.upper()}{known}: {snapshot.state_why}"


def dimmed(figure: WallFigure) -> WallFigure:
    """Return the figure as a last known one."""
    return msgspec.structs.replace(figure, role="dim", old=True)


def figures(snapshot: Snapshot) -> tuple[WallFigure, ...]:
    """Return the figures: pending, running, failed and successful tasks, and firing alerts."""
    counts, rate = snapshot.tasks.counts, snapshot.tasks.success_24h
    about = "≈ " if counts.value is not None and "pending" in counts.value.estimated else ""
    percent = rate.value.percent if rate.value is not None else None
    well = "strong" if percent is None else "ok" if percent >= _GOOD_PERCENT else "warning"
    return (
        _read(snapshot, counts, f"{about}pending", None if counts.value is None else counts.value.of("pending")),
        _read(snapshot, counts, "running", None if counts.value is None else counts.value.of("in_progress")),
        _read(
            snapshot,
            rate,
            "failed 24 h",
            None if rate.value is None else rate.value.failed,
            role="warning" if well == "warning" else "strong",
        ),
        msgspec.structs.replace(_read(snapshot, rate, "success % 24 h", None, role=well), texts=_percents(percent)),
        _alerts(snapshot),
    )


def oldness(snapshot: Snapshot) -> tuple[WallFigure, ...]:
    """Return the age of the snapshot as a figure, while it is not live; else nothing."""
    link = snapshot.link
    if link.word is LinkWord.LIVE or link.since is None:
        return ()
    return (WallFigure(label="data age", texts=(age(link.since, snapshot.at).upper(),), role="warning"),)


def incident(snapshot: Snapshot) -> BigNumber:
    """Return what is wrong now: since when, what, who takes care; while all is well the last incident.

    It says "no incident" only for time that was watched.
    """
    seen, now = snapshot.last_incident, snapshot.at
    live = snapshot.link.word is LinkWord.LIVE
    if (wrong := _wrong_now(snapshot)) is not None:
        return wrong
    if seen.incident is not None:
        return _incident(seen.incident, snapshot)
    if seen.covered:
        return BigNumber(
            big=f"{HISTORY_KEPT.days} D",
            lines=("no incident", f"in {HISTORY_KEPT.days} days"),
            role="ok" if live else "dim",
        )
    if seen.seen_s < _LOOKED_S:
        return BigNumber(big="-", lines=("last incident", "not known yet"), role="dim")
    looked = age(now - timedelta(seconds=seen.seen_s), now)
    return BigNumber(big=looked.upper(), lines=("no incident", "while monitored"), role="text" if live else "dim")


def _wrong_now(snapshot: Snapshot) -> BigNumber | None:
    """Return the gravest of what is wrong, since when, and who takes care of it; a stop that no alert tells of yet.

    `None` where nothing fires and nothing is stopped.
    """
    found = [one for one in in_order(snapshot.alerts) if one.is_so and one.began_at is not None]
    if snapshot.state is State.STOPPED and not any(one.rule == STOP_RULE for one in found):
        return _stop(snapshot, len(found))
    if not found:
        return None
    wrong = wrong_now(snapshot) if snapshot.state in {State.CRITICAL, State.WARNING} else ()
    graver, new = cared_for(wrong), named(wrong)
    cause = graver or new
    one = next((one for one in found if cause is not None and one.subject == cause.subject), found[0])
    title, care = one.title, f"acknowledged by {one.acked_words}" if one.acked else one.muted or _NOBODY
    untold = graver is not None and new is not None and all(one.subject != new.subject for one in found)
    began, others = one.began_at, len(found) - 1 + untold
    if cause is not None and cause.subject != one.subject:  # of what is named there is no alert yet
        title, care, began, others = cause.text, cause.care or _NOBODY, cause.began_at, len(found)
    if cause is not None:
        known = snapshot.state_since if graver is not None else snapshot.cause_since or snapshot.state_since
        began = min(filter(None, (began, known)), default=snapshot.at)
    live = snapshot.link.word is LinkWord.LIVE
    return BigNumber(
        big=age(began, snapshot.at).upper(),
        lines=(
            f"{title}{f' and {others} more' if others else ''}",
            f"since {began.astimezone():%a %d %b %H:%M}" if began is not None else "",
            care,
        ),
        role="critical" if live and snapshot.state is State.CRITICAL else "warning",
    )


def _stop(snapshot: Snapshot, others: int) -> BigNumber:
    """Return the emergency stop that the config row shows: alerts are evaluated only once a minute."""
    at = snapshot.state_since
    more = f" and {others} more" if others else ""
    first = "" if snapshot.state_change_seen else ", or earlier"
    return BigNumber(
        big=age(at, snapshot.at).upper() if at is not None else "STOP",
        lines=(
            f"emergency stop is set{more}",
            f"since {at.astimezone():%a %d %b %H:%M}{first}" if at is not None else "since when is not known",
            f"set by {by}" if (by := _stopped_by(snapshot)) else "not acknowledged yet",
        ),
        role="critical" if snapshot.link.word is LinkWord.LIVE else "warning",
    )


def _stopped_by(snapshot: Snapshot) -> str:
    """Return who ordered the stop in force, where the log's newest rows tell."""
    config, rows = snapshot.config.value, snapshot.logs.value or ()
    last = next((row for row in rows if row.order in {_STOP, _RESUME}), None)
    if config is None or last is None or last.order == _RESUME:
        return ""
    reasons = {row.reason for row in rows if row.run == last.run}  # not every row of an action has it
    return last.actor if config.stop_reason in reasons else ""


def _incident(one: Incident, snapshot: Snapshot) -> BigNumber:
    what = _what(one, snapshot)
    began = one.began.astimezone()
    if one.ended is None or one.length_s is None:
        return BigNumber(
            big=age(one.began, snapshot.at).upper(),
            lines=("incident ongoing", what, f"since {began:%a %d %b %H:%M}"),
            role="critical" if snapshot.link.word is LinkWord.LIVE else "warning",
        )
    at_least = "at least " if one.unsure else ""
    return BigNumber(
        big=age(one.ended, snapshot.at).upper(),
        lines=("since the last incident", f"{what}, {at_least}{short(one.length_s)}", f"began {began:%a %d %b %H:%M}"),
        role="text",
    )


def _what(one: Incident, snapshot: Snapshot) -> str:
    """Return the title of the critical alert of that time; where the snapshot has it no more, the kind of incident."""
    until = one.ended or snapshot.at
    found = [
        alarm.title
        for alarm in snapshot.alerts
        if alarm.severity == "critical" and alarm.began_at is not None and one.began <= alarm.began_at <= until
    ]
    return found[0] if found else "project down" if one.down else "project critical"


def _read(snapshot: Snapshot, reading: Reading[Any], label: str, count: int | None, role: str = "strong") -> WallFigure:
    live = snapshot.link.word is LinkWord.LIVE
    old = not (live and reading.live)
    # Where everything is old, that is said once and big.
    since = f", {age_in_words(reading.at, snapshot.at)}" if live and old and reading.at is not None else ""
    texts = ("-",) if count is None else (_short(count),)
    return WallFigure(label=label + since, texts=texts, role="dim" if old else role, old=old)


def _alerts(snapshot: Snapshot) -> WallFigure:
    if not snapshot.ready:
        return WallFigure(label="alerts", texts=("-",), role="dim", old=True)
    firing = [one for one in snapshot.alerts if one.fires]
    critical = any(one.severity == "critical" for one in firing)
    if not firing and snapshot.link.word is not LinkWord.LIVE:  # what would fire is not seen
        return WallFigure(label="alerts", texts=("0",), role="dim", old=True)
    role = "critical" if critical else "warning" if firing else "ok"
    return WallFigure(label="alerts", texts=(_short(len(firing)),), role=role)


def _percents(percent: float | None) -> tuple[str, ...]:
    """Return the percentage with a decimal and without; 100 only where nothing failed."""
    if percent is None:
        return ("-",)
    if percent >= 100:
        return ("100",)
    return (percentage(percent), f"{int(percent)}")


def _short(count: int) -> str:
    """Return the count in at most four characters."""
    if count < 10_000:
        return str(count)
    return f"{count // 1000}K" if count < 1_000_000 else f"{count // 1_000_000}M"
