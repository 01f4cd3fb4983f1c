"""The layout of the dashboard: a pure function of its size and of the panels' wishes."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

import msgspec
from textual.geometry import Region

_TWO, _THREE = 110, 170
"""The widths in cells from which on there are two columns, and three."""

_LEFT_SHARE: Final = {2: 0.55, 3: 0.45}
_MIDDLE_SHARE: Final = 0.28


class DashboardColumn(Enum):
    """The place of a panel. With two columns the middle one is the upper part of the right one; else there is one."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One panel as the layout sees it; see `Panel` for the fields."""

    name: str
    column: DashboardColumn
    rank: int
    fills: int
    greedy: bool


class Wish(msgspec.Struct, frozen=True):
    """The lines that a panel needs at least, and those that it could fill; both 0: nothing to show."""

    least: int
    most: int


NOTHING: Final = Wish(0, 0)

Wishing = Callable[[str, int, int], Wish]
"""What a panel wishes, by its name, in a column of a width and a height in cells."""


def arrange(width: int, height: int, slots: Sequence[Slot], wish: Wishing) -> dict[str, Region]:
    """Return the region of each panel in a body of `width` by `height` cells; a panel without one is hidden."""
    left, middle, right = (
        tuple(slot for slot in slots if slot.column is column)
        for column in (DashboardColumn.LEFT, DashboardColumn.MIDDLE, DashboardColumn.RIGHT)
    )
    if width < _TWO:
        columns: tuple[tuple[tuple[Slot, ...], int], ...] = ((tuple(slots), width),)
    elif width < _THREE:
        wide = round(width * _LEFT_SHARE[2])
        columns = ((left, wide), ((*middle, *right), width - wide))
    else:
        wide, half = round(width * _LEFT_SHARE[3]), round(width * _MIDDLE_SHARE)
        columns = ((left, wide), (middle, half), (right, width - wide - half))
    placed, x = dict[str, Region](), 0
    for there, wide in columns:
        gap = 1 if x + wide < width else 0
        placed |= _column(there, Region(x, 0, wide - gap, height), wish)
        x += wide
    return placed


def _column(slots: Sequence[Slot], place: Region, wish: Wishing) -> dict[str, Region]:
    wishes = {slot.name: wish(slot.name, place.width, place.height) for slot in slots}
    lines = _lines(slots, place.height, wishes)
    placed, y = {}, place.y
    for slot in slots:
        if lines[slot.name]:
            placed[slot.name] = Region(place.x, y, place.width, lines[slot.name])
            y += lines[slot.name]
    return placed


def _lines(slots: Sequence[Slot], height: int, wishes: Mapping[str, Wish]) -> dict[str, int]:
    lines = {slot.name: wishes[slot.name].least for slot in slots}
    for slot in sorted(slots, key=lambda slot: slot.rank):
        over = sum(lines.values()) - height
        if over > 0:
            lines[slot.name] = 0 if lines[slot.name] - over < 2 else lines[slot.name] - over
    for slot in sorted(slots, key=lambda slot: -slot.fills):
        name, left = slot.name, height - sum(lines.values())
        if lines[name] and not slot.greedy and left >= wishes[name].most - lines[name] > 0:
            lines[name] = wishes[name].most
        elif slot.greedy and lines[name]:
            lines[name] += min(left, max(0, wishes[name].least * 2 - lines[name]))
    greedy = [slot.name for slot in sorted(slots, key=lambda slot: -slot.fills) if slot.greedy and lines[slot.name]]
    takers = (*greedy, *(slot.name for slot in reversed(slots) if lines[slot.name]))
    taker = next(iter(takers), None)
    if taker is not None:
        lines[taker] += height - sum(lines.values())
    return lines
