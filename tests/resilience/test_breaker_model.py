"""The breaker against a reference that is written to be read, over any order of events."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.facts import Counts
from core.resilience import REFUSED, CircuitBreaker
from tests.clock import FakeClock


class BreakerMachine(RuleBasedStateMachine):
    """`in_flight` are (breaker's generation, reference's era, asked?) of calls that have not ended."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.breaker = CircuitBreaker("db:x", self.clock, jitter=lambda: 0.5)
        self.mode, self.era, self.failures, self.last = "closed", 0, 0, 0.0
        self.until, self.permit = 0.0, None
        self.in_flight: list[tuple[int, int, bool]] = []

    def enter(self, mode: str, until: float = 0.0) -> None:
        self.mode, self.era, self.until, self.permit = mode, self.era + 1, until, None
        if mode == "closed":
            self.failures = 0

    def settle(self) -> float:
        now = self.clock.elapsed()
        if self.mode == "half_open" and self.permit is not None and now >= self.permit:
            self.failures += 1
            self.enter("open", self.permit + 60)
        return now

    @rule()
    def a_call_begins(self) -> None:
        now = self.settle()
        if self.mode == "open" and now >= self.until:
            self.enter("half_open")
        may = self.mode == "closed" or (self.mode == "half_open" and self.permit is None)
        if self.mode == "half_open" and may:
            self.permit = now + 30
        generation = self.breaker.admit()
        assert (generation != REFUSED) is may
        if may:
            self.in_flight.append((generation, self.era, True))

    @rule()
    def a_check_begins(self) -> None:
        self.settle()
        self.in_flight.append((self.breaker.watch(), self.era, False))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), counts=st.sampled_from(Counts))
    def a_call_ends(self, data: st.DataObject, counts: Counts) -> None:
        generation, era, asked = self.in_flight.pop(data.draw(st.integers(0, len(self.in_flight) - 1)))
        now = self.settle()
        (self.breaker.report if asked else self.breaker.report_unasked)(generation, counts)
        if era != self.era:
            return
        if self.mode == "closed":
            if counts is Counts.SUCCESS:
                self.failures = 0
            elif counts is Counts.FAILURE:
                self.failures = 1 if now - self.last > 300 else self.failures + 1
                self.last = now
                if self.failures >= 5:
                    self.enter("open", now + 60)
        elif counts is Counts.SUCCESS and self.mode != "held":
            self.enter("closed")
        elif asked and self.mode == "half_open":
            self.permit = None
            if counts is Counts.FAILURE:
                self.failures += 1
                self.enter("open", now + 60)

    @rule(times=st.integers(1, 6))
    def failures_come(self, times: int) -> None:
        for _ in range(times):
            before = len(self.in_flight)
            self.a_call_begins()
            if len(self.in_flight) > before:
                generation, era, _ = self.in_flight.pop()
                now = self.settle()
                self.breaker.report(generation, Counts.FAILURE)
                if self.mode == "closed":
                    self.failures = 1 if now - self.last > 300 else self.failures + 1
                    self.last = now
                    if self.failures >= 5:
                        self.enter("open", now + 60)
                elif era == self.era:
                    self.failures += 1
                    self.enter("open", now + 60)

    @rule(seconds=st.sampled_from([0.5, 10.0, 29.0, 31.0, 61.0, 301.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from([-9999.0, 9999.0]))
    def the_wall_clock_jumps(self, seconds: float) -> None:
        self.clock.jump_wall(seconds)

    @rule()
    def somebody_resets(self) -> None:
        self.settle()
        self.breaker.reset("ann")
        if self.mode != "closed":
            self.enter("closed")
        self.failures = 0

    @rule()
    def somebody_holds(self) -> None:
        self.settle()
        self.breaker.hold("ann", "repair")
        self.enter("held")

    @rule()
    def somebody_releases(self) -> None:
        self.breaker.release("ann")
        if self.mode == "held":
            self.enter("open", self.clock.elapsed())

    @rule()
    def it_is_made_due(self) -> None:
        now = self.settle()
        made = self.breaker.make_due()
        assert made is (self.mode == "open" and now < self.until)
        if made:
            self.until = now

    @invariant()
    def both_agree(self) -> None:
        now = self.settle()
        shown = "due" if self.mode == "open" and now >= self.until else self.mode
        record = self.breaker.record()
        assert record.state.value == shown
        assert (record.not_closed_since is None) is (shown == "closed")
        if self.mode == "closed" and now - self.last > 300:
            self.failures = 0
        assert record.failures == self.failures
        refusing = shown in {"open", "held"} or (shown == "half_open" and self.permit is not None)
        assert self.breaker.refusing is refusing


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
