"""The panel of what needs a person: alerts, tasks that wait for a review, actions that wait, types that are paused."""

from collections.abc import Iterable
from typing import Final

from core.base.text import amount, plural
from core.domain.actors import By
from core.domain.alert_view import AlertView, alerts_in_words, in_order
from core.domain.alerts import Silence
from core.domain.pauses import paused_in_short
from core.domain.silence_words import shown_soon, silence_line
from core.domain.snapshot import LinkWord, Snapshot, Waiting
from core.domain.state_word import hidden
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.long_texts import with_long_texts
from tui.panels.panel import Panel, as_many_as_fit
from tui.rendering.table import TableColumn
from tui.rendering.text import Line, Span, age, origin
from tui.rendering.waiting import oldest_review

ALARM_ROLE: Final = {"critical": "critical", "high": "warning", "medium": "warning", "low": "text"}
ALARM_SIGN: Final = {"critical": "critical", "high": "warning", "medium": "warning", "low": "ok"}

_COLUMNS: Final = (
    TableColumn(most=1),
    TableColumn(most=8, drops=2),
    TableColumn(most=12, drops=1),
    TableColumn(least=6, most=7, right=True),
    TableColumn(),
)
"""Sign, severity, state, age, and what it is."""

_REVIEWS: Final = "review_waits"
"""The rule that tells of reviews that wait for long: its alert stands for the row of what waits, and says the same."""

_TALL: Final = 24
"""The height of a column in lines from which on what follows from another alert is shown, too."""


