"""What an order on many rows has done so far, and whether it may go on."""

from collections.abc import Callable
from typing import Any, Final

from core.act.orders import Phase, PlanStep
from core.facts import Evidence, Fault
from core.resilience import NotLive

_IDS_KEPT: Final = 1000


class Tally:
    """Counts of one run. `go_on` is asked before every batch: why it must stop there, empty while it may go on.

    `unknown` are rows of a write whose answer was lost and that could not be read back.
    """

    def __init__(self, run: str, by: str, planned: int, go_on: Callable[[], str]) -> None:
        self.run, self.by = run, by
        self.planned = planned
        self._go_on = go_on
        self._halted = ""
        self.changed = self.skipped = self.refused = self.unknown = 0
        self.ids: list[str] = []
        self._by_step: dict[str, int] = {}
        self._faults: list[tuple[str, Fault]] = []

    @property
    def whole(self) -> bool:
        """Whether nothing was refused, nothing failed, and nobody said stop."""
        return not (self.refused or self.unknown or self._faults or self._halted)

    def halted(self) -> bool:
        """Whether it may not go on. Once that was so it stays so."""
        self._halted = self._halted or self._go_on()
        return bool(self._halted)

    def fail(self, title: str, error: NotLive) -> None:
        """Note a step that could not be carried out."""
        self._faults.append((title, error.fault))

    def close(self, step: PlanStep, before: int) -> None:
        """Note what a step changed, given how much had been changed before it."""
        self._by_step[step.title.lower()] = self.changed - before

    def phase(self) -> Phase:
        """The worst thing that happened, or that all was seen."""
        if self.whole:
            return Phase.SEEN
        if self.changed:
            return Phase.PARTLY
        if self.unknown:
            return Phase.UNKNOWN
        return phase_of(self._faults[0][1]) if self._faults else Phase.REFUSED

    def text(self) -> str:
        """One line for people."""
        parts = ", ".join(f"{title} {count:,}" for title, count in self._by_step.items())
        changed = f"{self.changed:,} changed" + (f" ({parts})" if parts else "")
        line = f"{changed}, {self.skipped:,} skipped, {self.refused:,} refused"
        if self.unknown:
            line += f"; {self.unknown:,} not known, their answer was lost"
        if self.refused:
            line += "; refused rows are not ours to change: sign in as the master account or use a secret key"
        if self._halted:
            line += f"; halted: {self._halted}"
        return line + "".join(f"; {title}: {fault.sentence()}" for title, fault in self._faults)

    def described(self) -> dict[str, Any]:
        """For the audit row."""
        return {
            "planned": self.planned,
            "changed": self.changed,
            "skipped": self.skipped,
            "refused": self.refused,
            "steps": self._by_step,
            "ids": self.ids[:_IDS_KEPT],
            "text": self.text(),
        }


def phase_of(fault: Fault) -> Phase:
    """How far an order came that met this fault before it changed anything."""
    return Phase.REFUSED if fault.evidence is Evidence.ALIVE else Phase.UNREACHABLE
