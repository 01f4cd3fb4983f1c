"""Rows that hold every two values of every two columns at least once: few rows, for each covers many pairs."""

import itertools
from collections.abc import Mapping, Sequence

Cell = tuple[str, str]
"""A column and a value of it."""


def covering(columns: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return rows with a value for each column, so that no pair of values of two columns is missing.

    Greedy, and always the same: each row begins with a pair that is missing, and takes what adds the most.
    """
    cells = [(name, value) for name, values in columns.items() for value in dict.fromkeys(values)]
    missing = {frozenset((a, b)): None for a, b in itertools.combinations(cells, 2) if a[0] != b[0]}
    rows = []
    while missing:
        row = dict(sorted(next(iter(missing))))
        for name, values in columns.items():
            if name not in row:
                row[name] = max(values, key=lambda value: _added((name, value), row, missing))
        for pair in itertools.combinations(row.items(), 2):
            missing.pop(frozenset(pair), None)
        rows.append(row)
    return rows


def _added(cell: Cell, row: Mapping[str, str], missing: Mapping[frozenset[Cell], None]) -> int:
    """How many missing pairs `cell` would cover in `row`."""
    return sum(frozenset((cell, other)) in missing for other in row.items())
