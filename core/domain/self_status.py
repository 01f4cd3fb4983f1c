"""The status of this monitor itself."""

import msgspec


class SelfStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of this monitor itself, in coarse steps; `None`: not measured yet.

    `out`: limits exceeded just now, in words. `lag_ms`: an upper bound of the delay of 99 of 100 turns of the event
    loop within the last minute.
    """

    memory_mb: int | None = None
    lag_ms: int | None = None
    out: tuple[str, ...] = ()
