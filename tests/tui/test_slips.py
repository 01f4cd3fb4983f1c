"""What is typed by mistake harms nothing: keys too many, too early, too long, of another place."""

import string
import time

from tests.hostile import CONTROL
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Hand, Open, opened
from tests.tui.slips import (
    SWALLOWED_S,
    Start,
    answered,
    audit,
    busy,
    home,
    leave,
    slowly,
    start,
    statuses,
    unharmed,
)
from tests.tui.states import NOBODY

__all__ = ["busy", "opened", "start"]


@ONE_SHAPE
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
            hand.read(0.1)  # the escape is a key of its own by then
        hand.press("/hqpr")
        hand.await_text("hqpr")
        hand.press("\x1b")
        hand.gone("hqpr")
        home(hand)
        leave(hand)


DIALOGS = {"h": "Heal (127", "\x05": "Emergency stop (", "p": "Run pending tasks (", "d": "Dry-run o"}


AHEAD = ("\t\t\r\r", "\x1b[C\r heal\t\r", "STOP\tSTOP\t\t\r")


@ONE_SHAPE
def test_keys_typed_ahead_of_a_dialog_order_nothing(start: Start, busy: Running) -> None:
    with unharmed(busy):
        hand = start()
        for key, heading in DIALOGS.items():
            for ahead in AHEAD:
                hand.press(key + ahead)
                hand.await_text(heading)
                hand.read(SWALLOWED_S)
                hand.escape()
                hand.gone(heading)
        leave(hand)


@ONE_SHAPE
def test_enter_held_down_in_the_last_field_of_a_filled_in_form_orders_nothing(start: Start, busy: Running) -> None:
    with unharmed(busy):
        hand = start()
        hand.press("\x05")
        hand.await_text("rejects 2 pending tasks")
        hand.read(SWALLOWED_S)
        slowly(hand, "\x1b[Z", "\x1b[Z", "fire", "\r", "STOP", "\r")
        hand.read(0.6)  # the first repeat comes late
        held(hand, "\r", 1.0)
        assert "requested" not in hand.read(0.1)
        hand.escape()
        hand.await_text("nothing was done")
        leave(hand)


@ONE_SHAPE
def test_a_stop_wants_its_word_exactly_and_a_reason(start: Start, busy: Running) -> None:
    with unharmed(busy):
        hand = start()
        for reason, word in (("STOP", ""), ("fire", "stop")):  # and others: `test_stop_wants_a_reason_and_the_word`
            hand.press("\x05")
            hand.await_text("rejects 2 pending tasks")
            hand.read(SWALLOWED_S)
            slowly(hand, "\x1b[Z", "\x1b[Z", reason, "\t", word, "\t", "\t", "\r")
            assert "requested" not in hand.read(0.1)
            home(hand)
        leave(hand)


@ONE_SHAPE
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


PASTED = "one\x9b2J\x07\u202etwo\r\nSTOP\r\n\x05q"


@ONE_SHAPE
def test_a_paste_is_text_its_first_line_alone_and_an_escape_within_it_no_key(start: Start, busy: Running) -> None:
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
        hand.press("/")
        hand.gone("7 Events")
        hand.read(0.3)
        hand.press("\x1b[200~fire\x1b[31m\x1bq\x05h\x1b[201~")
        hand.await_text("fire")
        hand.read(0.3)
        hand.press("\r")
        hand.await_text("filter: fire")
        home(hand)
    hand.press("\x05")
    hand.await_text("rejects 2 pending")
    hand.read(SWALLOWED_S)
    slowly(hand, "\x1b[Z", "\x1b[Z")
    hand.press(f"\x1b[200~{PASTED}\x1b[201~")
    hand.await_text("two")
    slowly(hand, "\t", "STOP", "\t", "\t", "\r")
    answered(hand, "stopped (read back)")
    (reason,) = busy.sql("SELECT emergency_stop_reason FROM autonomous_system_config")[0]
    assert "two" in reason
    assert not CONTROL.search(reason)
    leave(hand)


