"""The list of components: the source of each one's data, since when and why; the link, and this monitor."""

from collections.abc import Sequence
from datetime import datetime

from core.base.text import plural
from core.domain.own_cost import GB, OwnCost
from core.domain.self_status import SelfStatus
from core.domain.snapshot import Component, Snapshot
from core.resilience.reading import Source
from tui.actions.choice import Choice, Go
from tui.lists.listed import Details, Listed, fields, list_key, when
from tui.panels.connections import DEGRADATION_LEVEL
from tui.panels.row_list import Cell, Column, Row
from tui.panels.topline import LINK_ROLE
from tui.rendering.text import Line, latencies, took

_LINE = "connection"
_OWN = "this monitor"
_CELLS = 20

_MEANS = {
    Source.LIVE: "measured now",
    Source.CACHED: "last known: what was measured then, kept on this machine",
    Source.DEFAULT: "never read: the built-in default is shown, not a measurement",
}


class ComponentList(Listed):
    """Five components, then the link to the project, and this monitor itself."""

    NAME = "components"
    KEY = list_key("components", "3", "degraded", "degradation: where the data of each component comes from")
    TITLE = "Degradation"
    EMPTY = "nothing was read yet"
    COLUMNS = (
        Column(title="", width=1),
        Column(title="component", width=15),
        Column(title="source", width=8),
        Column(title="last live", width=9, right=True, moment=True),
        Column(title="why it is not live"),
    )

    def state(self, snapshot: Snapshot) -> Line:
        """Return the degradation level."""
        level = snapshot.degradation.level
        return ((f" {level.words}", DEGRADATION_LEVEL[level.value]),)

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the components in order, then the link and this monitor."""
        parts = [self._row(one) for one in snapshot.degradation.components]
        return [*parts, self._line(snapshot), self._own(snapshot)]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one component in full."""
        if key == _LINE:
            return Details(heading="Connection to the project", text=_line_in_full(snapshot))
        if key == _OWN:
            return Details(heading="This monitor", text=own_in_full(snapshot))
        one = next((part for part in snapshot.degradation.components if part.name == key), None)
        if one is None:
            return None
        text = fields(
            ("source", f"{one.source.value}: {_MEANS[one.source]}"),
            ("last live", when(one.at, snapshot.at) or "never"),
            ("why", one.why),
        )
        return Details(heading=one.name.replace("_", " "), text=text, choices=((Choice(Go.KEY, "check"), "check now"),))

    def _line(self, snapshot: Snapshot) -> Row:
        link = snapshot.link
        role = LINK_ROLE.get(link.word, "critical")
        sign = self._signs.level(role)
        course = latencies(link.recent, _CELLS, levels=self._signs.levels)
        said = f"refresh {took(link.latency_s)} {course}  {link.why}" if link.latency_s is not None else link.why
        return Row(
            key=_LINE,
            cells=(
                (sign, role),
                ("connection", "text"),
                (link.word.value, role),
                self._live(link.since),
                (said.rstrip(), "dim"),
            ),
        )

    def _own(self, snapshot: Snapshot) -> Row:
        own, cost = snapshot.own, snapshot.cost
        role = "warning" if own.out or cost.over else "unknown" if own.memory_mb is None else "ok"
        figures = ", ".join(filter(None, (_memory(own), _lag(own), _month(cost)))) or "not measured yet"
        said = "; ".join(own.out) or figures
        return Row(
            key=_OWN,
            cells=((self._signs.level(role), role), ("this monitor", "text"), ("", "dim"), ("", "dim"), (said, "dim")),
        )

    def _live(self, at: datetime | None) -> Cell:
        return (self._signs.none, "dim", None) if at is None else (at, "dim")

    def _row(self, one: Component) -> Row:
        live = one.source is Source.LIVE
        role = "ok" if live else "warning"
        return Row(
            key=one.name,
            cells=(
                (self._signs.level(role), role),
                (one.name.replace("_", " "), "text" if live else "dim"),
                (one.source.value, role),
                self._live(one.at),
                (one.why, "dim"),
            ),
        )


def own_in_full(snapshot: Snapshot) -> str:
    """Return this monitor's own figures, and those that are out of bounds."""
    own = snapshot.own
    return fields(
        ("memory", _memory(own) or "not measured yet"),
        ("event loop", _lag(own) or "not measured yet"),
        ("refresh", took(snapshot.link.latency_s) or "none yet"),
        ("cost per hour", _hour(snapshot.cost) or "not measured yet"),
        ("cost per month", _month(snapshot.cost) or "not measured yet"),
        ("monthly budget", f"{snapshot.cost.budget / GB:g} GB received ([refresh] budget_gb)"),
        ("bounds", "; ".join(own.out) or "all within limits"),
    )


def _line_in_full(snapshot: Snapshot) -> str:
    link = snapshot.link
    known = [one for one in link.recent if one is not None]
    lost = len(link.recent) - len(known)
    return fields(
        ("state", link.word.value),
        ("last live", when(link.since, snapshot.at) or "never"),
        ("last refresh", "" if link.latency_s is None else f"{1000 * link.latency_s:.0f} ms"),
        (f"last {len(link.recent)}", _spread(known, lost) if link.recent else ""),
        ("tries", link.tries or ""),
        ("next", when(link.next_at, snapshot.at)),
        ("why", link.why),
    )


def _spread(known: Sequence[float], lost: int) -> str:
    unanswered = f"{lost} timed out or failed" if lost else ""
    if not known:
        return unanswered
    fastest, middle, slowest = (1000 * one for one in (min(known), sorted(known)[len(known) // 2], max(known)))
    return ", ".join(filter(None, (f"{fastest:.0f} to {slowest:.0f} ms, median {middle:.0f} ms", unanswered)))


def _hour(cost: OwnCost) -> str:
    if cost.requests_h is None:
        return ""
    received, sent = ((amount or 0) / 1_000_000 for amount in (cost.received_h, cost.sent_h))
    return f"{plural(cost.requests_h, 'request')}, {_amount(received)} MB received, {_amount(sent)} MB sent"


def _month(cost: OwnCost) -> str:
    if cost.received_month is None:
        return ""
    return f"{_amount(cost.received_month / GB)} GB a month at this rate, {cost.requests_month or 0:,} requests"


def _amount(value: float) -> str:
    """Return an amount in plain digits, however large: `1,200`, `12`, `0.05`."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _memory(own: SelfStatus) -> str:
    return "" if own.memory_mb is None else f"{own.memory_mb} MB of memory"


def _lag(own: SelfStatus) -> str:
    return "" if own.lag_ms is None else f"p99 lag {own.lag_ms} ms"
