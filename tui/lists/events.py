"""The list of events: what happened here, and others' actions from the project's log."""

from collections.abc import Sequence
from datetime import datetime

from core.domain.events import Event
from core.domain.snapshot import Snapshot
from tui.lists.listed import Details, Listed, fields, list_key, when
from tui.panels.row_list import Column, Row
from tui.rendering.text import written


class EventList(Listed):
    """Every event of the snapshot, the newest first."""

    NAME = "events"
    KEY = list_key("events", "7", "events", "events: who did what here and elsewhere")
    TITLE = "Events"
    EMPTY = "nothing has happened yet"
    COLUMNS = (
        Column(title="at", width=8),
        Column(title="age", width=7, right=True, drops=2, moment=True),
        Column(title="who", width=18, drops=1),
        Column(title="what"),
    )

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the events; equal ones of one moment get different keys by their order."""
        counted: dict[str, int] = {}
        return [self._row(event, _key(event, counted), snapshot.at) for event in snapshot.events]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one event in full."""
        counted: dict[str, int] = {}
        event = next((one for one in snapshot.events if _key(one, counted) == key), None)
        if event is None:
            return None
        text = fields(
            ("at", when(event.at, snapshot.at)),
            ("written", when(event.written_at, snapshot.at)),
            ("who", event.who),
            ("what", event.text),
        )
        return Details(heading="Event", text=text)

    def _row(self, event: Event, key: str, now: datetime) -> Row:
        role = event.level.value if event.level != "ok" else "text"
        return Row(
            key=key,
            cells=(
                (f"{event.at.astimezone():%H:%M:%S}", "dim", event.at),
                (event.at, "dim"),
                (event.who, "dim"),
                (event.text + written(event.written_at, now), role),
            ),
        )


def _key(event: Event, counted: dict[str, int]) -> str:
    name = f"{event.at.timestamp()} {event.who} {event.text}"
    counted[name] = counted.get(name, 0) + 1
    return f"{name} {counted[name]}"
