"""The words every room shares: how sure we are, where a value came from, what a check found, what went wrong."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, TypeVar

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


class Source(StrEnum):
    """Where a value came from. Only `live` is a measurement of now; `default` is no measurement at all."""

    LIVE = "live"
    CACHED = "cached"
    DEFAULT = "default"


class Counts(StrEnum):
    """What an outcome means to a breaker."""

    FAILURE = "failure"
    SUCCESS = "success"
    NEUTRAL = "neutral"


class Evidence(StrEnum):
    """What a fault proves about the other side.

    `down`: it does not work (refused, 5xx, garbage). `alive`: it answered, and refused. `silent`: connected, no
    answer yet. `none`: nothing, because we could not even reach it (no DNS, no route) or did not ask.
    """

    DOWN = "down"
    ALIVE = "alive"
    SILENT = "silent"
    NONE = "none"


class Party(StrEnum):
    """Who is at fault.

    `project`: its database, API or functions. `platform`: what hosts it. `rights`: what our key or account may do.
    `machine`: this machine's own way out, proxies and certificates included. `watchdesk`: ourselves, for nothing was
    asked. Only the first two can prove the project down.
    """

    PROJECT = "project"
    PLATFORM = "platform"
    RIGHTS = "rights"
    MACHINE = "machine"
    WATCHDESK = "watchdesk"


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that went wrong, classified once and carried as a value from then on.

    `kind` is the stable name in the fault table, `message` one sentence for an operator, `remedy` what to do about it
    (empty: nothing but wait). `person` says that waiting will not help: someone must change configuration, key,
    rights or schema. `retry_after_s` is the server's own wish, in seconds. `sent` says that the request had left when
    its way failed: whatever it was may have been carried out, though the fault proves nothing of the other side.
    """

    kind: str
    counts: Counts
    evidence: Evidence
    message: str
    remedy: str = ""
    component: str = ""
    code: str | None = None
    person: bool = False
    retry_after_s: float | None = None
    sent: bool = False
    status: int | None = None
    """The HTTP status of the answer, where there was one."""
    party: Party = Party.WATCHDESK

    def sentence(self) -> str:
        """Message and remedy as one line for people."""
        return f"{self.message}: {self.remedy}" if self.remedy else self.message


NOT_VISIBLE: Final = "not_visible"
"""The kind of fault of an empty answer that proves nothing: rows may be hidden from us."""


class Reading(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A value with its origin. `value` is `None` when nothing is known; `at` is when it was live, aware, UTC.

    `fault` is why it is not live.
    """

    value: T | None = None
    source: Source = Source.DEFAULT
    at: datetime | None = None
    fault: Fault | None = None

    def age_s(self, now: datetime) -> float | None:
        """Seconds since the value was live; `None` for a default."""
        return None if self.at is None else max(0.0, (now - self.at).total_seconds())

    @property
    def live(self) -> bool:
        """Whether this is a measurement of now."""
        return self.source is Source.LIVE


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
