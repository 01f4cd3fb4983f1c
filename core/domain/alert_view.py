"""An alert as it is shown: its state in the field's words, and its place in every list."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from core.domain.alerts import Severity


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it is shown. `state`: pending, firing, acknowledged, silenced, hidden (behind another) or resolved.

    `acked`: who acknowledged it; `acked_as`: as of which severity, where it was graver then. `muted`: why nobody is
    told. `told`: the number of contacts told. `behind`: the rule behind which it is hidden, if it is.
    """

    key: str
    rule: str
    subject: str
    severity: str
    state: str
    title: str
    text: str = ""
    runbook: str = ""
    episode: str = ""
    began_at: datetime | None = None
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    acked: str = ""
    acked_as: str = ""
    muted: str = ""
    told: int = 0
    behind: str = ""
    flapping: bool = False
    """The alert changes often, and so fires for a while longer."""
    well: bool = False
    """The condition does not hold at present: the alert is about to resolve, or flaps."""

    @property
    def acked_words(self) -> str:
        """Return who acknowledged it, and what it was then; empty: nobody."""
        return f"{self.acked}, when it was {self.acked_as}" if self.acked_as else self.acked

    @property
    def word(self) -> str:
        """Return its state in the field's words: `inhibited` while another alert explains it, `resolving` once its
        condition holds no longer, though not yet for long enough.
        """
        if self.state == "hidden":
            return "inhibited"
        return "resolving" if self.state == "firing" and self.well else self.state

    @property
    def course(self) -> str:
        """Return what its word does not say: that it changes often, or that it is about to resolve."""
        resolves = self.resolving and self.word != "resolving"
        return ", ".join(word for word, so in (("flapping", self.flapping), ("resolving", resolves)) if so)

    @property
    def titled(self) -> str:
        """Return its title, and its course."""
        return f"{self.title} ({self.course})" if self.course else self.title

    @property
    def fires(self) -> bool:
        """Return whether its condition has held long enough, still does, and is no mere consequence of another's."""
        return self.state not in {"pending", "resolved", "hidden"}

    @property
    def is_so(self) -> bool:
        """Return whether it fires and its condition holds now, as far as is known."""
        return self.fires and not self.well

    @property
    def resolving(self) -> bool:
        """Return whether it fires and its condition holds no longer: it resolves once that has lasted for a while."""
        return self.fires and self.well

    @property
    def cared(self) -> bool:
        """Return whether somebody has it: it was acknowledged, or silenced."""
        return self.state in {"acknowledged", "silenced"}

    @property
    def place(self) -> tuple[int, int, bool]:
        """Return its place wherever alerts stand in order: what fires, may fire, is about to be over, is over.

        Of each the graver first, and of those what nobody has yet.
        """
        course = 0 if self.is_so else 1 if self.state == "pending" else 2 if self.state != "resolved" else 3
        return course, Severity(self.severity).rank, self.cared


def in_order(alerts: Iterable[AlertView]) -> tuple[AlertView, ...]:
    """Return alerts in the order of every list."""
    return tuple(sorted(alerts, key=lambda one: (one.place, one.key)))


def alerts_in_words(alerts: Iterable[AlertView]) -> str:
    """Return how many alerts fire, and how many of those nobody needs to act on: `1 firing, 2 acknowledged`."""
    many = Counter(one.word for one in alerts if one.fires)
    words = ("firing", "resolving", "acknowledged", "silenced")
    return ", ".join(f"{many[word]:,} {word}" for word in words if many[word])