@ONE_SHAPE
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
            hand.resize(width, height)
            hand.read(0.1)
        hand.await_text("(3 rows)")
        hand.await_text("Cancel")
        hand.press("\x1b")
        hand.gone("(3 rows)")
        leave(hand)


HELD_S = 0.033
"""How often a held key repeats."""


def held(hand: Hand, key: str, seconds: float) -> None:
    """Hold a key down."""
    for _ in range(round(seconds / HELD_S)):
        hand.press(key)
        hand.read(HELD_S)


@ONE_SHAPE
def test_enter_held_down_carries_out_what_was_shown_once_and_leaves_its_answer_there(
    start: Start, busy: Running
) -> None:
    hand = start()
    hand.press("h")
    hand.await_text("(3 rows)")
    hand.read(SWALLOWED_S)
    hand.press("\t")
    until = time.monotonic() + 100
    while "verified: 3 changed" not in hand.text:
        held(hand, "\r", 2 * HELD_S)
        assert time.monotonic() < until, hand.text
    held(hand, "\r", 1.0)
    assert "verified: 3 changed" in hand.await_text("Close")
    assert statuses(busy) == {"failed": 5, "pending": 2}
    assert [how for order, how in audit(busy) if order == "heal"] == ["started", "completed"]
    answered(hand, "verified: 3 changed")
    leave(hand)


PUSHED = {
    "\r": ("", "t", "6", "o", "h", "d", "\x05", "z", "?", "\x10"),
    " ": ("", "t", "o", "h", "\x05"),
}
"""Where each key is held down that does what the focus is on: a dialog takes both in the same way."""


@ONE_SHAPE
def test_a_key_that_pushes_held_down_anywhere_orders_nothing(start: Start, busy: Running) -> None:
    with unharmed(busy):
        hand = start(size=(80, 24))
        for key, places in PUSHED.items():
            for where in places:
                hand.press(where)
                held(hand, key, 0.5)
                home(hand)
        if "FROZEN" in hand.text:
            hand.press(" ")
        leave(hand)


@ONE_SHAPE
def test_a_second_enter_stops_no_long_work(start: Start, busy: Running) -> None:
    busy.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at)"
        " SELECT 'more ' || i, 'failed', now() - interval '1 hour' FROM generate_series(1, 40) AS i"
    )
    hand = start()
    hand.press("/status:failed")
    hand.await_text(" status:failed")
    hand.press("\r")
    hand.await_text("filter: status:failed")
    hand.press("R")
    hand.await_text("42 tasks back to pending")
    hand.read(SWALLOWED_S)
    slowly(hand, "\x1b[Z", "night shift")
    hand.await_text("night shift")
    slowly(hand, "\t", "\t")
    hand.press("\r\r")
    answered(hand, "verified: 42 changed")
    assert statuses(busy) == {"in_progress": 3, "pending": 44}
    leave(hand)


@ONE_SHAPE
def test_a_double_click_opens_one_thing(start: Start, busy: Running) -> None:
    with unharmed(busy):
        hand = start()
        hand.press("t")
        hand.await_text("─ Tasks 1/7")
        hand.read(0.3)
        hand.click("failed 1")
        hand.click("failed 1")
        hand.await_text("All columns")
        hand.escape()
        hand.await_text("─ Tasks ")
        home(hand)
        leave(hand)


def test_quitting_while_an_order_waits_is_asked(command: Command, opened: Open) -> None:
    hand = opened(command, None, size=(140, 40), **NOBODY)
    hand.await_text("OFFLINE")
    hand.press("\x05")
    hand.await_text("The action is kept")
    hand.read(SWALLOWED_S)
    slowly(hand, "\x1b[Z", "\x1b[Z", "fire", "\t", "STOP", "\t", "\t", "\r")
    answered(hand, "waiting")
    hand.press("qq")
    hand.await_text("Quit?")
    hand.read(SWALLOWED_S)
    hand.press("\r")  # on Cancel
    hand.gone("Quit?")
    hand.press("q")
    hand.await_text("Quit?")
    hand.read(SWALLOWED_S)
    slowly(hand, "\t", "\r")
    assert hand.ended() == 0
