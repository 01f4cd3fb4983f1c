"""Percentiles are nearest ranks: a value that was measured."""

import pytest

from core.base.percentiles import percentile


def test_percentiles_are_nearest_ranks() -> None:
    values = tuple(float(n) for n in range(1, 101))
    assert (percentile(values, 50), percentile(values, 95), percentile((7.0,), 95)) == (50.0, 95.0, 7.0)
    assert percentile((3.0, 1.0, 2.0), 1) == 1.0


def test_nothing_has_none() -> None:
    with pytest.raises(ValueError, match="no value"):
        percentile((), 95)
