"""A hand that slips: the real program on a terminal, on a real database with something to harm in it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.running import Command, Running
from tests.tui.hand import Hand, Open, opened
from tests.until import PATIENCE_S
from tests.wire import Wire, wire

__all__ = ["busy", "opened", "start"]

Start = Callable[..., Hand]
FIRST_LOOK = "of 3 running"
SWALLOWED_S = 0.6
"""After this a dialog takes keys."""
REPEATED_S = 0.85
"""After this an Enter is no repeat of the one before."""


@pytest.fixture
def busy(sandbox: Running) -> Running:
    """A project with three stuck tasks, two failed ones and two pending ones."""
    sandbox.stuck(3)
    for status in ("failed", "pending"):
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status, completed_at) SELECT %s || ' ' || i, %s,"
            " CASE WHEN %s = 'failed' THEN now() - interval '1 hour' END FROM generate_series(1, 2) AS i",
            status, status, status,
        )  # fmt: skip
    return sandbox


@pytest.fixture
def start(busy: Running, command: Command, opened: Open) -> Start:
    """Opens the monitor on it, and waits until it has looked once."""

    def begin(size: tuple[int, int] = (140, 40), **env: str) -> Hand:
        hand = opened(command, busy, size=size, **env)
        hand.await_text("LIVE")
        hand.await_text(FIRST_LOOK)
        return hand

    return begin


def everything(sandbox: Running) -> list[Any]:
    """Tasks, configuration and audit rows as they are."""
    return [
        sandbox.sql("SELECT * FROM autonomous_tasks ORDER BY id"),
        sandbox.sql("SELECT * FROM autonomous_system_config"),
        audit(sandbox),
    ]


def audit(sandbox: Running) -> list[tuple[Any, ...]]:
    """Every order in the log: which, and how it ended."""
    return sandbox.sql(
        "SELECT input_data->>'order', step_status FROM autonomous_execution_logs"
        f" WHERE execution_step = 'watchdog_healing' ORDER BY {sandbox.time_column}, step_status DESC"
    )


def statuses(sandbox: Running) -> dict[str, int]:
    """How many tasks there are of each status."""
    return dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))  # type: ignore[arg-type]  # pairs


@contextmanager
def unharmed(sandbox: Running) -> Iterator[None]:
    """Nothing in the project is changed, and no order was given."""
    before = everything(sandbox)
    yield
    assert everything(sandbox) == before


def slowly(hand: Hand, *keys: str) -> None:
    """Key by key, or word by word, as fast as the screen follows."""
    for key in keys:
        hand.press(key)
        hand.read(0.08)


def at_home(text: str) -> bool:
    """Whether the dashboard shows, with nothing lying on it."""
    return "7 Events" in text and "┏" not in text


def home(hand: Hand) -> None:
    """Back to the dashboard, with nothing lying on it, and nothing under way."""
    until = time.monotonic() + PATIENCE_S
    while not at_home(hand.settle()):
        assert hand.process.poll() is None, hand.last_words
        assert time.monotonic() < until, f"not at home:\n{hand.text}"
        hand.escape()


def leave(hand: Hand) -> None:
    """It is alive, live, and quits."""
    hand.await_text("LIVE")
    hand.press("q")
    assert hand.ended() == 0


def act(hand: Hand) -> None:
    """Press the way on of a dialog without fields."""
    hand.read(SWALLOWED_S)
    hand.press("\t\r")


def answered(hand: Hand, said: str) -> None:
    """Wait for what came of an order, read it, and close it."""
    hand.await_text(said)
    hand.read(REPEATED_S)
    hand.press("\r")
    hand.gone("┃")


@contextmanager
def between(sandbox: Running, *lost: str) -> Iterator[Wire]:
    """A wire to the sandbox that loses the answers of some requests, once each."""
    ready, over, made = threading.Event(), threading.Event(), list[Wire]()

    async def serve() -> None:
        async with wire(sandbox.url) as one:
            made.append(one)
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(60)
    made[0].lost = list(lost)
    try:
        yield made[0]
    finally:
        over.set()
        thread.join()
