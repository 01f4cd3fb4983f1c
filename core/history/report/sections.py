"""The tables of a report: the timeline, alerts, states, breakers and key figures."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from core.base.text import plural, short
from core.domain.alerts import Severity
from core.domain.snapshot import CALM, LinkWord
from core.history.report.document import (
    Block,
    Paragraph,
    Part,
    Text,
    Title,
    code,
    emphasis,
    grid,
    strong,
    text,
)
from core.history.report.record import EDGE, AlertCourse, Origin, Report, SilenceCourse, StatePeriod, TimelineEntry
from core.history.report.times import Times

_SEVERITIES: Final = {severity.value: severity.rank for severity in Severity}
_NOT_HERE: Final = " (another host)"


def timeline(report: Report, times: Times) -> tuple[Block, ...]:
    """Return everything that happened, in order."""
    heading = Title(2, text("Timeline"))
    if not report.timeline:
        return heading, Paragraph(text("No events were recorded."))
    rows = ((times.at(entry.at), who(entry), what(entry, times)) for entry in report.timeline)
    return heading, grid(("Time", "Who", "What"), rows)


def who(entry: TimelineEntry) -> Text:
    """Return who did what an entry tells."""
    if entry.origin is Origin.NOBODY or entry.origin is Origin.SEEN:
        return text("—")
    name = entry.who if entry.who else entry.origin.value
    shown: Part = name if " " not in name and "@" not in name else code(name)
    return text("note by ", shown) if entry.origin is Origin.NOTE else text(shown, "" if entry.here else _NOT_HERE)


def what(entry: TimelineEntry, times: Times) -> Text:
    """Return what an entry tells, and when it was written where that was later."""
    if entry.origin is Origin.NOBODY:
        return text(emphasis(entry.text))
    if entry.origin is not Origin.SEEN:
        written = f" (written {times.at(entry.written_at)})" if entry.written_at is not None else ""
        return text(entry.text + written)
    return text(strong(entry.word), entry.text.removeprefix(entry.word))


def alerts(report: Report, times: Times) -> tuple[Block, ...]:
    """Return the course of each alert."""
    if not report.alerts:
        return ()
    severities = Counter(alert.severity for alert in report.alerts)
    ranked = sorted(severities.items(), key=lambda one: (_SEVERITIES.get(one[0], len(_SEVERITIES)), one[0]))
    told = ", ".join(f"{count} {severity}" for severity, count in ranked)
    rows = (
        (
            alert.title if alert.text in {"", alert.title} else f"{alert.title}: {alert.text}",
            alert.severity,
            times.at(alert.fired_at),
            _acked(alert, times),
            *_ended(alert, report, times),
        )
        for alert in report.alerts
    )
    return (
        Title(2, text("Alerts")),
        Paragraph(text(f"{plural(len(report.alerts), 'alert')} ({told}).")),
        grid(("Alert", "Severity", "Fired", "Acknowledged", "Resolved", "Lasted"), rows),
    )


def silenced(one: SilenceCourse) -> Part:
    """Return what a silence is about: the title of its alerts; a pattern has none."""
    return code(one.matcher) if one.called == one.matcher else one.called


def silences(report: Report, times: Times) -> tuple[Block, ...]:
    """Return the silences that held, by whom and why: nobody was told of what they match."""
    if not report.silences:
        return ()
    rows = (
        (silenced(one), times.at(one.since), times.at(one.until), code(one.who), one.reason, one.words or "once")
        for one in report.silences
    )
    return Title(2, text("Silences")), grid(("Alerts", "From", "To", "Who", "Why", "Window"), rows)


def _acked(alert: AlertCourse, times: Times) -> Text:
    """Return who acknowledged an alert and since when, and why nobody is told."""
    told = text("— (no row tells)" if alert.of_rows else "nobody")
    if alert.acked_at is not None:
        told = text(f"{times.at(alert.acked_at)} by ", code(alert.acked_by))
    elif alert.acked_before is not None:
        told = text(f"before {times.at(alert.acked_before)} by ", code(alert.acked_by))
    return text(told, f"; {alert.muted}") if alert.muted else told


def _ended(alert: AlertCourse, report: Report, times: Times) -> tuple[str, str]:
    """Return when an alert ended and how long it lasted, as far as that was observed."""
    over = alert.resolved_at
    if over is not None and over <= report.until:
        return times.at(over), short(over - alert.fired_at)
    seen = min(report.until, alert.seen_until or report.until)
    lasted = f"at least {short(seen - alert.fired_at)}"
    if report.until - seen <= EDGE and not alert.of_rows:
        return f"still firing{', resolving' if alert.well else ''}", lasted
    return f"not seen to end (last seen {times.at(seen)})", lasted


def states(report: Report, times: Times) -> tuple[Block, ...]:
    """Return the states, and when the project was not live."""
    rows = [("state", period) for period in _joined_states(report.states)]
    rows += [("connection", period) for period in report.links if period.word != LinkWord.LIVE]
    if not rows:
        return ()
    rows.sort(key=lambda row: (row[1].since, row[0]))
    cells = (_period(kind, period, times) for kind, period in rows)
    return Title(2, text("State and connection")), grid(("From", "To", "Lasted", "", "Why"), cells)


def _joined_states(periods: tuple[StatePeriod, ...]) -> Iterable[StatePeriod]:
    """Yield each state, with changes between calm states without a gap as one."""
    runs: list[list[StatePeriod]] = []
    for period in periods:
        last = runs[-1][-1] if runs else None
        if last is not None and {last.word, period.word} <= CALM and last.until == period.since:
            runs[-1].append(period)
        else:
            runs.append([period])
    for run in runs:
        first = run[0]
        if len(run) == 1:
            yield first
            continue
        words = ", ".join(dict.fromkeys(period.word for period in run))
        changes = plural(len(run) - 1, "change")
        yield StatePeriod(word=words, why=f"{changes} between them", since=first.since, until=run[-1].until)


def _period(kind: str, period: StatePeriod, times: Times) -> tuple[str, ...]:
    return (
        times.at(period.since),
        times.at(period.until),
        short(period.length_s),
        f"{kind} {period.word.upper()}",
        period.why or "—",
    )


def breakers(report: Report, times: Times) -> tuple[Block, ...]:
    """Return the breakers that opened."""
    if not report.breakers:
        return ()
    rows = []
    for one in report.breakers:
        closed = times.at(one.closed_at) if one.closed_at is not None else "not seen"
        lasted = short(one.closed_at - one.since) if one.closed_at is not None else "—"
        held: tuple[Part, ...] = ("held by ", code(one.held_by), ": ") if one.held_by else ()
        rows.append((code(one.key), times.at(one.since), closed, lasted, text(*held, one.why or "—")))
    return Title(2, text("Breakers")), grid(("Breaker", "Opened", "Closed", "Lasted", "Last error"), rows)


def figures(report: Report) -> tuple[Block, ...]:
    """Return the key figures."""
    if not report.kpis:
        return ()
    rows = ((one.title, one.first, one.worst, one.last, one.target or "—") for one in report.kpis)
    head = ("Figure", "At the beginning", "Worst", "At the end", "Target")
    return Title(2, text("Key figures")), grid(head, rows)
