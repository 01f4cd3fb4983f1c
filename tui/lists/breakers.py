"""The list of circuit breakers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from core.domain.snapshot import Snapshot
from core.resilience import PROBED_BY_NEXT_CALL, BreakerRecord, BreakerState
from tui.actions import breakers
from tui.lists.listed import Details, Listed, fields, list_key, when
from tui.panels.connections import BREAKER_ROLE, breaker_sign, not_closed_role, of_service, worst_first
from tui.panels.row_list import Column, Row
from tui.rendering.text import Line, age, oldness

_OF_SERVICE: Final = "service/"
"""What the key of a row begins with that is about a breaker of the service; none of ours has a slash."""


class BreakerList(Listed):
    """Every breaker of this process, and those of the service beside it that are not closed; such come first."""

    NAME = "breakers"
    KEY = list_key("breakers", "4", "breakers", "circuit breakers: all of them")
    TITLE = "Breakers"
    EMPTY = "no breaker has been used yet: no request was sent to the project"
    COLUMNS = (
        Column(title="", width=1),
        Column(title="state", width=9),
        Column(title="operation", width=30),
        Column(title="failed", width=6, right=True),
        Column(title="since", width=7, right=True, drops=2, moment=True),
        Column(title="last error"),
    )

    def state(self, snapshot: Snapshot) -> Line:
        """Return the number of breakers that are not closed, and how many of the service's are not."""
        bad = sum(record.state is not BreakerState.CLOSED for record in snapshot.breakers)
        mine = f" {bad} of {len(snapshot.breakers)} not closed" if bad else " all closed"
        role, service = not_closed_role(snapshot.breakers), snapshot.service
        if service is None or not service.breakers:
            return ((mine, role),)
        told = f"told {age(service.told_at, snapshot.at)} ago" if service.told_at < snapshot.at else "just told"
        return (
            (mine, role),
            (f"; {len(service.breakers)} not closed in {service.name} ({told})", "critical"),
        )

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the breakers, the worst first, those of the service before our own."""
        return [
            *(self._row(one, _OF_SERVICE) for one in worst_first(of_service(snapshot))),
            *(self._row(record) for record in worst_first(snapshot.breakers)),
        ]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one breaker in full."""
        records = of_service(snapshot) if key.startswith(_OF_SERVICE) else snapshot.breakers
        record = next((one for one in records if one.key == key.removeprefix(_OF_SERVICE)), None)
        if record is None:
            return None
        service = snapshot.service if key.startswith(_OF_SERVICE) else None
        text = fields(
            ("of", "" if service is None else f"{service.name}, told {oldness(service.told_at, snapshot.at)}"),
            ("state", record.state.value.replace("_", "-")),
            ("since", when(record.since, snapshot.at)),
            ("failures", record.failures),
            ("last error", record.last_error),
            ("probes again", _probes(record, snapshot.at)),
            ("held by", record.held_by),
            ("held because", record.held_why),
            ("held until", when(record.held_until, snapshot.at)),
        )
        return Details(heading=record.key, text=text, choices=breakers.choices_of(record))

    def _row(self, record: BreakerRecord, of: str = "") -> Row:
        role = BREAKER_ROLE[record.state]
        why = record.last_error
        if record.state is BreakerState.HELD:
            why = f"held by {record.held_by}: {record.held_why}"
        elif record.state is BreakerState.DUE:
            why = f"{PROBED_BY_NEXT_CALL}: {why}"
        return Row(
            key=f"{of}{record.key}",
            cells=(
                breaker_sign(self._signs, record.state),
                (record.state.value.replace("_", "-"), role),
                (f"{record.key}, service" if of else record.key, "text"),
                (f"{record.failures}" if record.failures else "", "text", record.failures),
                (record.since, "dim"),
                (why, "dim"),
            ),
        )


def _probes(record: BreakerRecord, at: datetime) -> str:
    if record.state is BreakerState.DUE:
        return PROBED_BY_NEXT_CALL
    return when(record.due_at, at) if record.state is BreakerState.OPEN else ""
