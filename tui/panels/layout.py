"""The layout of the dashboard: a pure function of its size and of the panels' wishes."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

import msgspec
from textual.geometry import Region

_TWO, _THREE = 110, 170
"""The widths in cells from which on there are two columns, and three."""

_LEFT_SHARE: Final = {2: 0.55, 3: 0.45}


class DashboardColumn(Enum):
    """The place of a panel. With two columns all but the left one are the right one; else there is one.

    `below`: with three, below the middle one and the right one, as wide as both.
    """

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"
    BELOW = "below"


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One panel as the layout sees it; see `Panel` for the fields."""

    name: str
    column: DashboardColumn
    rank: int
    fills: int
    greedy: bool


class Wish(msgspec.Struct, frozen=True):
    """The lines that a panel needs at least, and those that it could fill; both 0: nothing to show.

    `part`: any number between is of use to it, too.
    """

    least: int
    most: int
    part: bool = False


NOTHING: Final = Wish(0, 0)

Wishing = Callable[[str, int, int], Wish]
"""What a panel wishes, by its name, in a column of a width and a height in cells."""


def arrange(width: int, height: int, slots: Sequence[Slot], wish: Wishing) -> dict[str, Region]:
    """Return the region of each panel in a body of `width` by `height` cells; a panel without one is hidden."""
    if width < _TWO:
        return _column(slots, Region(0, 0, width, height), wish)
    three = width >= _THREE
    wide = round(width * _LEFT_SHARE[3 if three else 2])
    left = [slot for slot in slots if slot.column is DashboardColumn.LEFT]
    rest = [slot for slot in slots if slot.column is not DashboardColumn.LEFT]
    placed = _column(left, Region(0, 0, wide - 1, height), wish)
    return placed | (_side_by_side if three else _column)(rest, Region(wide, 0, width - wide, height), wish)


def _side_by_side(slots: Sequence[Slot], place: Region, wish: Wishing) -> dict[str, Region]:
    """Return the regions of the middle and the right panels beside each other, and of the others below both."""
    middle, right, below = (
        [slot for slot in slots if slot.column is column]
        for column in (DashboardColumn.MIDDLE, DashboardColumn.RIGHT, DashboardColumn.BELOW)
    )
    half = place.width // 2
    sides = ((middle, place.x, half), (right, place.x + half + 1, place.width - half - 1))
    needs = [[wish(slot.name, wide, place.height) for slot in side] for side, _, wide in sides]
    least = max(sum(one.least for one in side) for side in needs)
    most = max(sum(one.most for one in side) for side in needs)
    above = Slot(
        name="",
        column=DashboardColumn.MIDDLE,
        rank=max((slot.rank for slot in (*middle, *right)), default=0),
        fills=max((slot.fills for slot in (*middle, *right)), default=0),
        greedy=False,
    )
    wishes = {slot.name: wish(slot.name, place.width, place.height) for slot in below} | {"": Wish(least, most)}
    lines = _lines((above, *below), place.height, wishes)
    placed = dict[str, Region]()
    for side, x, wide in sides:
        placed |= _column(
            side, Region(x, place.y, wide, lines[""]), lambda name, wide, _: wish(name, wide, place.height)
        )
    lower = Region(place.x, place.y + lines[""], place.width, place.height - lines[""])
    return placed | _stacked(below, lower, lines)


def _column(slots: Sequence[Slot], place: Region, wish: Wishing) -> dict[str, Region]:
    wishes = {slot.name: wish(slot.name, place.width, place.height) for slot in slots}
    return _stacked(slots, place, _lines(slots, place.height, wishes))


def _stacked(slots: Sequence[Slot], place: Region, lines: Mapping[str, int]) -> dict[str, Region]:
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
        lacks = wishes[name].most - lines[name]
        if lines[name] and not slot.greedy and lacks > 0 and (left >= lacks or wishes[name].part):
            lines[name] += max(0, min(left, lacks))
        elif slot.greedy and lines[name]:
            lines[name] += min(left, max(0, wishes[name].least * 2 - lines[name]))
    greedy = [slot.name for slot in sorted(slots, key=lambda slot: -slot.fills) if slot.greedy and lines[slot.name]]
    takers = (*greedy, *(slot.name for slot in reversed(slots) if lines[slot.name]))
    taker = next(iter(takers), None)
    if taker is not None:
        lines[taker] += height - sum(lines.values())
    return lines
