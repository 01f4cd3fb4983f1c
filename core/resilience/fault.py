"""One thing that went wrong, classified once: its meaning to a breaker, its weight as evidence, and who is at fault."""

from enum import StrEnum

import msgspec


class Counts(StrEnum):
    """The meaning of an outcome to a breaker."""

    FAILURE = "failure"
    SUCCESS = "success"
    NEUTRAL = "neutral"


class Evidence(StrEnum):
    """The evidence of a fault about the other side.

    `down`: it does not work (refused, 5xx, garbage). `alive`: it answered, and refused. `silent`: connected, no answer
    yet. `none`: nothing, because we could not even reach it (no DNS, no route) or did not ask.
    """

    DOWN = "down"
    ALIVE = "alive"
    SILENT = "silent"
    NONE = "none"


class Party(StrEnum):
    """The party at fault.

    `project`: its database, API or functions. `platform`: its hosting. `rights`: the permissions of our key or account.
    `machine`: this machine's own network, proxies and certificates included. `watchdesk`: ourselves, for nothing was
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
    (empty: nothing but wait). `person` says that waiting will not help: someone must change configuration, key, rights
    or schema. `retry_after_s` is the pause the server asked for, seconds. `sent` says that the request had left before
    the connection failed: it may have been carried out, though the fault proves nothing of the other side.
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
        """Return message and remedy as one line for people."""
        return f"{self.message}: {self.remedy}" if self.remedy else self.message
