"""Where each panel of the dashboard stands: one pure function of the size and of what the panels have to say."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from textual.geometry import Region


class Wish(msgspec.Struct, frozen=True):
    """How many lines a panel must have, and how many it would fill; 0 of both: nothing to say."""

    least: int
    most: int


_LEFT: Final = ("health", "tasks")
_RIGHT: Final = ("degradation", "breakers", "kpis", "events")
_MIDDLE: Final = ("degradation", "breakers", "kpis")

_FILLED: Final = ("events", "kpis", "degradation", "breakers", "health", "tasks")
"""Who gets what is left over, one after the other."""

_YIELDS: Final = ("kpis", "breakers", "degradation", "events", "tasks", "health")
"""Who goes without first where there is too little for all."""

_GREEDY: Final = ("events", "tasks")
"""Who takes whatever nobody else wants."""


def arrange(width: int, height: int, wishes: Mapping[str, Wish]) -> dict[str, Region]:
    """The place of each panel in a body of so many cells; a panel that is not named has none."""
    alerts = min(wishes["alerts"].most, max(1, height // 4)) if wishes["alerts"].most else 0
    placed = {"alerts": Region(0, 0, width, alerts)} if alerts else {}
    rest = height - alerts
    if width < 70 or height < 16:
        return placed | _column(_LEFT, Region(0, alerts, width, rest), wishes)
    if width < 160:
        left = round(width * 0.56)
        columns: tuple[tuple[tuple[str, ...], int], ...] = ((_LEFT, left), (_RIGHT, width - left))
    else:
        left, middle = round(width * 0.44), round(width * 0.28)
        columns = ((_LEFT, left), (_MIDDLE, middle), (("events",), width - left - middle))
    x = 0
    for names, wide in columns:
        gap = 1 if x + wide < width else 0
        placed |= _column(names, Region(x, alerts, wide - gap, rest), wishes)
        x += wide
    return placed


def _column(names: Sequence[str], place: Region, wishes: Mapping[str, Wish]) -> dict[str, Region]:
    lines = _lines(names, place.height, wishes)
    placed, y = {}, place.y
    for name in names:
        if lines[name]:
            placed[name] = Region(place.x, y, place.width, lines[name])
            y += lines[name]
    return placed


def _lines(names: Sequence[str], height: int, wishes: Mapping[str, Wish]) -> dict[str, int]:
    lines = {name: wishes[name].least for name in names}
    for name in (name for name in _YIELDS if name in lines):
        over = sum(lines.values()) - height
        if over > 0:
            lines[name] = 0 if lines[name] - over < 2 else lines[name] - over
    for name in (name for name in _FILLED if name in lines):
        left = height - sum(lines.values())
        if lines[name] and name not in _GREEDY and left >= wishes[name].most - lines[name] > 0:
            lines[name] = wishes[name].most
        elif name in _GREEDY and lines[name]:
            lines[name] += min(left, max(0, wishes[name].least * 2 - lines[name]))
    takers = (*(name for name in _GREEDY if lines.get(name)), *(name for name in reversed(names) if lines[name]))
    greedy = next(iter(takers), None)
    if greedy is not None:
        lines[greedy] += height - sum(lines.values())
    return lines
