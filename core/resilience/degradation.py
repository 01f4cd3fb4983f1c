"""How degraded the whole is, derived from the sources in use and from nothing else."""

from collections.abc import Mapping
from enum import StrEnum

from core.facts import Source


class DegradationLevel(StrEnum):
    """None, one or two, three or more components not on live data."""

    NORMAL = "normal"
    PARTIAL = "partial"
    SEVERE = "severe"


def degradation(sources: Mapping[str, Source]) -> DegradationLevel:
    """The level for what each component currently lives on."""
    lost = sum(1 for source in sources.values() if source is not Source.LIVE)
    if lost == 0:
        return DegradationLevel.NORMAL
    return DegradationLevel.PARTIAL if lost <= 2 else DegradationLevel.SEVERE
