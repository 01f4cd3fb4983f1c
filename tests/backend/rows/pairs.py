"""Rows that hold every two values of every two columns at least once: few rows, for each covers many pairs."""

import itertools
import random
from collections.abc import Mapping, Sequence

Cell = tuple[str, str]
"""A column and a value of it."""
_TRIES = 5
"""Rows that are made for each one that is taken, the best of them."""


def covering(columns: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return rows with a value for each column, so that no pair of values of two columns is missing.

    Greedy, and always the same: each row begins with the value that lacks most, and takes what adds the most, column by
    column, in an order that is another one each time.
    """
    chance = random.Random(0)
    cells = {name: [(name, value) for value in dict.fromkeys(values)] for name, values in columns.items()}
    every = [cell for some in cells.values() for cell in some]
    missing = {cell: {other for other in every if other[0] != cell[0]} for cell in every}
    rows = []
    while any(missing.values()):
        first = max(every, key=lambda cell: len(missing[cell]))
        tried = [_grown(first, cells, missing, chance) for _ in range(_TRIES)]
        row = max(tried, key=lambda row: sum(b in missing[a] for a, b in itertools.combinations(row, 2)))
        for a, b in itertools.permutations(row, 2):
            missing[a].discard(b)
        rows.append(dict(row))
    return rows


def _grown(
    first: Cell, cells: Mapping[str, Sequence[Cell]], missing: Mapping[Cell, set[Cell]], chance: random.Random
) -> list[Cell]:
    row = [first]
    for name in chance.sample(others := [name for name in cells if name != first[0]], len(others)):
        row.append(max(cells[name], key=lambda cell: (sum(one in missing[cell] for one in row), len(missing[cell]))))
    return row
