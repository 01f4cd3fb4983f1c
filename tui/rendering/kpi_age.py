"""How old a key figure is, told alike wherever it stands."""

from datetime import timedelta
from typing import Final

from core.domain.kpis import DAY, Kpi
from core.domain.snapshot import LinkWord, Snapshot
from tui.rendering.text import oldness

_AGED: Final = timedelta(minutes=2)
"""The age from which on a figure tells it."""


def is_last_known(kpi: Kpi, snapshot: Snapshot) -> bool:
    """Return whether a figure was read before the link went down, or that of a day by itself is last known.

    What is not live is never shown as good.
    """
    day = kpi.name == DAY and not snapshot.tasks.success_24h.live
    return kpi.at is not None and (day or snapshot.link.word is not LinkWord.LIVE)


def noted(kpi: Kpi, snapshot: Snapshot) -> str:
    """Return the note, with the age of a value that is last known, or read so seldom that others moved on since."""
    if kpi.at is None or not tells_age(kpi, snapshot):
        return kpi.note
    return f"{kpi.note}, {oldness(kpi.at, snapshot.at)}"


def tells_age(kpi: Kpi, snapshot: Snapshot) -> bool:
    """Return whether a value is last known, or read so seldom that others moved on since."""
    if kpi.value is None or kpi.at is None:
        return False
    return is_last_known(kpi, snapshot) or snapshot.at - kpi.at >= _AGED
