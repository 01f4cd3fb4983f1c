"""The list of circuit breakers."""

from collections.abc import Sequence

from core.domain.snapshot import Snapshot
from core.resilience import BreakerRecord, BreakerState
from tui.actions import breakers
from tui.lists.listed import Details, Listed, fields, list_key, when
from tui.panels.connections import BREAKER_ROLE, worst_first
from tui.panels.row_list import Column, Row
from tui.rendering.text import Line


class BreakerList(Listed):
    """Every breaker of this process; those that are not closed come first."""

    NAME = "breakers"
    KEY = list_key("breakers", "4", "breakers", "circuit breakers: all of them")
    TITLE = "Breakers"
    EMPTY = "no breaker has been used yet: no request was sent to the project"
    COLUMNS = (
        Column(title="", width=1),
        Column(title="state", width=9),
        Column(title="operation", width=30),
        Column(title="failed", width=6, right=True),
        Column(title="since", width=6, right=True, drops=2, moment=True),
        Column(title="last error"),
    )

    def state(self, snapshot: Snapshot) -> Line:
        """Return the number of breakers that are not closed."""
        bad = sum(record.state is not BreakerState.CLOSED for record in snapshot.breakers)
        return (
            (f" {bad} of {len(snapshot.breakers)} not closed" if bad else " all closed", "critical" if bad else "dim"),
        )

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the breakers, the worst first."""
        return [self._row(record) for record in worst_first(snapshot.breakers)]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one breaker in full."""
        record = next((one for one in snapshot.breakers if one.key == key), None)
        if record is None:
            return None
        text = fields(
            ("state", record.state.value.replace("_", "-")),
            ("since", when(record.since, snapshot.at)),
            ("failures", record.failures),
            ("last error", record.last_error),
            ("probes again", when(record.due_at, snapshot.at) if record.state is BreakerState.OPEN else ""),
            ("held by", record.held_by),
            ("held because", record.held_why),
            ("held until", when(record.held_until, snapshot.at)),
        )
        return Details(heading=record.key, text=text, choices=breakers.choices_of(record))

    def _row(self, record: BreakerRecord) -> Row:
        role = BREAKER_ROLE[record.state]
        why = f"held by {record.held_by}: {record.held_why}" if record.state is BreakerState.HELD else record.last_error
        return Row(
            key=record.key,
            cells=(
                (self._signs.level(role), role),
                (record.state.value.replace("_", "-"), role),
                (record.key, "text"),
                (f"{record.failures}" if record.failures else "", "text", record.failures),
                (record.since, "dim"),
                (why, "dim"),
            ),
        )
