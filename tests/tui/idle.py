"""When an app in a test is at rest: by what its loop has to do, not by how busy the processor was for a while.

Textual's own way sleeps for 20 ms and more at each key, and takes an app that is kept from running for one at rest.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import textual.app
import textual.pilot
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

SOON_S: Final = 0.02
"""What is due within this belongs to what is going on: a screen is painted every sixtieth of a second."""
_LONGEST_S: Final = 1.0
_SLICE_S: Final = 0.001


async def at_rest(min_sleep: float = 0.0, max_sleep: float = _LONGEST_S) -> None:
    """Wait until nothing is to be done now or soon; what comes from other threads or sockets is not waited for."""
    loop: Any = asyncio.get_running_loop()
    until = loop.time() + max_sleep
    await asyncio.sleep(min(min_sleep, _SLICE_S))
    while loop.time() < until:
        await asyncio.sleep(0)
        due = [handle.when() for handle in loop._scheduled if not handle.cancelled()]
        if not loop._ready and min(due, default=until) > loop.time() + SOON_S:
            return
        if not loop._ready:
            await asyncio.sleep(_SLICE_S)


def install() -> None:
    """Have every pilot wait in this way, and every app take the rules of a style sheet that one has parsed before."""
    for module in (textual.app, textual.pilot):
        module.wait_for_idle = at_rest  # type: ignore[attr-defined]  # imported there
    Stylesheet._parse_rules = _parsed_once(Stylesheet._parse_rules)  # type: ignore[method-assign]  # the same, kept


def _parsed_once(parse: Callable[..., list[RuleSet]]) -> Callable[..., list[RuleSet]]:
    """Return `parse` with a memory: a sixth of what an app in a test costs is its parsing of the same text."""
    known: dict[Any, list[RuleSet]] = {}

    def parsed(sheet: Stylesheet, *args: Any, **more: Any) -> list[RuleSet]:
        key = (tuple(sheet._variables.items()), args, tuple(more.items()))
        if key not in known:
            known[key] = parse(sheet, *args, **more)
        return list(known[key])

    return parsed
