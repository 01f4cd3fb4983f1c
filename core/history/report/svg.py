"""The figure of an incident's course, as SVG by hand: a line of time for states, connection, alerts, failures, actions.

No scripts, no links, no fonts or pictures that would be fetched; every text is escaped. What a colour says, a word says
beside it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from core.base.text import clean, short
from core.domain.alerts import Severity
from core.domain.snapshot import LinkWord, State
from core.history.report.record import AlertCourse, IncidentStep, Origin, Report, StatePeriod
from core.history.report.times import Times

WIDTH: Final = 960
_LEFT: Final = 190
_RIGHT: Final = WIDTH - 20
_LANE: Final = 22
_GAP: Final = 8
_BARS: Final = 90
_BARS_HIGH: Final = 44
_MOST_ALERTS: Final = 8
_LABEL_CHARS: Final = 30
_CHAR: Final = 6.6
"""The width of a character, about; a text that may not fit is left out, and its tooltip says it."""

_TICKS: Final = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
_MOST_TICKS: Final = 8
_GREY: Final = "#9aa0a6"
_RED: Final = "#c5221f"
_AMBER: Final = "#e8a100"
_GREEN: Final = "#1e8e3e"
_VIOLET: Final = "#7b3fa0"
_BLUE: Final = "#1a73e8"
_INK: Final = "#202124"
_COLOURS: Final = {
    State.CRITICAL.value: _RED,
    State.STOPPED.value: _VIOLET,
    State.UNKNOWN.value: _GREY,
    State.DISABLED.value: _GREY,
    State.WARNING.value: _AMBER,
    LinkWord.OFFLINE.value: _RED,
    LinkWord.BLIND.value: _GREY,
    LinkWord.CONNECTING.value: _GREY,
    LinkWord.STALE.value: _AMBER,
    Severity.CRITICAL.value: _RED,
    Severity.HIGH.value: _AMBER,
    Severity.MEDIUM.value: _AMBER,
    "warning": _AMBER,
    Severity.LOW.value: _GREY,
    "info": _GREY,
}


def svg(report: Report, zone: tzinfo | None = None) -> str:
    """Return the figure as one `svg` element. `zone`: `None` is this machine's."""
    return _Figure(report, Times(report.since, report.until, zone)).drawn()


