"""Who did it, as events, notes and audit rows write it: `operator jana@watch-1`, or one word for who has no name."""

from enum import StrEnum
from typing import Final


class By(StrEnum):
    """Whose hand it was: a person's, a watchdog's by itself, the agents', or this program's without anybody."""

    OPERATOR = "operator"
    WATCHDOG = "watchdog"
    AGENTS = "agents"
    WATCHDESK = "watchdesk"


_HANDS: Final = {by.value: by for by in By}

ANOTHER: Final = "another monitor"
"""Who gave an order whose row names nobody."""


def by_of(who: str) -> By | None:
    """Return whose hand it was; `None` where the name does not say."""
    return _HANDS.get(short_of(who))


def host_of(who: str) -> str:
    """Return on which machine it was done; for a name without one, the name itself."""
    return who.rpartition("@")[2]


def short_of(who: str) -> str:
    """Return the first word, for where there is little room."""
    return who.partition(" ")[0]
