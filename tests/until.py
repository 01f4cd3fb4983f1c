"""Waiting for what must become so: by looking, never by a time that should do."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE_S: Final = 100.0
"""How long a test waits before it fails. Nothing takes that long, even on a machine that has much else to do."""

_LOOK_S: Final = 0.02


async def until(holds: Callable[[], T], what: str = "it never became so", within_s: float = PATIENCE_S) -> T:
    """Wait until it holds, on the event loop; what it returned then."""
    end = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < end, what
        await asyncio.sleep(_LOOK_S)
    return found


def awaited(look: Callable[[], T | None], what: str = "it never came", within_s: float = PATIENCE_S) -> T:
    """Wait until there is what `look` looks for, without an event loop; what it found."""
    end = time.monotonic() + within_s
    while (found := look()) is None:
        assert time.monotonic() < end, what
        time.sleep(_LOOK_S)
    return found
