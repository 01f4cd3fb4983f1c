"""Percentiles by nearest rank: always one of the values, never one that nobody measured."""

from collections.abc import Iterable


def percentile(values: Iterable[float], share: int) -> float:
    """Return the smallest value that at least `share` percent of `values` do not exceed. Raises ValueError for none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no value has no percentile")
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]
