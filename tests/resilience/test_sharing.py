"""Questions that are the same and asked at the same time are one request; nobody waits longer or loses by it."""

import asyncio

import pytest

from core.resilience import Breakers, BreakerState, Guard, Policy
from core.resilience.fault import Counts, Evidence, Fault
from core.resilience.reading import Source
from core.resilience.sharing import Sharing
from tests.clock import FakeClock


class Server:
    """Answers when told, counts what reaches it and what is cancelled."""

    def __init__(self) -> None:
        self.asked = self.cancelled = 0
        self.answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> int:
        self.asked += 1
        try:
            return await asyncio.shield(self.answer)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_callers_with_one_key_share_and_with_another_do_not() -> None:
    server, sharing = Server(), Sharing[int]()
    callers = [asyncio.create_task(sharing.ask(key, server)) for key in ("a", "a", "b", "a")]
    await turn()
    assert server.asked == 2
    server.answer.set_result(7)
    assert await asyncio.gather(*callers) == [7] * 4
    assert await sharing.ask("a", server) == 7
    assert server.asked == 3  # what is over is not shared


async def test_one_that_leaves_takes_nobody_along_and_the_last_ends_the_request() -> None:
    server, sharing = Server(), Sharing[int]()
    first, second = (asyncio.create_task(sharing.ask("a", server)) for _ in range(2))
    await turn()
    first.cancel()
    await turn()
    assert (first.cancelled(), server.cancelled) == (True, 0)
    second.cancel()
    await turn()
    assert (second.cancelled(), server.cancelled) == (True, 1)


async def test_whoever_comes_after_the_last_has_left_starts_anew() -> None:
    server, sharing = Server(), Sharing[int]()
    first = asyncio.create_task(sharing.ask("a", server))
    await turn()
    first.cancel()
    await asyncio.sleep(0)  # the request is being cancelled, and not over yet
    second = asyncio.create_task(sharing.ask("a", server))
    await turn()
    assert server.asked == 2
    server.answer.set_result(7)
    assert await second == 7


async def test_everybody_keeps_a_deadline_of_his_own() -> None:
    server, sharing = Server(), Sharing[int]()
    patient = asyncio.create_task(sharing.ask("a", server))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await sharing.ask("a", server)
    server.answer.set_result(7)
    assert await patient == 7
    assert server.asked == 1


async def test_an_error_reaches_everybody() -> None:
    server, sharing = Server(), Sharing[int]()
    callers = [asyncio.create_task(sharing.ask("a", server)) for _ in range(3)]
    await turn()
    server.answer.set_exception(OSError("gone"))
    assert [str(error) for error in await asyncio.gather(*callers, return_exceptions=True)] == ["gone"] * 3


def refuse(error: BaseException) -> Fault:
    return Fault(kind="down", counts=Counts.FAILURE, evidence=Evidence.DOWN, message=str(error))


async def test_a_shared_request_counts_once_for_its_breaker() -> None:
    clock = FakeClock()
    breakers = Breakers(clock)
    guard, server = Guard(clock, breakers, refuse), Server()

    async def read() -> object:
        return await guard.last_known(
            "db:x", server, policy=Policy(total_s=5), cache_key="x", encode=int, decode=int, share="me"
        )

    callers = [asyncio.create_task(read()) for _ in range(5)]
    await turn()
    server.answer.set_exception(OSError("gone"))
    readings = await asyncio.gather(*callers)
    assert server.asked == 1
    assert {reading.source for reading in readings} == {Source.DEFAULT}  # type: ignore[attr-defined]  # none raised
    assert breakers.get("db:x").failures == 1
    assert breakers.get("db:x").state is BreakerState.CLOSED
