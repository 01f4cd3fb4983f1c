"""What a hand does by mistake harms nothing: the real program on a terminal, on a real database."""

import asyncio
import fcntl
import string
import struct
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.hostile import CONTROL
from tests.running import Command, Running
from tests.screen.hand import Hand, Open, opened
from tests.wire import Wire, wire

__all__ = ["opened"]

Start = Callable[..., Hand]
FIRST_LOOK = "of 3 running"
SWALLOWED_S = 0.35
"""After this a dialog takes keys."""

one_shape = pytest.mark.parametrize("session_sandbox", ["deployed"], indirect=True)
"""For what concerns the screen alone."""


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
        hand.read(0.15)


def home(hand: Hand) -> None:
    """Back to the dashboard, with nothing lying on it."""
    while "7 Events" not in (text := hand.read(0.2)) or "┏" in text:
        hand.press("\x1b")
        hand.read(0.2)
    hand.read(0.2)


def leave(hand: Hand) -> None:
    """It is alive, live, and quits."""
    hand.await_text("LIVE")
    hand.read(0.3)  # an escape just pressed is a key of its own by then
    hand.press("q")
    assert hand.ended(5.0) == 0


@one_shape
def test_every_key_typed_into_a_filter_is_text(start: Start, busy: Running) -> None:
    letters = string.ascii_letters + string.digits + "?!;-"
    with unharmed(busy):
        hand = start()
        hand.press("/" + letters)  # without waiting for the list
        hand.await_text(letters)
        hand.press("\r")
        hand.await_text(f"filter: {letters}")
        hand.press("\x1b")
        hand.gone("filter:")
        for key in "hqprudacwzo":
            hand.press("/" + key)
            hand.press("\x1b")
            hand.read(0.1)
        hand.press("/hqpr")
        hand.await_text("hqpr")
        hand.press("\x1b")
        hand.gone("hqpr")
        home(hand)
        leave(hand)


DIALOGS = {"h": "Heal 127", "\x05": "EMERGENCY STOP", "p": "Run pending tasks (", "d": "Dry-run of"}


@one_shape
@pytest.mark.parametrize("ahead", ["\t\t\r\r", "\x1b[C\r heal\t\r", "STOP\tSTOP\t\t\r"])
def test_keys_typed_ahead_of_a_dialog_order_nothing(ahead: str, start: Start, busy: Running) -> None:
    with unharmed(busy):
        hand = start()
        for key, heading in DIALOGS.items():
            hand.press(key + ahead)
            hand.await_text(heading)
            hand.read(SWALLOWED_S)
            hand.press("\x1b")
            hand.gone(heading)
            home(hand)
        leave(hand)


def act(hand: Hand) -> None:
    """Press the way on of a dialog without fields."""
    hand.read(SWALLOWED_S)
    hand.press("\t\r")


def test_a_heal_does_only_what_was_shown(start: Start, busy: Running) -> None:
    hand = start()
    hand.press("h")
    hand.await_text("(3 rows)")
    busy.sql("UPDATE autonomous_tasks SET status = 'completed', completed_at = now() WHERE description = 'stuck 1'")
    hand.await_text("this changed while you were looking")
    hand.await_text("(2 rows)")
    busy.sql("UPDATE autonomous_tasks SET status = 'completed', completed_at = now() WHERE description = 'stuck 2'")
    act(hand)
    hand.await_text("(1 row)")  # whichever was first: the look that repeats itself, or the plan made anew
    assert audit(busy) == []
    hand.read(SWALLOWED_S)  # the order that was not carried out is over
    slowly(hand, "\t", "\r")
    hand.await_text("seen: 1 changed")
    assert statuses(busy) == {"completed": 2, "failed": 3, "pending": 2}
    hand.press("\r")
    home(hand)
    leave(hand)


