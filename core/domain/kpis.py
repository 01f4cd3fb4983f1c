"""Key figures, each beside its target; one that was not measured has no number."""

from datetime import datetime
from typing import Final

import msgspec

from core.domain.status import Truth

DAY: Final = "success_24h"
"""The name of the success rate of a day, which the panels read by themselves."""


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `value` is `None` where it was not measured; `text` is how it is shown, `note` its basis.

    `high_is_good`: higher is better. `at`: when the project's part of it was read; `None` for one that this machine
    measures itself. `recent`: its value in each of the last 24 hours, the oldest first; `None` where that is not known.
    """

    name: str
    title: str
    value: float | None = None
    text: str = "—"
    target: str = ""
    high_is_good: bool = False
    good: Truth = Truth.UNKNOWN
    note: str = ""
    at: datetime | None = None
    recent: tuple[float | None, ...] = ()
