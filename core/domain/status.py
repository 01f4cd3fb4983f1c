"""The words every room shares: how sure we are, where a value came from, what a check found, what went wrong."""

from enum import StrEnum
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")


class Truth(StrEnum):
    """A condition in an outside world that does not always answer."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, value: bool | None) -> "Truth":
        """`None` is what was not measured."""
        if value is None:
            return cls.UNKNOWN
        return cls.TRUE if value else cls.FALSE


NOT_VISIBLE: Final = "not_visible"
"""The kind of fault of an empty answer that proves nothing: rows may be hidden from us."""


class Level(StrEnum):
    """What a check concluded."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class Verdict(msgspec.Struct, frozen=True):
    """A check's conclusion and the words for it, without any time: the watchdog adds when and how long.

    `answered`: whether whom it asked answered at all; how long something took that did not is no latency.
    """

    level: Level
    text: str
    answered: bool = True

    @classmethod
    def ok(cls, text: str) -> "Verdict":
        """All is well, and why we think so."""
        return cls(Level.OK, text)

    @classmethod
    def warning(cls, text: str) -> "Verdict":
        """Somebody should look."""
        return cls(Level.WARNING, text)

    @classmethod
    def critical(cls, text: str) -> "Verdict":
        """Somebody must act."""
        return cls(Level.CRITICAL, text)

    @classmethod
    def unknown(cls, text: str) -> "Verdict":
        """We do not know, and say so."""
        return cls(Level.UNKNOWN, text, answered=False)

    def unanswered(self) -> "Verdict":
        """The same, of somebody who did not answer."""
        return msgspec.structs.replace(self, answered=False)
