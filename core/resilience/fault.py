"""One thing that went wrong, classified once, and what it means: to a breaker, as evidence, and whose fault it is."""

from enum import StrEnum

import msgspec


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
