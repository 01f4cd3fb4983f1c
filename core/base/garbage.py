"""When Python looks for garbage: hardly ever during the start, and never among what was there by then."""

import gc
from typing import Final

USUAL: Final = gc.get_threshold()
"""Python's own thresholds."""

_SELDOM: Final = 100_000
"""The number of new objects after which garbage is looked for during the start."""


def collect_seldom() -> None:
    """Let garbage lie during the start: what is imported stays, and to visit it again and again takes a tenth of it."""
    gc.set_threshold(_SELDOM)


def collect_as_usual() -> None:
    """Look for garbage again, but only among what comes from now on: to visit all blocks a loop for 50 to 70 ms."""
    gc.freeze()
    gc.set_threshold(*USUAL)
