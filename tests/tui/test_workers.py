"""Blocking calls of the event loop: they come back with what they gave, and those that hang keep nobody."""

import asyncio
import threading

import pytest

from tui.terminal.workers import Workers


async def test_calls_come_back_while_others_hang() -> None:
    asyncio.get_running_loop().set_default_executor(Workers())
    released = threading.Event()
    hanging = [asyncio.create_task(asyncio.to_thread(released.wait)) for _ in range(40)]
    await asyncio.sleep(0)
    assert await asyncio.to_thread(len, "disk") == 4
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(divmod, 1, 0)
    assert not any(one.done() for one in hanging)
    released.set()
    assert await asyncio.gather(*hanging) == [True] * 40


async def test_idle_threads_are_used_again() -> None:
    asyncio.get_running_loop().set_default_executor(Workers())
    names = {await asyncio.to_thread(lambda: threading.current_thread().ident) for _ in range(200)}
    assert len(names) < 100


def test_what_hangs_holds_up_no_end() -> None:
    released = threading.Event()

    async def leave_it_hanging() -> str:
        asyncio.get_running_loop().set_default_executor(Workers())
        hanging = asyncio.create_task(asyncio.to_thread(released.wait))
        await asyncio.sleep(0)
        hanging.cancel()
        return "ended"

    assert asyncio.run(leave_it_hanging()) == "ended"
    assert not released.is_set()
    released.set()


def test_where_no_thread_can_start_the_call_is_refused_and_a_later_one_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers()

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        for _ in range(300):  # more than there may be threads: none of these counts as one
            with pytest.raises(RuntimeError):
                workers.submit(pytest.fail, "was refused")
    assert workers.submit(len, "disk").result(10) == 4
    workers.shutdown()


def test_where_no_more_threads_can_start_those_that_run_do_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    workers, released = Workers(), threading.Event()
    hanging = workers.submit(released.wait)

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        waiting = workers.submit(len, "disk")
    released.set()
    assert (hanging.result(10), waiting.result(10)) == (True, 4)
    workers.shutdown()
