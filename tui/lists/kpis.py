"""The list of key figures."""

from collections.abc import Sequence

from core.domain.kpis import Kpi
from core.domain.snapshot import Snapshot
from core.domain.status import Truth
from tui.lists.listed import Details, Listed, fields, list_key
from tui.panels.row_list import Column, Row
from tui.rendering.kpi_age import is_last_known, noted

_LEVEL = {Truth.TRUE: "ok", Truth.FALSE: "warning", Truth.UNKNOWN: "text"}
_MET = {Truth.TRUE: "met", Truth.FALSE: "missed", Truth.UNKNOWN: ""}


class KpiList(Listed):
    """Each figure with its target and its basis."""

    NAME = "kpis"
    KEY = list_key("kpis", "5", "key figures", "key figures: all, with the data they are based on")
    TITLE = "Key figures"
    EMPTY = "not measured yet: the first figures come with the first refresh"
    COLUMNS = (
        Column(title="", width=1),
        Column(title="figure", width=14),
        Column(title="value", width=12, right=True),
        Column(title="target", width=9),
        Column(title="based on"),
    )

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the figures in order."""
        return [self._row(kpi, snapshot) for kpi in snapshot.kpis]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one figure in full."""
        kpi = next((one for one in snapshot.kpis if one.name == key), None)
        if kpi is None:
            return None
        text = fields(
            ("value", "not measured" if kpi.value is None else kpi.text),
            ("target", f"{kpi.target} {_MET[kpi.good]}".strip()),
            ("based on", noted(kpi, snapshot)),
        )
        return Details(heading=kpi.title, text=text)

    def _row(self, kpi: Kpi, snapshot: Snapshot) -> Row:
        sign = " " if kpi.good is Truth.UNKNOWN else self._signs.level(_LEVEL[kpi.good])
        role = "dim" if is_last_known(kpi, snapshot) else _LEVEL[kpi.good]
        value = (self._signs.none, "dim") if kpi.value is None else (kpi.text, role)
        return Row(
            key=kpi.name,
            cells=((sign, role), (kpi.title, "text"), value, (kpi.target, "dim"), (noted(kpi, snapshot), "dim")),
        )
