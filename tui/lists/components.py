"""Degradation in full: what each component currently lives on, since when, and why."""

from collections.abc import Sequence

from core.facts import Source
from core.snapshot import Component, Snapshot
from tui.lists.listed import Details, Listed, fields, when
from tui.panels.degradation import DEGRADATION_LEVEL
from tui.panels.row_list import Column, Row
from tui.text import Line, age

_MEANS = {
    Source.LIVE: "measured now",
    Source.CACHED: "last known: what was measured then, kept on this machine",
    Source.DEFAULT: "nothing is known: what is shown is the built-in default, and no measurement",
}


class ComponentList(Listed):
    """Five components."""

    NAME = "components"
    TITLE = "Degradation"
    EMPTY = "nothing was read yet"
    COLUMNS = (
        Column(title="", width=1),
        Column(title="component", width=15),
        Column(title="source", width=8),
        Column(title="live", width=6, right=True),
        Column(title="why it is not live"),
    )

    def state(self, snapshot: Snapshot) -> Line:
        """The level."""
        level = snapshot.degradation.level.value
        return ((f" {level}", DEGRADATION_LEVEL[level]),)

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """In their order."""
        return [self._row(one, snapshot) for one in snapshot.degradation.components]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """One component."""
        one = next((part for part in snapshot.degradation.components if part.name == key), None)
        if one is None:
            return None
        text = fields(
            ("source", f"{one.source.value}: {_MEANS[one.source]}"),
            ("last live", when(one.at, snapshot.at) or "never"),
            ("why", one.why),
        )
        return Details(heading=one.name.replace("_", " "), text=text, choices=(("check", "check now"),))

    async def act(self, key: str, chosen: str) -> None:
        """Look at once."""
        await self._front.errand(chosen)

    def _row(self, one: Component, snapshot: Snapshot) -> Row:
        live = one.source is Source.LIVE
        role = "ok" if live else "warning"
        return Row(
            key=one.name,
            cells=(
                (self._signs.level(role), role),
                (one.name.replace("_", " "), "text" if live else "dim"),
                (one.source.value, role),
                (age(one.at, snapshot.at) or self._signs.none, "dim"),
                (one.why, "dim"),
            ),
        )
