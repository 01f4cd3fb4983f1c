"""How this monitor itself does."""

import msgspec


class SelfStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How this monitor itself does, in coarse steps; `None`: not measured yet. `out`: what is out of bounds, in words.

    `lag_ms`: an upper bound of what 99 of 100 turns of the event loop within the last minute were late.
    """

    memory_mb: int | None = None
    lag_ms: int | None = None
    out: tuple[str, ...] = ()
