"""The summary of an absence: a few lines that cover nothing and need no answer."""

from datetime import datetime
from typing import Final

from core.base.text import clean, plural, short
from core.domain.actions import label
from core.domain.snapshot import STATE_LEVEL, Snapshot, State
from core.history.away import ActionSummary, Step, Summary
from tui.panels.panel import Panel, as_many_as_fit
from tui.panels.reader import wrap
from tui.rendering.text import Line, plain

_ACTIONS: Final = 4
_FIRING: Final = 3
_NAMES: Final = 7
_WIDE: Final = 80


class AwayPanel(Panel):
    """A title and what happened, long lines wrapped as far as there is room; one line if nothing happened."""

    _summary: Summary | None = None
    _held = ""

    def put(self, summary: Summary | None, held: str, width: int, most: int) -> None:
        """Set the summary, shown in at most `most` lines of `width` cells; `held`: the key that was held back."""
        self._summary, self._held = summary, held
        self.display = summary is not None
        if summary is not None:
            lines = 1 if summary.quiet or most < 3 else 1 + len(_lines(summary, width, most - 1))
            self.styles.height = min(lines, max(1, most))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the summary below a banner, so that it does not look like a panel of the present."""
        if self._summary is None:
            return []
        if height == 1:
            return [self._short(self._summary, width)]
        rule = self._signs.rule
        head: Line = ((f"{rule} ", "rule"), (f" {self._while(self._summary, width)} ", "banner"), *self._hint(width))
        return [head, *as_many_as_fit(_lines(self._summary, width, height - 1), height - 1)]

    def _short(self, summary: Summary, width: int) -> Line:
        tasks = _tasks(summary)
        if summary.quiet:
            happened: Line = (("nothing happened" + (f", {tasks}" if tasks else ""), "text"),)
        else:
            parts = [line for _, line in _told(summary)]
            happened = tuple(
                span for n, part in enumerate(parts) for span in (*(((" · ", "dim"),) if n else ()), *part)
            )
        hint = self._hint(width)
        return (
            (f" {self._while(summary, width)} ", "banner"),
            *(hint if self._held else ()),
            ("  ", "text"),
            *happened,
        )

    def _while(self, summary: Summary, width: int) -> str:
        long = f" ({short(summary.until - summary.since)})" if width >= _WIDE else ""
        return f"AWAY {_span(summary.since, summary.until)}{long}"

    def _hint(self, width: int) -> Line:
        if not self._held:
            return (("  the next key closes", "dim"),)
        more = ": press it again to confirm" if width >= _WIDE else ""
        return ((f"  {self._held} was not executed{more}", "warning"),)


def _told(summary: Summary) -> list[tuple[str, Line]]:
    """Return the lines of the summary, each with its name, the most important first."""
    told: list[tuple[str, Line]] = [("state", _path(summary))]
    if summary.fired or summary.resolved or summary.firing:
        told.append(("alerts", _alerts(summary)))
    if summary.actions or summary.actions_more:
        told.append(("actions", _actions(summary)))
    if rest := _rest(summary):
        told.append(("also", ((rest, "text"),)))
    return told


def _lines(summary: Summary, width: int, height: int) -> list[Line]:
    """Return a line each; what is longer takes what is left of `height`, the most important first."""
    told = _told(summary)
    left = max(0, height - len(told))
    lines = list[Line]()
    for name, line in told:
        parts = wrap(((f"{name:<{_NAMES}}  ", "dim"), *line), width)
        last = min(left, len(parts) - 1)
        left -= last
        shown = parts[last]
        for more in parts[last + 1 :]:  # which is then cut where it must be
            between = () if plain(shown).endswith(" ") else ((" ", "text"),)
            shown = (*shown, *between, *more[1:])
        lines += [*parts[:last], shown]
    return lines


def _path(summary: Summary) -> Line:
    spans: list[tuple[str, str]] = []
    late = len(summary.path) - 3
    for n, step in enumerate(summary.path):
        if n:
            spans.append((" → ", "dim"))
        if n == late and summary.skipped:
            spans.append((f"{plural(summary.skipped, 'change')} → ", "dim"))
        spans.append((_word(step) if n else step.state.upper(), _role(step.state)))
    if summary.worst is not None:
        spans += [("; worst ", "dim"), (_word(summary.worst), _role(summary.worst.state))]
    if len(summary.path) == 1:
        spans.append((", unchanged", "dim"))
    return tuple(spans)


def _word(step: Step) -> str:
    return f"{step.state.upper()} {step.at.astimezone():%H:%M}"


def _role(state: State) -> str:
    return STATE_LEVEL[state]


def _alerts(summary: Summary) -> Line:
    counts = f"{summary.fired:,} fired, {summary.resolved:,} resolved"
    if not summary.firing:
        return ((f"{counts}, none fires now", "text"),)
    more = f" and {len(summary.firing) - _FIRING} more" if len(summary.firing) > _FIRING else ""
    return ((f"{counts}; fires now: ", "text"), (clean(", ".join(summary.firing[:_FIRING])) + more, "warning"))


def _actions(summary: Summary) -> Line:
    left_out = summary.actions_more + sum(one.times for one in summary.actions[_ACTIONS:])
    more = f"; {left_out:,} more (8)" if left_out else ""
    return ((clean("; ".join(map(_action, summary.actions[:_ACTIONS]))) + more, "text"),)


def _action(one: ActionSummary) -> str:
    times = f" ×{one.times}" if one.times > 1 else ""
    notes = [plural(one.rows, "row")] if one.rows else []
    notes += [f"{one.failed:,} not done" if one.failed < one.times else "not done"] if one.failed else []
    said = f" ({', '.join(notes)})" if notes else ""
    return f"{label(one.action)}{times}{said} by {one.actor or 'another monitor'}"


def _rest(summary: Summary) -> str:
    parts = [
        _silence(summary),
        f"this monitor was not running for {short(summary.unseen_s)}" if summary.unseen_s else "",
        _tasks(summary),
    ]
    return " · ".join(filter(None, parts))


def _silence(summary: Summary) -> str:
    if not summary.silent_s:
        return ""
    first = f", first at {summary.silent_at.astimezone():%H:%M}" if summary.silent_at is not None else ""
    return f"no answer for {short(summary.silent_s)}{first}"


def _tasks(summary: Summary) -> str:
    counts = [(summary.completed, "completed"), (summary.failed, "failed")]
    said = [f"{plural(count, 'task') if not n else f'{count:,}'} {word}" for n, (count, word) in enumerate(counts)]
    return ", ".join(said) if summary.completed or summary.failed else ""


def _span(since: datetime, until: datetime) -> str:
    begin, end = since.astimezone(), until.astimezone()
    day = "" if begin.date() == end.date() else "%d %b "
    return f"{begin:{day}%H:%M}–{end:{day}%H:%M}"
