"""A value for which the project works long is asked for seldom, more seldom where it cannot tell it; that is said."""

import asyncio
from pathlib import Path

from core.services.config import RefreshRules
from core.services.slow_reads import FIRST_PAUSE_S, LONGEST_FAILING_S, LONGEST_PAUSE_S, SlowReads
from tests.actions.driving import Driven
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.wire import answer, hang, wire

TOO_LONG = b'{"code": "57014", "message": "canceling statement due to statement timeout"}'
LAST_COMPLETED = "/rest/v1/autonomous_tasks?select=completed_at"


def test_a_slow_value_is_read_again_within_minutes_however_long_it_took() -> None:
    clock = FakeClock()
    slow = SlowReads(clock, RefreshRules(total_s=8))
    waited = []
    for _ in range(5):
        slow.took("rate", 28_800)  # the machine slept meanwhile
        slow.read(["rate"])
        waited.append(0)
        while not slow.due(["rate"]):
            clock.advance(1)
            waited[-1] += 1
    assert waited == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    slow.took("rate", 0.1)  # it was slow for a while only
    slow.read(["rate"])
    clock.advance(30)
    assert slow.due(["rate"]) == ("rate",)


def test_slow_values_take_turns_and_what_waits_for_nothing_comes_at_once() -> None:
    clock = FakeClock()
    slow = SlowReads(clock, RefreshRules(slow_period_s=30, jitter=0))
    names = ("a", "b", "c")
    assert slow.due(()) == ()
    assert slow.due(names) == names  # none was read yet
    for name in names:
        slow.read([name])
        clock.advance(1)
    assert slow.due(names) == ()
    clock.advance(28)
    assert slow.due(names) == ("a",)
    slow.read(["a"])
    clock.advance(1)
    assert slow.due(names) == ("b",)
    slow.failed("c")  # at once: it cost the project nothing
    assert slow.due(names) == ("c",)
    assert slow.failing == ()
    slow.make_all_due()
    assert slow.due(names) == names


def test_what_fails_slowly_waits_longer_each_time_and_not_for_ever() -> None:
    clock = FakeClock()
    slow = SlowReads(clock, RefreshRules(total_s=8))
    waited = []
    for _ in range(12):
        slow.took("rate", 8)
        slow.failed("rate")
        waited.append(0)
        while not slow.due(["rate"]):
            clock.advance(1)
            waited[-1] += 1
    assert waited == [16, 32, 64, 128, 256, 512, *[LONGEST_FAILING_S] * 6]
    assert slow.failing == ("rate",)
    slow.failed("rate")  # refused by its breaker: it is no sign of recovery
    assert slow.failing == ("rate",)
    slow.read(["rate"])
    assert slow.failing == ()


@ONE_SHAPE
async def test_a_project_that_cannot_tell_a_value_in_time_is_spared_and_the_remedy_is_named(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.completed(3)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True).begin()
        readings = driven.parts.readings
        assert readings.values["last_completed"].live

        async def take_too_long(writer: asyncio.StreamWriter) -> None:
            driven.clock.advance(8)
            await answer(TOO_LONG, "500 Internal Server Error")(writer)

        between.acts[LAST_COMPLETED] = take_too_long
        driven.clock.advance(60)
        between.seen.clear()
        for _ in range(120):  # twenty minutes
            driven.clock.advance(10)
            await driven.parts.checks.refresh()
        asked = [one for one in between.seen if LAST_COMPLETED in one]
        assert 3 <= len(asked) <= 10, len(asked)
        assert not readings.values["last_completed"].live
        assert readings.values["completed_count"].live
        (said,) = [one for one in driven.monitor.snapshot.notices if "too slow" in one]
        assert "last completed" in said
        assert "watchdesk sql indexes" in said

        between.acts[LAST_COMPLETED] = hang
        readings.make_all_due()
        driven.clock.advance(5)
        at = driven.clock.now()
        await driven.parts.checks.refresh(patience_s=0.5)  # nothing else grows old behind it
        assert readings.values["tasks"].at == readings.values["completed_count"].at == at
        between.seen.clear()
        await driven.parts.checks.refresh(patience_s=0.0)
        assert not [one for one in between.seen if LAST_COMPLETED in one]  # it is still being asked
        await readings.close()

        del between.acts[LAST_COMPLETED]
        readings.make_all_due()  # as when the line is back
        for _ in range(12):
            driven.clock.advance(5)
            await driven.parts.checks.refresh()
        assert readings.values["last_completed"].live
        assert not [one for one in driven.monitor.snapshot.notices if "too slow" in one]
        await driven.monitor.close()
