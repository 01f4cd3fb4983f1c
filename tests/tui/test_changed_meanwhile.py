"""What an order is about changed while its dialog was open, or its answer was lost: what is shown is true."""

from tests.running import ONE_SHAPE, Running
from tests.tui.slips import (
    SWALLOWED_S,
    Start,
    act,
    answered,
    audit,
    between,
    busy,
    home,
    leave,
    opened,
    slowly,
    start,
    statuses,
    unharmed,
)

__all__ = ["busy", "opened", "start"]


@ONE_SHAPE
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
    answered(hand, "verified: 1 changed")
    assert statuses(busy) == {"completed": 2, "failed": 3, "pending": 2}
    leave(hand)


@ONE_SHAPE
def test_a_stop_that_somebody_else_gave_meanwhile_is_left_as_it_is(start: Start, busy: Running) -> None:
    hand = start()
    hand.press("\x05")
    hand.await_text("rejects 2 pending tasks")
    busy.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = 'theirs'")
    hand.await_text("is already stopped")
    hand.await_text("stays as it is; this rejects 2 pending tasks")
    hand.await_text("this changed while you were looking")
    hand.read(SWALLOWED_S)
    hand.press("\x1b[Z\x1b[Zours\tSTOP\t\t\r")
    answered(hand, "already stopped; 5 tasks rejected")
    stop = "SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config"
    assert busy.sql(stop) == [(True, "theirs")]
    leave(hand)


@ONE_SHAPE
def test_a_task_that_was_retried_meanwhile_is_not_retried_again(start: Start, busy: Running) -> None:
    busy.sql("DELETE FROM autonomous_tasks WHERE description = 'failed 2'")
    hand = start()
    hand.press("o")
    hand.await_text("retry: failed 1")
    hand.read(SWALLOWED_S)
    hand.press("\x1b[B\r")
    hand.await_text("Retry a failed task")
    hand.await_text(", failed at ")
    busy.sql("UPDATE autonomous_tasks SET status = 'in_progress', started_at = now() WHERE status = 'failed'")
    with unharmed(busy):
        hand.await_text("is in progress, not failed")
        hand.await_text("this changed while you were looking")
        act(hand)
        assert "requested" not in hand.read(0.5)
        home(hand)
    leave(hand)


@ONE_SHAPE
def test_what_failed_after_the_count_is_left_alone(start: Start, busy: Running) -> None:
    hand = start()
    hand.press("/status:failed")
    hand.await_text(" status:failed")
    hand.press("\r")
    hand.await_text("filter: status:failed")
    hand.press("R")
    hand.await_text("2 tasks back to pending")
    busy.sql("INSERT INTO autonomous_tasks (description, status, completed_at) VALUES ('late', 'failed', now())")
    hand.await_text("3 match now")
    hand.read(SWALLOWED_S)
    slowly(hand, "\x1b[Z", "night shift")
    hand.await_text("night shift")
    slowly(hand, "\t", "\t", "\r")
    answered(hand, "verified: 2 changed")
    assert busy.sql("SELECT description FROM autonomous_tasks WHERE status = 'failed'") == [("late",)]
    home(hand)
    leave(hand)


CONFIG, TASKS = "/rest/v1/autonomous_system_config", "/rest/v1/autonomous_tasks"
RPC = "/rest/v1/rpc/emergency_stop_autonomous_system"


@ONE_SHAPE
def test_orders_whose_answers_are_lost_are_read_back_and_not_repeated(start: Start, busy: Running) -> None:
    with between(busy, f"PATCH {TASKS}", f"POST {RPC}") as line:
        hand = start(SUPABASE_URL=line.url)
        hand.press("h")
        hand.await_text("(3 rows)")
        act(hand)
        answered(hand, "verified: 3 changed")
        assert statuses(busy) == {"failed": 5, "pending": 2}
        assert len([one for one in line.seen if one.startswith(f"PATCH {TASKS}")]) == 1
        hand.press("\x05")
        hand.await_text("rejects 2 pending")
        hand.read(SWALLOWED_S)
        slowly(hand, "\x1b[Z", "\x1b[Z", "fire", "\t", "STOP", "\t", "\t", "\r")
        answered(hand, "stopped (read back); 2 tasks rejected")
        assert busy.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config")[0][0] is True
        assert len([one for one in line.seen if one.startswith(f"POST {RPC}")]) <= 2  # two names of a parameter
        assert statuses(busy) == {"failed": 5, "rejected": 2}
        leave(hand)


@ONE_SHAPE
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
