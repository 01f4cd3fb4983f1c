"""The rows of a write: how many one may name, and which of them it changed."""

from typing import Any, Final

from core.backend.columns import row_id

BATCH: Final = 100
"""Ids in one request: 200 uuids make a URL near the usual proxy limit."""

ANY: Final = object()
"""Stands for whatever a value was."""


def some(ids: tuple[str, ...]) -> list[str]:
    """Return the ids of a write as a list. Raises ValueError for none, or more than one request takes."""
    if not 1 <= len(ids) <= BATCH:
        raise ValueError(f"a write names 1 to {BATCH} rows, not {len(ids)}")
    return list(ids)


def changed_ids(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return the ids of the rows that a write answered with: those that changed."""
    return tuple(row_id(row) for row in rows)
