"""The tables that show us rows: row level security answers with an empty list, which proves no empty table."""

from typing import Final

import msgspec

from core.backend.faults import of_rights
from core.base.clock import Clock
from core.domain.status import NOT_VISIBLE
from core.resilience.fault import Fault

_REMEDY: Final = "if it is not empty, sign in as the master account or use a secret key"
_ASKED_AGAIN_S: Final = 60.0


class Visibility:
    """Remembers which tables have shown a row. `sees_all`: nothing is hidden from us, so an empty answer is proof."""

    def __init__(self, clock: Clock, *, sees_all: bool) -> None:
        self._clock = clock
        self._sees_all = sees_all
        self._shown: set[str] = set()
        self._looked: dict[str, float] = {}

    def saw(self, table: str) -> None:
        """Record that a row of the table came."""
        self._shown.add(table)

    def shown(self, table: str) -> bool:
        """Return whether a row of the table ever came."""
        return table in self._shown

    def empty_is_empty(self, table: str) -> bool:
        """Return whether an empty answer proves that nothing is there."""
        return self._sees_all or table in self._shown

    def looked(self, table: str) -> None:
        """Record that a look for any row found none: it need not be repeated for a minute."""
        self._looked[table] = self._clock.elapsed()

    def just_looked(self, table: str) -> bool:
        """Return whether a look within the last minute found nothing."""
        at = self._looked.get(table)
        return at is not None and self._clock.elapsed() - at < _ASKED_AGAIN_S


def not_visible(table: str) -> Fault:
    """Build the fault of an empty answer that proves nothing. No person need act where the table is really empty."""
    message = f"no row of {table} is visible to this account"
    return msgspec.structs.replace(of_rights(NOT_VISIBLE, message, _REMEDY), person=False)
