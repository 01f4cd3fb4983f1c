"""A fence: the unforeseen is one thing's failure, logged with its traceback and said once; all else goes on."""

import asyncio
import logging

import pytest

from core.base.error_boundary import ErrorBoundary


def _fail(fence: ErrorBoundary, what: str, error: BaseException) -> str:
    with fence.around(what) as run:
        raise error
    return run.text


def test_the_unforeseen_ends_within_the_fence_and_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []
    with caplog.at_level(logging.ERROR, "core.base.error_boundary"):
        text = _fail(ErrorBoundary(said.append), "the stuck tasks check", OverflowError("too large"))
    assert said == ["the stuck tasks check failed (OverflowError); see the log file"]
    assert text == "failed (OverflowError); see the log file"
    assert caplog.records[0].exc_info is not None


def test_all_well_is_no_error() -> None:
    said: list[str] = []
    with ErrorBoundary(said.append).around("a check") as run:
        pass
    assert (run.error, run.text, said) == (None, "", [])


def test_the_same_failure_is_said_once_until_it_was_well_again() -> None:
    said: list[str] = []
    fence = ErrorBoundary(said.append)
    for _ in range(3):
        _fail(fence, "a check", ValueError("x"))
    _fail(fence, "another check", ValueError("x"))
    assert len(said) == 2
    with fence.around("a check"):
        pass
    _fail(fence, "a check", ValueError("x"))
    assert len(said) == 3


def test_another_failure_of_the_same_thing_is_said() -> None:
    said: list[str] = []
    fence = ErrorBoundary(said.append)
    _fail(fence, "a check", ValueError("x"))
    _fail(fence, "a check", KeyError("x"))
    assert len(said) == 2


@pytest.mark.parametrize("passes", [asyncio.CancelledError, KeyboardInterrupt, SystemExit])
def test_a_cancellation_passes(passes: type[BaseException]) -> None:
    said: list[str] = []
    with pytest.raises(passes):
        _fail(ErrorBoundary(said.append), "a check", passes())
    assert not said


async def test_a_cancelled_task_within_a_fence_is_cancelled() -> None:
    fence = ErrorBoundary(lambda _: None)

    async def work() -> None:
        with fence.around("sleeping"):
            await asyncio.sleep(3600)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
