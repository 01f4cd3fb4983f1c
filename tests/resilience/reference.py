"""A breaker written to be read: what the real one is compared with."""

from core.resilience.fault import Counts
from tests.clock import FakeClock

OPENS_AT, OPEN_S, PERMIT_S, AGES_OUT_S = 5, 60, 30, 300


class Reference:
    """One breaker's rules, without jitter. An `era` is what the real one calls a generation."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.mode, self.era, self.failures, self._last = "closed", 0, 0, 0.0
        self.until, self.permit = 0.0, None

    def _enter(self, mode: str, until: float = 0.0) -> None:
        self.mode, self.era, self.until, self.permit = mode, self.era + 1, until, None
        if mode == "closed":
            self.failures = 0

    def settle(self) -> float:
        """What time alone did; now."""
        now = self._clock.elapsed()
        if self.mode == "half_open" and self.permit is not None and now >= self.permit:
            self.failures += 1
            self._enter("open", self.permit + OPEN_S)
        if self.mode == "closed" and now - self._last > AGES_OUT_S:
            self.failures = 0
        return now

    def begin(self) -> bool:
        """A call that may be refused begins: whether it goes out."""
        now = self.settle()
        if self.mode == "open" and now >= self.until:
            self._enter("half_open")
        if self.mode == "half_open" and self.permit is None:
            self.permit = now + PERMIT_S
            return True
        return self.mode == "closed"

    def end(self, era: int, counts: Counts, *, asked: bool) -> None:
        """A call of that era ends; `asked` is one that might have been refused."""
        now = self.settle()
        if era != self.era:
            return
        if self.mode == "closed":
            if counts is Counts.SUCCESS:
                self.failures = 0
            elif counts is Counts.FAILURE:
                self.failures, self._last = self.failures + 1, now
                if self.failures >= OPENS_AT:
                    self._enter("open", now + OPEN_S)
        elif counts is Counts.SUCCESS and self.mode != "held":
            self._enter("closed")
        elif asked and self.mode == "half_open":
            self.permit = None
            if counts is Counts.FAILURE:
                self.failures += 1
                self._enter("open", now + OPEN_S)

    def reset(self) -> None:
        """An operator closes it."""
        self.settle()
        if self.mode != "closed":
            self._enter("closed")
        self.failures = 0

    def hold(self) -> None:
        """An operator holds it open."""
        self.settle()
        self._enter("held")

    def release(self) -> None:
        """An operator lets go of it."""
        if self.mode == "held":
            self._enter("open", self._clock.elapsed())

    def make_due(self) -> bool:
        """Its next call may probe: whether that changed anything."""
        now = self.settle()
        if self.mode != "open" or now >= self.until:
            return False
        self.until = now
        return True

    @property
    def shown(self) -> str:
        """The state as it is shown."""
        now = self.settle()
        return "due" if self.mode == "open" and now >= self.until else self.mode

    @property
    def refusing(self) -> bool:
        """Whether the next call would be refused."""
        return self.shown in {"open", "held"} or (self.shown == "half_open" and self.permit is not None)