def test_a_stop_that_somebody_else_gave_meanwhile_is_left_as_it_is(start: Start, busy: Running) -> None:
    hand = start()
    hand.press("\x05")
    hand.await_text("rejects 2 pending tasks")
    busy.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = 'theirs'")
    with unharmed(busy):
        hand.await_text("is already stopped")
        hand.await_text("this changed while you were looking")
        hand.read(SWALLOWED_S)
        hand.press("\x1b[Z\x1b[Zours\tSTOP\t\t\r")
        assert "requested" not in hand.read(0.5)
        home(hand)
    leave(hand)


def test_a_task_that_was_retried_meanwhile_is_not_retried_again(start: Start, busy: Running) -> None:
    busy.sql("DELETE FROM autonomous_tasks WHERE description = 'failed 2'")
    hand = start()
    hand.press("o")
    hand.await_text("retry: failed 1")
    hand.read(SWALLOWED_S)
    hand.press("\x1b[B\r")
    hand.await_text("Retry a failed task")
    hand.await_text("failed 1 h ago")
    busy.sql("UPDATE autonomous_tasks SET status = 'in_progress', started_at = now() WHERE status = 'failed'")
    with unharmed(busy):
        hand.await_text("is in progress, not failed")
        hand.await_text("this changed while you were looking")
        act(hand)
        assert "requested" not in hand.read(0.5)
        home(hand)
    leave(hand)


@one_shape
def test_a_stop_wants_its_word_exactly_and_a_reason(start: Start, busy: Running) -> None:
    with unharmed(busy):
        hand = start()
        for reason, word in (("STOP", ""), ("", "STOP"), ("fire", "STOP "), ("fire", "stop"), ("   ", "STOP")):
            hand.press("\x05")
            hand.await_text("rejects 2 pending tasks")
            hand.read(SWALLOWED_S)
            slowly(hand, "\x1b[Z", "\x1b[Z", reason, "\t", word, "\t", "\t", "\r")
            assert "requested" not in hand.read(0.1)
            home(hand)
        leave(hand)


@one_shape
def test_another_projects_name_lifts_nothing_and_ends_no_dry_run(start: Start, busy: Running) -> None:
    busy.sql("UPDATE autonomous_system_config SET emergency_stop = true, dry_run_mode = true")
    with unharmed(busy):
        hand = start()
        for key, stands in (("u", "It is stopped"), ("d", "Dry-run is on")):
            hand.press(key)
            hand.await_text(stands)
            hand.read(SWALLOWED_S)
            slowly(hand, "\x1b[Z", "production")
            hand.await_text("production")
            slowly(hand, "\t", "\t", "\r")
            assert "requested" not in hand.read(0.2)
            home(hand)
        leave(hand)


def test_what_failed_after_the_count_is_left_alone(start: Start, busy: Running) -> None:
    hand = start()
    hand.press("/status:failed")
    hand.await_text(" status:failed")
    hand.press("\r")
    hand.await_text("filter: status:failed")
    hand.press("R")
    hand.await_text("2 tasks back to pending")
    busy.sql("INSERT INTO autonomous_tasks (description, status, completed_at) VALUES ('late', 'failed', now())")
    hand.await_text("Now 3 match")
    hand.read(SWALLOWED_S)
    slowly(hand, "\x1b[Z", "night shift")
    hand.await_text("night shift")
    slowly(hand, "\t", "\t", "\r")
    hand.await_text("seen: 2 changed")
    assert busy.sql("SELECT description FROM autonomous_tasks WHERE status = 'failed'") == [("late",)]
    hand.press("\r")
    home(hand)
    leave(hand)


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
    assert ready.wait(10)
    made[0].lost = list(lost)
    try:
        yield made[0]
    finally:
        over.set()
        thread.join()


CONFIG, TASKS = "/rest/v1/autonomous_system_config", "/rest/v1/autonomous_tasks"
RPC = "/rest/v1/rpc/emergency_stop_autonomous_system"


