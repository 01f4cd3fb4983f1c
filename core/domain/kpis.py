"""One key figure beside its target; what was not measured is not a number."""

from datetime import datetime

import msgspec

from core.domain.status import Truth


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `value` is `None` where it was not measured; `text` is how it is shown, `note` what it rests on.

    `at`: when the project told what it is made of; `None` for what this machine measures itself. `recent`: how it stood
    in each of the last 24 hours, the oldest first; `None` where that is not known.
    """

    name: str
    title: str
    value: float | None = None
    text: str = "—"
    target: str = ""
    good: Truth = Truth.UNKNOWN
    note: str = ""
    at: datetime | None = None
    recent: tuple[float | None, ...] = ()