class NeedsPanel(Panel):
    """Stands first. One line while nothing needs a person."""

    NAME = "needs"
    STEADY = True
    OPENS = "alerts"
    COLUMN, RANK, FILLS = DashboardColumn.LEFT, 90, 70
    TITLE = "Needs you"

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for a line each, at least for as many as a quarter of the column holds."""
        fires = [one for one in snapshot.alerts if one.fires]
        now = len(fires) + len(self._others(snapshot, fires)) + len(_windows(snapshot))
        every = len(self._rows(snapshot, width, height, over=height >= _TALL))
        return Wish(1 + min(now, max(2, height // 4)), 1 + min(every, max(3, height // 3)), part=True)

    @property
    def opened(self) -> str:
        """Return the list of alerts, or the inbox where reviews are all that waits."""
        shown = self._snapshot
        reviews = shown is not None and shown.in_review and all(one.state == "resolved" for one in shown.alerts)
        return "inbox" if reviews else self.OPENS

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with how many alerts fire, and how many tasks wait for a review."""
        loud = [one for one in snapshot.alerts if one.state == "firing"]
        critical = any(one.severity == "critical" for one in loud)
        words = alerts_in_words(snapshot.alerts)
        said = [words] if words else []
        pending = sum(one.state == "pending" for one in snapshot.alerts)
        said += [f"{pending} pending"] if pending else []
        said += [f"{amount(snapshot.in_review, exact=_counted(snapshot))} to review"] if snapshot.in_review else []
        said += [f"{plural(len(snapshot.waiting), 'action')} waiting"] if snapshot.waiting else []
        said += [f"{plural(len(snapshot.pauses), 'type')} paused"] if snapshot.pauses else []
        role = "critical" if critical else "warning" if said else "dim"
        none = "nothing" if _all_known(snapshot) else "not known"
        silences = 0 if "silenced" in words else len(snapshot.telling.silences)
        quiet = f", {plural(silences, 'silence')}" if silences else ""
        quiet += f", {len(snapshot.telling.planned):,} planned" if snapshot.telling.planned else ""
        return ((self.TITLE, "title"), (f" {', '.join(said) or none}", role), (quiet, "dim"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return maintenance, the alerts up to the last that nobody has, what waits, and the other alerts.

        Those without room are counted, but for what follows from another alert. What was resolved needs nobody: it is
        in the list of alerts, and an event.
        """
        every = self._rows(snapshot, width, height, over=True)
        if len(every) <= height:
            return every
        return as_many_as_fit(self._rows(snapshot, width, height, over=False), height)

    def _rows(self, snapshot: Snapshot, width: int, height: int, *, over: bool) -> list[Line]:
        """Return a line each; long texts take what is left of `height`, two lines each, those of the first rows first.

        `over`: also of alerts that follow from another one.
        """
        alerts = in_order(snapshot.alerts)
        shown = [one for one in alerts if one.state != "resolved" and (over or one.state != "hidden")]
        first = max((place for place, one in enumerate(shown, 1) if one.word == "firing"), default=0)
        rows = [self._window(one, snapshot) for one in _windows(snapshot)]
        rows += [self._alert(one, snapshot) for one in shown[:first]]
        rows += self._others(snapshot, shown)
        rows += [self._alert(one, snapshot) for one in shown[first:]]
        return with_long_texts(_COLUMNS, rows, width, height)

    def _window(self, one: Silence, snapshot: Snapshot) -> tuple[Span, ...]:
        word = "silenced" if one in snapshot.telling.silences else "planned"
        since = age(one.period.since, snapshot.at) if one.period is not None and word == "silenced" else ""
        return (("", "dim"), ("alerts", "dim"), (word, "dim"), (since, "dim"), (silence_line(one, snapshot.at), "text"))

    def _alert(self, one: AlertView, snapshot: Snapshot) -> tuple[Span, ...]:
        loud = one.state == "firing"
        role = ALARM_ROLE.get(one.severity, "text") if loud else "dim"
        since = age(one.began_at, snapshot.at)
        care = f" ({one.acked_words.removeprefix(f'{By.OPERATOR} ')})" if one.acked else ""
        muted = f" · {one.muted}" if one.muted and not one.acked else ""
        text = "" if one.well else one.text
        text = _reviews(snapshot) if one.rule == _REVIEWS and snapshot.in_review else text
        detail = f": {text}" if text not in {"", one.title} else ""
        told = f"{detail}{muted}" if one.state == "hidden" else f"{muted}{detail}"  # the figures are its own
        return (
            (self._signs.level(ALARM_SIGN.get(one.severity, "ok")) if one.fires else "", role),
            (one.severity, role),
            (one.word, role),
            (since, "dim"),
            (f"{one.titled}{care}{told}", role if loud else "text" if one.fires else "dim"),
        )

    def _others(self, snapshot: Snapshot, shown: Iterable[AlertView]) -> list[tuple[Span, ...]]:
        """Return what waits for a person beside the alerts that are shown."""
        found = [self._action(one, snapshot) for one in snapshot.waiting]
        told = any(one.rule == _REVIEWS for one in shown)
        if (many := snapshot.in_review) and not told:
            counts = snapshot.tasks.counts
            role = "warning" if counts.live else "dim"
            wait = "task waits for a review" if many == 1 else "tasks wait for a review"
            text = f"{amount(many, exact=_counted(snapshot))} {wait}{origin(counts, snapshot.at)}"
            found.append(
                (
                    *((self._signs.warning, role), ("review", role), ("waiting", role)),
                    *((oldest_review(snapshot), "dim"), (text, role)),
                )
            )
        if snapshot.pauses:
            began = age(min((at for one in snapshot.pauses if (at := one.at) is not None), default=None), snapshot.at)
            text = paused_in_short(snapshot.pauses) if len(snapshot.pauses) > 1 else snapshot.pauses[0].text
            found.append((("", "dim"), ("type", "text"), ("paused", "text"), (began, "dim"), (text, "text")))
        return found

    def _action(self, one: Waiting, snapshot: Snapshot) -> tuple[Span, ...]:
        asks = "; do you still want it? Confirm or withdraw it (o)" if one.asks else ""
        role = "warning"
        return (
            (self._signs.warning, role),
            ("action", role),
            ("waiting", role),
            (age(one.at, snapshot.at), "dim"),
            (f"NOT carried out yet{asks}: {one.words}", role),
        )


def _reviews(snapshot: Snapshot) -> str:
    """Return what waits for a review, in the words of its alert."""
    counts, many, oldest = snapshot.tasks.counts, snapshot.in_review, oldest_review(snapshot)
    what = f"{amount(many, exact=_counted(snapshot))} {'task' if many == 1 else 'tasks'} in review"
    return f"{what}{f', the oldest for {oldest}' if oldest else ''}{origin(counts, snapshot.at)}"


def _windows(snapshot: Snapshot) -> list[Silence]:
    """Return the maintenance that holds or is about to begin."""
    told = (*snapshot.telling.silences, *snapshot.telling.planned)
    return [one for one in told if shown_soon(one, snapshot.at)]


def _all_known(snapshot: Snapshot) -> bool:
    """Return whether all that could need a person was read."""
    counts = snapshot.tasks.counts.value is not None
    return snapshot.ready and snapshot.link.word is LinkWord.LIVE and counts and not hidden(snapshot)


def _counted(snapshot: Snapshot) -> bool:
    """Return whether what waits for a review was counted, not estimated."""
    counts = snapshot.tasks.counts.value
    return counts is None or "awaiting_review" not in counts.estimated