class _Figure:
    """One figure: lanes from above to below, the scale at the bottom."""

    def __init__(self, report: Report, times: Times) -> None:
        self._report = report
        self._times = times
        self._length_s = max(1e-6, (report.until - report.since).total_seconds())
        self._top = _GAP + _LANE
        self._parts: list[str] = []

    def drawn(self) -> str:
        report = self._report
        self._lane("State", self._periods(report.states, calm=_GREEN))
        self._lane("Connection", self._periods(report.links, calm=_GREEN))
        self._failures()
        shown = sorted(report.alerts, key=_by_severity)[:_MOST_ALERTS]
        for alert in sorted(shown, key=lambda one: one.fired_at):
            self._lane(alert.title, self._alert(alert))
        if more := len(report.alerts) - len(shown):
            self._lane(f"{more} more alerts", ())
        self._lane("Actions and notes", self._actions())
        bottom = self._top
        height = bottom + 3 * _LANE + _GAP
        title = f"{clean(report.project)}: {self._times.window()}"
        return "\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
                f' height="{height}" role="img" font-family="sans-serif" font-size="12" fill="{_INK}">',
                f"<title>{_safe(title)}</title>",
                f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
                *self._scale(bottom),
                *self._parts,
                *self._edges(bottom),
                *self._legend(bottom + _LANE + _GAP),
                "</svg>",
            )
        )

    # Places

    def _x(self, moment: datetime) -> float:
        share = (moment - self._report.since).total_seconds() / self._length_s
        return round(_LEFT + (_RIGHT - _LEFT) * min(1.0, max(0.0, share)), 1)

    def _lane(self, label: str, drawn: Iterable[str]) -> None:
        self._parts.append(_words(8, self._top + 15, clean(label, _LABEL_CHARS), label))
        self._parts.append(
            f'<rect x="{_LEFT}" y="{self._top}" width="{_RIGHT - _LEFT}" height="{_LANE}" fill="#f1f3f4"/>'
        )
        self._parts += drawn
        self._top += _LANE + _GAP

    def _bar(self, since: datetime, until: datetime, colour: str, word: str, told: str) -> Iterator[str]:
        left, right = self._x(since), self._x(until)
        width = max(1.0, round(right - left, 1))
        yield (
            f'<rect x="{left}" y="{self._top}" width="{width}" height="{_LANE}" fill="{colour}">'
            f"<title>{_safe(told)}</title></rect>"
        )
        if width >= len(word) * _CHAR + 8:
            dark = colour != _AMBER
            yield _words(left + 4, self._top + 15, word, told, "#ffffff" if dark else _INK)

    # Lanes

    def _periods(self, periods: Iterable[StatePeriod], calm: str) -> Iterator[str]:
        for period in periods:
            word = period.word.upper()
            why = f": {period.why}" if period.why else ""
            told = f"{word}, {self._times.span(period.since, period.until)}{why}"
            yield from self._bar(period.since, period.until, _COLOURS.get(period.word, calm), word, told)

    def _alert(self, alert: AlertCourse) -> Iterator[str]:
        until = alert.resolved_at or alert.seen_until or self._report.until
        told = f"{alert.severity}: {alert.title}, {self._times.span(alert.fired_at, max(until, alert.fired_at))}"
        colour = _COLOURS.get(alert.severity, _AMBER)
        yield from self._bar(alert.fired_at, max(until, alert.fired_at), colour, clean(alert.severity, 12), told)
        if alert.acked_at is not None:
            yield self._mark(alert.acked_at, f"acknowledged by {alert.acked_by}", _INK)

    def _failures(self) -> None:
        """Draw how much failed when."""
        failed, top = self._report.failed_at, self._top
        step = timedelta(seconds=self._length_s / _BARS)
        many = Counter(min(_BARS - 1, max(0, int((at - self._report.since) / step))) for at in failed)
        most = max(many.values(), default=0)
        label = f"Failures, {len(failed):,} in all" if failed else "Failures: none recorded"
        self._parts.append(_words(8, top + 15, label, label))
        width = (_RIGHT - _LEFT) / _BARS
        for place, count in sorted(many.items()):
            high = max(2.0, round(_BARS_HIGH * count / most, 1))
            at = self._report.since + place * step
            told = f"{count:,} failed, {self._times.at(at)} and {short(step)} on"
            self._parts.append(
                f'<rect x="{round(_LEFT + place * width, 1)}" y="{round(top + _BARS_HIGH - high, 1)}"'
                f' width="{round(max(1.0, width - 1), 1)}" height="{high}" fill="{_RED}">'
                f"<title>{_safe(told)}</title></rect>"
            )
        self._top += _BARS_HIGH + _GAP if failed else _LANE + _GAP

    def _actions(self) -> Iterator[str]:
        for entry in self._report.timeline:
            if entry.order or entry.origin is Origin.NOTE:
                colour = _INK if entry.origin is Origin.NOTE else _BLUE
                yield self._mark(entry.at, f"{entry.who}: {entry.text}", colour)

    def _mark(self, at: datetime, told: str, colour: str) -> str:
        x, middle = self._x(at), self._top + _LANE / 2
        return (
            f'<path d="M {x} {middle - 7} l 6 7 l -6 7 l -6 -7 z" fill="{colour}" stroke="#ffffff">'
            f"<title>{_safe(f'{self._times.at(at)}, {told}')}</title></path>"
        )

    # Scale

    def _scale(self, bottom: int) -> Iterator[str]:
        step = next((one for one in _TICKS if self._length_s / one <= _MOST_TICKS), _TICKS[-1])
        first = -(-int(self._report.since.timestamp()) // step) * step
        for at in range(first, int(self._report.until.timestamp()) + 1, step):
            moment = datetime.fromtimestamp(at, UTC)
            x = self._x(moment)
            yield f'<path d="M {x} {_GAP + _LANE} V {bottom}" stroke="#dadce0"/>'
            label = self._times.at(moment) if step < 60 else self._times.short(moment)
            yield _words(x, bottom + 15, label, "", anchor="middle")

    def _legend(self, top: int) -> Iterator[str]:
        """Draw what the colours say, where there is no room for a word in them."""
        words = dict.fromkeys(period.word for period in (*self._report.states, *self._report.links))
        shown = [(word.upper(), _COLOURS[word]) for word in words if word in _COLOURS]
        x = 8
        for word, colour in (*shown, ("action", _BLUE), ("note, acknowledgement", _INK)):
            width = 24 + len(word) * 8
            if x + width > _RIGHT:
                x, top = 8, top + _LANE
            yield f'<rect x="{x}" y="{top}" width="10" height="10" fill="{colour}"/>'
            yield _words(x + 14, top + 10, word, "")
            x += width

    def _edges(self, bottom: int) -> Iterator[str]:
        """Draw where the main incident began and ended, and, without words, where each other began."""
        main = self._report.incident
        for one in self._report.incidents:
            at = one.at(IncidentStep.BEGAN)
            if one is not main and at is not None:
                yield from self._edge(at, bottom, told=f"another incident, {self._times.at(at)}: {one.cause.text}")
        for step in (IncidentStep.BEGAN, IncidentStep.RESOLVED):
            at = main.at(step) if main is not None else None
            if at is not None:
                yield from self._edge(at, bottom, words=f"{step.value} {self._times.at(at)}", step=step)

    def _edge(
        self, at: datetime, bottom: int, *, words: str = "", told: str = "", step: IncidentStep = IncidentStep.BEGAN
    ) -> Iterator[str]:
        """Draw a moment; the words of a beginning stand to its left, those of an end to its right, if there is room."""
        if not self._report.since <= at <= self._report.until:
            return
        x = self._x(at)
        title = f"<title>{_safe(told)}</title>" if told else ""
        colour = _INK if words else _GREY
        yield f'<path d="M {x} {_GAP + _LANE - 4} V {bottom}" stroke="{colour}" stroke-dasharray="4 3">{title}</path>'
        if words:
            room = x + len(words) * _CHAR <= WIDTH
            anchor = "end" if step is IncidentStep.BEGAN or not room else "start"
            yield _words(x + (4 if anchor == "start" else -4), _GAP + 12, words, "", anchor=anchor)


def _by_severity(alert: AlertCourse) -> tuple[int, datetime]:
    ranks = {"warning": Severity.HIGH.rank, "info": Severity.LOW.rank}
    known = {severity.value: severity.rank for severity in Severity} | ranks
    return known.get(alert.severity, len(known)), alert.fired_at


def _words(x: float, y: float, words: str, told: str, fill: str = _INK, anchor: str = "start") -> str:
    title = f"<title>{_safe(told)}</title>" if told else ""
    return f'<text x="{x}" y="{y}" fill={quoteattr(fill)} text-anchor="{anchor}">{_safe(words)}{title}</text>'


def _safe(text: str) -> str:
    """Return a text that may stand in XML and does nothing there."""
    shown = clean(text).replace("\ufffe", "").replace("\uffff", "")
    return escape(shown, {'"': "&quot;", "'": "&#39;"})
