"""The breaker, alone and under a guard with many calls at once, against a reference, over any order of events."""

import asyncio
import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.resilience import REFUSED, Breakers, BreakerState, CircuitBreaker, Guard, Outcome, Policy, RetryRules
from core.resilience.fault import Counts, Evidence, Fault
from tests.clock import FakeClock
from tests.resilience.reference import Reference


class _Machine(RuleBasedStateMachine):
    """What time and operators do, and that both breakers always agree."""

    breaker: CircuitBreaker

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.reference = Reference(self.clock)

    @rule(seconds=st.sampled_from([0.5, 10.0, 29.0, 31.0, 61.0, 301.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from([-9999.0, 9999.0]))
    def the_wall_clock_jumps(self, seconds: float) -> None:
        self.clock.jump_wall(seconds)

    @rule()
    def somebody_resets(self) -> None:
        self.breaker.reset("ann")
        self.reference.reset()

    @rule()
    def somebody_holds(self) -> None:
        self.breaker.hold("ann", "repair")
        self.reference.hold()

    @rule()
    def somebody_releases(self) -> None:
        self.breaker.release("ann")
        self.reference.release()

    @rule()
    def it_is_made_due(self) -> None:
        assert self.breaker.make_due() is self.reference.make_due()

    @invariant()
    def both_agree(self) -> None:
        record = self.breaker.record()
        assert record.state.value == self.reference.shown
        assert record.failures == self.reference.failures
        assert (record.not_closed_since is None) is (record.state is BreakerState.CLOSED)
        assert self.breaker.refusing is self.reference.refusing


class BreakerMachine(_Machine):
    """`in_flight` are (the breaker's generation, the reference's era, asked?) of calls that have not ended."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = CircuitBreaker("db:x", self.clock, jitter=lambda: 0.5)
        self.in_flight: list[tuple[int, int, bool]] = []

    @rule()
    def a_call_begins(self) -> None:
        may = self.reference.begin()
        generation = self.breaker.admit()
        assert (generation != REFUSED) is may
        if may:
            self.in_flight.append((generation, self.reference.era, True))

    @rule()
    def a_check_begins(self) -> None:
        self.reference.settle()
        self.in_flight.append((self.breaker.watch(), self.reference.era, False))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), counts=st.sampled_from(Counts))
    def a_call_ends(self, data: st.DataObject, counts: Counts) -> None:
        generation, era, asked = self.in_flight.pop(data.draw(st.integers(0, len(self.in_flight) - 1)))
        (self.breaker.report if asked else self.breaker.report_unasked)(generation, counts)
        self.reference.end(era, counts, asked=asked)

    @rule(times=st.integers(1, 6))
    def failures_come(self, times: int) -> None:
        for _ in range(times):
            may = self.reference.begin()
            generation = self.breaker.admit()
            if may:
                self.breaker.report(generation, Counts.FAILURE)
                self.reference.end(self.reference.era, Counts.FAILURE, asked=True)


class Trouble(Exception):
    """What the server raises: it counts as `args[0]`."""


def classify(error: BaseException) -> Fault:
    return Fault(kind="trouble", counts=error.args[0], evidence=Evidence.NONE, message="trouble")


class _Call:
    """One call through the guard: its task, its request at the server, when that went out."""

    def __init__(self, task: "asyncio.Task[Outcome[int]]", era: int, *, asked: bool) -> None:
        self.task, self.era, self.asked = task, era, asked
        self.request: asyncio.Future[int] | None = None


class GuardMachine(_Machine):
    """Calls begin, hang, end and are cancelled wherever they wait, late ones too. The server sees what goes out."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        breakers = Breakers(self.clock, jitter=lambda: 0.5)
        self.guard = Guard(self.clock, breakers, classify, chance=lambda: 0.0)
        self.breaker = breakers.get("db:x")
        self.calls: list[_Call] = []
        self.came: list[asyncio.Future[int]] = []

    async def _server(self) -> int:
        request: asyncio.Future[int] = self.loop.create_future()
        self.came.append(request)
        return await request

    def _turn(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0))
        for _ in range(10):
            self.loop.run_until_complete(asyncio.sleep(0))

    def _begin(self, *, asked: bool, retry: bool = False) -> None:
        may = self.reference.begin() if asked else True
        self.reference.settle()
        policy = Policy(total_s=math.inf, refusable=asked, retry=RetryRules(retries=1) if retry else None)

        async def start() -> "asyncio.Task[Outcome[int]]":
            return asyncio.create_task(self.guard.call("db:x", self._server, policy=policy))

        call = _Call(self.loop.run_until_complete(start()), self.reference.era, asked=asked)
        self._turn()
        assert len(self.came) == int(may)
        if may:
            call.request = self.came.pop()
            self.calls.append(call)
        else:
            fault = call.task.result().fault
            assert fault is not None
            assert fault.kind == "refused_by_breaker"

    @rule()
    def a_call_begins(self) -> None:
        self._begin(asked=True)

    @rule()
    def a_check_begins(self) -> None:
        self._begin(asked=False)

    @rule(count=st.integers(2, 30))
    def many_begin_at_once(self, count: int) -> None:
        for _ in range(count):
            self._begin(asked=True)

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), counts=st.sampled_from(Counts))
    def one_ends(self, data: st.DataObject, counts: Counts) -> None:
        call = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        assert call.request is not None
        if counts is Counts.SUCCESS:
            call.request.set_result(7)
        else:
            call.request.set_exception(Trouble(counts))
        self._turn()
        assert call.task.done()
        assert (call.task.result().fault is None) is (counts is Counts.SUCCESS)
        self.reference.end(call.era, counts, asked=call.asked)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def one_is_cancelled(self, data: st.DataObject) -> None:
        call = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        call.task.cancel()
        self._turn()
        assert call.task.cancelled()
        self.reference.end(call.era, Counts.NEUTRAL, asked=call.asked)

    @rule()
    def one_is_cancelled_before_it_has_begun(self) -> None:
        async def start() -> None:
            task = asyncio.create_task(self.guard.call("db:x", self._server, policy=Policy(total_s=math.inf)))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.loop.run_until_complete(start())
        assert self.came == []

    @rule()
    def five_fail(self) -> None:
        for _ in range(5):
            before = len(self.calls)
            self._begin(asked=True)
            if len(self.calls) > before:
                call = self.calls.pop()
                assert call.request is not None
                call.request.set_exception(Trouble(Counts.FAILURE))
                self._turn()
                self.reference.end(call.era, Counts.FAILURE, asked=True)

    @rule()
    def it_opens_and_its_time_comes(self) -> None:
        """The way to half-open, which chance alone seldom finds."""
        self.five_fail()
        self.clock.advance(61)

    @invariant()
    def at_most_one_probe_is_out(self) -> None:
        if self.breaker.state is BreakerState.HALF_OPEN:
            probes = [call for call in self.calls if call.asked and call.era == self.reference.era]
            assert len(probes) <= 1

    def teardown(self) -> None:
        """Whatever happened: with everything over, the next good call closes it. No permit is ever lost."""
        self.breaker.release("ann")
        for call in self.calls:
            call.task.cancel()
        self._turn()
        self.clock.advance(100)
        self.reference = Reference(self.clock)
        task = self.loop.create_task(self.guard.call("db:x", self._server, policy=Policy(total_s=math.inf)))
        self._turn()
        assert len(self.came) == 1
        self.came.pop().set_result(7)
        self._turn()
        assert task.result().data == 7
        assert self.breaker.state is BreakerState.CLOSED
        self.loop.close()


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestGuard = GuardMachine.TestCase
TestGuard.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
