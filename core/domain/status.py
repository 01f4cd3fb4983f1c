"""Shared vocabulary: truth values, levels and verdicts."""

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
        """Return the truth of a boolean; `None` was not measured."""
        if value is None:
            return cls.UNKNOWN
        return cls.TRUE if value else cls.FALSE


NOT_VISIBLE: Final = "not_visible"
"""The kind of fault of an empty answer that proves nothing: rows may be hidden from us."""


class Level(StrEnum):
    """The conclusion of a check."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class Verdict(msgspec.Struct, frozen=True):
    """A check's conclusion in words, without any time: the watchdog adds when it ran and how long it took.

    `answered`: the other side answered at all; the duration of a check without an answer is no latency.
    """

    level: Level
    text: str
    answered: bool = True

    @classmethod
    def ok(cls, text: str) -> "Verdict":
        """Return a verdict that all is well, and why."""
        return cls(Level.OK, text)

    @classmethod
    def warning(cls, text: str) -> "Verdict":
        """Return a verdict that somebody should look."""
        return cls(Level.WARNING, text)

    @classmethod
    def critical(cls, text: str) -> "Verdict":
        """Return a verdict that somebody must act."""
        return cls(Level.CRITICAL, text)

    @classmethod
    def unknown(cls, text: str) -> "Verdict":
        """Return a verdict that it is not known."""
        return cls(Level.UNKNOWN, text, answered=False)

    def unanswered(self) -> "Verdict":
        """Return the same verdict, about a side that did not answer."""
        return msgspec.structs.replace(self, answered=False)
