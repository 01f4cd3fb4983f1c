"""Actors as events, notes and audit rows write them: `operator jana@watch-1`, or one word for one without a name."""

from enum import StrEnum
from typing import Final


class By(StrEnum):
    """The kind of actor: a person, a watchdog by itself, the agents, or this program without anybody."""

    OPERATOR = "operator"
    WATCHDOG = "watchdog"
    AGENTS = "agents"
    WATCHDESK = "watchdesk"


_HANDS: Final = {by.value: by for by in By}

ANOTHER: Final = "another monitor"
"""The actor of an action whose row names nobody."""


def by_of(who: str) -> By | None:
    """Return the kind of actor; `None` where the name does not say."""
    return _HANDS.get(short_of(who))


def host_of(who: str) -> str:
    """Return the host in an actor's written name; for a name without one, the name itself."""
    return who.rpartition("@")[2]


def short_of(who: str) -> str:
    """Return the first word of an actor's written name, for where there is little room."""
    return who.partition(" ")[0]