def test_orders_whose_answers_are_lost_are_read_back_and_not_repeated(start: Start, busy: Running) -> None:
    with between(busy, f"PATCH {TASKS}", f"POST {RPC}") as line:
        hand = start(SUPABASE_URL=line.url)
        hand.press("h")
        hand.await_text("(3 rows)")
        act(hand)
        hand.await_text("seen: 3 changed")
        assert statuses(busy) == {"failed": 5, "pending": 2}
        assert len([one for one in line.seen if one.startswith(f"PATCH {TASKS}")]) == 1
        hand.press("\r")
        hand.gone("Heal 127")
        hand.press("\x05")
        hand.await_text("rejects 2 pending")
        hand.read(SWALLOWED_S)
        slowly(hand, "\x1b[Z", "\x1b[Z", "fire", "\t", "STOP", "\t", "\t", "\r")
        hand.await_text("stopped, seen; 2 tasks rejected")
        assert busy.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config")[0][0] is True
        assert len([one for one in line.seen if one.startswith(f"POST {RPC}")]) <= 2  # two names of a parameter
        assert statuses(busy) == {"failed": 5, "rejected": 2}
        hand.press("\r")
        hand.gone("EMERGENCY STOP")
        leave(hand)


PASTED = "one\x9b2J\x07\u202etwo\r\nSTOP\r\n\x05q"


def test_a_paste_is_text_and_its_first_line_alone(start: Start, busy: Running) -> None:
    hand = start()
    with unharmed(busy):
        hand.press(f"\x1b[200~{PASTED}\x1b[201~")  # on the dashboard: nothing takes it
        hand.press("/")
        hand.gone("7 Events")
        hand.read(0.3)
        hand.press(f"\x1b[200~{PASTED}\x1b[201~")
        hand.await_text("two")
        hand.press("\r")
        hand.await_text("filter: one")
        home(hand)
    hand.press("\x05")
    hand.await_text("rejects 2 pending")
    hand.read(SWALLOWED_S)
    slowly(hand, "\x1b[Z", "\x1b[Z")
    hand.press(f"\x1b[200~{PASTED}\x1b[201~")
    hand.await_text("two")
    slowly(hand, "\t", "STOP", "\t", "\t", "\r")
    hand.await_text("stopped, seen")
    (reason,) = busy.sql("SELECT emergency_stop_reason FROM autonomous_system_config")[0]
    assert "two" in reason
    assert not CONTROL.search(reason)
    hand.press("\r")
    home(hand)
    leave(hand)


@one_shape
def test_a_repeated_key_a_storm_of_sizes_and_a_second_press_do_no_more_than_one(start: Start, busy: Running) -> None:
    with unharmed(busy):
        hand = start()
        hand.press("c" * 100)
        hand.await_text("checked")
        hand.press(" " * 101)
        hand.await_text("FROZEN")
        hand.press(" ")
        hand.gone("FROZEN")
        hand.press("hh")
        hand.await_text("(3 rows)")
        for width, height in ((1, 1), (200, 50), (20, 3), (80, 24), (1, 40), (140, 1), (1, 1), (140, 40)):
            fcntl.ioctl(hand.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            hand.screen.resize(height, width)
            hand.read(0.1)
        hand.await_text("(3 rows)")
        hand.await_text("Cancel")
        hand.press("\x1b")
        hand.gone("(3 rows)")
        leave(hand)


@one_shape
def test_an_order_while_frozen_is_about_the_present(start: Start, busy: Running) -> None:
    hand = start()
    hand.press(" ")
    hand.await_text("FROZEN")
    busy.sql("UPDATE autonomous_tasks SET status = 'completed', completed_at = now() WHERE description <> 'stuck 1'")
    hand.press("h")
    hand.await_text("(1 row)")
    with unharmed(busy):
        hand.read(SWALLOWED_S)
        hand.press("\x1b")
        hand.gone("(1 row)")
        assert "3 of 3 running" in hand.await_text("FROZEN")
        hand.press("t")
        hand.await_text("─ Tasks 1/7")
        hand.press("\r")
        hand.await_text("All columns")  # a document is read once even so
        home(hand)
        leave(hand)
