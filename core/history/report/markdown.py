"""The report as Markdown, to paste into a postmortem. Nothing in it that came from outside is markup."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta, tzinfo
from typing import Final

from core.base.text import plural, short
from core.domain.alerts import Severity
from core.domain.snapshot import CALM, WORST_FIRST, LinkWord, State
from core.history.blackbox import Note
from core.history.report.compose import LOST
from core.history.report.markdown_escape import code, fenced, prose, table
from core.history.report.record import EDGE, AlertCourse, Origin, Report, StatePeriod, Tally, TimelineEntry, When
from core.history.report.times import Times

_TITLES: Final = {When.BEFORE: "Before", When.DURING: "During", When.AFTER: "After"}
_SEVERITIES: Final = {severity.value: severity.rank for severity in Severity}
_SOON: Final = timedelta(minutes=1)
_NOT_HERE: Final = " (another host)"


def markdown(report: Report, drawn: Mapping[When, str] | None = None, zone: tzinfo | None = None) -> str:
    """Return the report. `drawn`: the screen at each turning point. `zone`: `None` is this machine's."""
    times = Times(report.since, report.until, zone)
    sections = (
        _head(report, times),
        _summary(report, times),
        _timeline(report, times),
        _alerts(report, times),
        _states(report, times),
        _breakers(report, times),
        _figures(report),
        _notes(report, times),
        _pictures(report, times, drawn or {}),
        ["---", "", f"Made by watchdesk on {code(report.host)} at {times.full(report.made_at)}."],
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _head(report: Report, times: Times) -> list[str]:
    zone = times.zone(report.since)
    clocks = f"All times are {zone}."
    if times.shifts:
        clocks = f"The clocks were changed: it began in {zone} and ended in {times.zone(report.until)}."
    lines = [
        f"# Incident report: {code(report.project)}",
        "",
        f"- **Window:** {times.window()}, {short(report.until - report.since)}. {clocks}",
        f"- **Project:** {code(report.url)}, as watchdesk on {code(report.host)} saw it",
        f"- **Seen:** {_seen(report, times)}",
    ]
    lines += [f"- **Missing:** the project's log {prose(report.asked)}."] if report.asked else []
    lines += [f"- **Beware:** {prose(notice)}" for notice in report.notices]
    return lines


def _seen(report: Report, times: Times) -> str:
    if not report.gaps:
        return "somebody looked all the time"
    window_s = (report.until - report.since).total_seconds()
    told = [f"{_percent(report.looked_s, window_s)} of the window"]
    told += [f"the black box begins at {times.at(gap.until)}" for gap in report.gaps if report.before_all(gap)]
    holes = [f"from {times.span(gap.since, gap.until)}" for gap in report.gaps if not report.before_all(gap)]
    told += [f"nothing was kept {', '.join(holes)}"] if holes else []
    return "; ".join(told)


def _summary(report: Report, times: Times) -> list[str]:
    return [
        "## Summary",
        "",
        f"- {_worst(report, times)}",
        f"- {_lengths(report)}",
        f"- {_numbers(report)}",
    ]


def _worst(report: Report, times: Times) -> str:
    if not report.states:
        return "No state was seen in the window."
    worst = min(report.states, key=lambda period: (WORST_FIRST.index(State(period.word)), -period.length_s))
    if worst.word in CALM:
        return f"Nothing was wrong: the worst state was {worst.word.upper()}."
    total_s = sum(period.length_s for period in report.states if period.word == worst.word)
    return (
        f"**Worst state: {worst.word.upper()}** for {short(total_s)}, the longest from"
        f" {times.at(worst.since)} to {times.at(worst.until)}: {prose(worst.why)}"
    )


def _lengths(report: Report) -> str:
    lasted: Counter[str] = Counter()
    for period in report.states:
        lasted[period.word] += period.length_s  # type: ignore[assignment]  # seconds are not whole
    known = [state for state in WORST_FIRST if state in lasted]
    told = ", ".join(f"{state.upper()} {short(lasted[state])}" for state in known) or "no state was seen"
    lost = ", ".join(_lost(report))
    unseen_s = sum((gap.until - gap.since).total_seconds() for gap in report.gaps)
    unseen = f"; of {short(unseen_s)} nothing is kept" if unseen_s else ""
    return f"In each state: {told}{unseen}." + (f" The project was lost: {lost}." if lost else "")


def _lost(report: Report) -> Iterable[str]:
    """Yield for how long the project was lost in each way, and how often where that was more than once."""
    for word in dict.fromkeys(period.word for period in report.links if period.word in LOST):
        spells = [period.length_s for period in report.links if period.word == word]
        yield f"{word} {short(sum(spells))}" + (f" ({len(spells)} times)" if len(spells) > 1 else "")


def _numbers(report: Report) -> str:
    severities = Counter(alert.severity for alert in report.alerts)
    ranked = sorted(severities.items(), key=lambda one: (_SEVERITIES.get(one[0], len(_SEVERITIES)), one[0]))
    told = ", ".join(f"{count} {prose(severity)}" for severity, count in ranked)
    alerts = plural(len(report.alerts), "alert") + (f" ({told})" if told else "")
    runs = {entry.run: entry for entry in reversed(report.timeline) if entry.order}  # one that waited is told twice
    orders = Counter(map(_giver, runs.values()))
    given = ", ".join(
        f"{count} by {giver}" for giver, count in sorted(orders.items(), key=lambda one: (-one[1], one[0]))
    )
    ordered = plural(sum(orders.values()), "action") + (f" ({given})" if given else "")
    return f"{alerts}; {ordered}; {_counts(report.tasks)}."


def _counts(tasks: Tally) -> str:
    """Return the rise of the counts, which misses a task that failed and was requeued between two snapshots."""
    if not tasks.counted:
        return "the tasks were never counted"
    about = "" if tasks.exact else "about "
    rejected = f", of rejected ones by {about}{tasks.rejected:,}" if tasks.rejected else ""
    failed, completed = f"{about}{tasks.failed:,}", f"{about}{tasks.completed:,}"
    return f"the count of failed tasks rose by {failed}, of completed ones by {completed}{rejected}"


def _giver(entry: TimelineEntry) -> str:
    if not entry.here:
        return "another host"
    return "the operator here" if entry.origin is Origin.OPERATOR else "the watchdog here"


def _timeline(report: Report, times: Times) -> list[str]:
    rows = ((times.at(entry.at), _who(entry), _what(entry)) for entry in report.timeline)
    lines = table(("Time", "Who", "What"), rows) if report.timeline else ["Nothing happened that was seen."]
    return ["## Timeline", "", *lines]


def _who(entry: TimelineEntry) -> str:
    if entry.origin is Origin.NOBODY or entry.origin is Origin.SEEN:
        return "—"
    who = entry.who if entry.who else entry.origin.value
    shown = prose(who) if " " not in who and "@" not in who else code(who)
    return f"note by {shown}" if entry.origin is Origin.NOTE else shown + ("" if entry.here else _NOT_HERE)


def _what(entry: TimelineEntry) -> str:
    if entry.origin is Origin.NOBODY:
        return f"*{prose(entry.text)}*"
    if entry.origin is not Origin.SEEN:
        return prose(entry.text)
    rest = entry.text.removeprefix(entry.word)
    gap = " " if rest.startswith(" ") else ""
    return f"**{prose(entry.word)}**{gap}{prose(rest)}"


def _alerts(report: Report, times: Times) -> list[str]:
    if not report.alerts:
        return []
    head = ("Alert", "Severity", "Fired", "Acknowledged", "Resolved", "Lasted")
    rows = []
    for alert in report.alerts:
        text = "" if alert.text in {"", alert.title} else f": {prose(alert.text)}"
        fired = times.at(alert.fired_at)
        ended = _ended(alert, report, times)
        rows.append((f"{prose(alert.title)}{text}", prose(alert.severity), fired, _acked(alert, times), *ended))
    return ["## Alerts", "", *table(head, rows)]


def _acked(alert: AlertCourse, times: Times) -> str:
    """Return who acknowledged an alert and since when, and why nobody is told."""
    told = "nobody"
    if alert.acked_at is not None:
        told = f"{times.at(alert.acked_at)} by {code(alert.acked_by)}"
    elif alert.acked_before is not None:
        told = f"before {times.at(alert.acked_before)} by {code(alert.acked_by)}"
    return told + (f"; {prose(alert.muted)}" if alert.muted else "")


def _ended(alert: AlertCourse, report: Report, times: Times) -> tuple[str, str]:
    """Return when an alert ended and how long it lasted, as far as that was observed."""
    over = alert.resolved_at
    if over is not None and over <= report.until:
        return times.at(over), short(over - alert.fired_at)
    seen = min(report.until, alert.seen_until or report.until)
    lasted = f"{short(seen - alert.fired_at)} and more"
    if report.until - seen <= EDGE:
        return f"still firing{', resolving' if alert.well else ''}", lasted
    return f"not seen to end (last seen {times.at(seen)})", lasted


def _states(report: Report, times: Times) -> list[str]:
    lines = ["## State and connection", ""]
    rows = [("state", period) for period in _joined_states(report.states)]
    rows += [("connection", period) for period in report.links if period.word != LinkWord.LIVE]
    if not rows:
        return []
    rows.sort(key=lambda row: (row[1].since, row[0]))
    return [
        *lines,
        *table(("From", "To", "Lasted", "", "Why"), (_period(kind, period, times) for kind, period in rows)),
    ]


def _joined_states(states: tuple[StatePeriod, ...]) -> Iterable[StatePeriod]:
    """Yield each state, with changes between calm states without a gap as one."""
    runs: list[list[StatePeriod]] = []
    for period in states:
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
    lasted = short(period.length_s)
    return (
        times.at(period.since),
        times.at(period.until),
        lasted,
        f"{kind} {period.word.upper()}",
        prose(period.why) or "—",
    )


def _breakers(report: Report, times: Times) -> list[str]:
    if not report.breakers:
        return []
    rows = []
    for one in report.breakers:
        closed = times.at(one.closed_at) if one.closed_at is not None else "not seen"
        lasted = short(one.closed_at - one.since) if one.closed_at is not None else "—"
        held = f"held by {code(one.held_by)}: " if one.held_by else ""
        rows.append((code(one.key), times.at(one.since), closed, lasted, f"{held}{prose(one.why)}" or "—"))
    return ["## Breakers", "", *table(("Breaker", "Opened", "Closed", "Lasted", "Last error"), rows)]


def _figures(report: Report) -> list[str]:
    answered_s = sum(period.length_s for period in report.links if period.word in {LinkWord.LIVE, LinkWord.STALE})
    known_s = sum(period.length_s for period in report.links if period.word != LinkWord.CONNECTING)
    lines = ["## Key figures", ""]
    if known_s:
        lines += [f"The project answered {_percent(answered_s, known_s)} of the {short(known_s)} that were seen.", ""]
    if not report.kpis:
        return lines[:-1] if known_s else []
    head = ("Figure", "At the beginning", "Worst", "At the end", "Target")
    rows = (map(prose, (one.title, one.first, one.worst, one.last, one.target or "—")) for one in report.kpis)
    return [*lines, *table(head, rows)]


def _notes(report: Report, times: Times) -> list[str]:
    if not report.notes:
        return []
    told = (
        f"- {times.at(note.at)}, {code(note.who)}{_later(note, times)}: {prose(note.text)}" for note in report.notes
    )
    return ["## Notes", "", *told]


def _later(note: Note, times: Times) -> str:
    late = note.written_at - note.at > _SOON
    return f" (written {times.at(note.written_at)})" if late else ""


def _pictures(report: Report, times: Times, drawn: Mapping[When, str]) -> list[str]:
    shown = [moment for moment in report.moments if moment.when in drawn]
    if not shown:
        return []
    lines = ["## The screen"]
    for moment in shown:
        at, state = times.at(moment.snapshot.at), moment.snapshot.state.upper()
        lines += [
            "",
            f"### {_TITLES[moment.when]}: {at}, {state}",
            "",
            f"{moment.what[:1].upper()}{moment.what[1:]}.",
            "",
        ]
        lines.append(fenced(drawn[moment.when]))
    return lines


def _percent(part: float, whole: float) -> str:
    """Format one decimal, never rounded up to all of it."""
    share = 100.0 * part / whole if whole else 0.0
    return f"{int(share * 10) / 10:.1f} %"
