"""A type is paused from the prompt and given back at its task; of what is stuck some is healed: by hand."""

import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Open, opened
from tests.tui.slips import SWALLOWED_S, slowly
from tests.tui.test_inbox import asked

__all__ = ["opened"]


def types(sandbox: Running) -> dict[str, str]:
    return dict(sandbox.sql("SELECT task_type, string_agg(DISTINCT status, ' ') FROM autonomous_tasks GROUP BY 1"))


@ONE_SHAPE
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=str)
def test_a_type_is_paused_and_given_back(
    size: tuple[int, int], sandbox: Running, command: Command, opened: Open
) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (task_type, description, status, created_at)"
        " SELECT (ARRAY['bug_fix', 'refactoring'])[1 + i / 4], 'waits ' || i, 'pending', now() - i * interval '1 min'"
        " FROM generate_series(1, 5) AS i"
    )
    hand = opened(command, sandbox, size=size)
    hand.await_text("LIVE")
    hand.press(":")
    hand.await_text("tab: ")
    hand.press("pause\r")
    hand.await_text("bug_fix  3 pending")
    hand.read(SWALLOWED_S)
    slowly(hand, "\x1b[B", "\r")
    hand.await_text("3 pending tasks of type bug_fix held back")
    hand.read(SWALLOWED_S)
    slowly(hand, "\x1b[Z", "the tests are broken", "\t", "\t", "\r")
    hand.await_text("bug_fix is paused (read back): 3 held back")
    assert types(sandbox) == {"bug_fix": "awaiting_review", "refactoring": "pending"}
    hand.escape()
    hand.await_text("bug_fix is paused since")
    hand.press("t")
    hand.await_text("paused ")
    hand.press("\r")
    hand.await_text("All columns")
    asked(hand, "\r", "unpause its type")
    slowly(hand, "\x1b[B", "\r")
    hand.await_text("3 tasks back to pending")
    hand.read(SWALLOWED_S)
    hand.press("\t\r")
    hand.await_text("bug_fix is unpaused (read back): 3 tasks back to pending")
    assert types(sandbox) == {"bug_fix": "pending", "refactoring": "pending"}


@ONE_SHAPE
def test_what_is_not_ticked_is_not_healed(sandbox: Running, command: Command, opened: Open) -> None:
    sandbox.stuck(3)
    hand = opened(command, sandbox, size=(100, 30))
    hand.await_text("LIVE")
    asked(hand, "h", "mark 3 tasks as failed")
    hand.await_text("stuck 3")
    slowly(hand, "\x1b[Z", " ")  # the last of them
    hand.await_text("mark 2 tasks as failed")
    hand.await_text("1 other stuck task: left alone, not chosen")
    hand.read(SWALLOWED_S)
    slowly(hand, "\t", "\t", "\r")
    hand.await_text("2 changed")
    assert sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE status = 'in_progress'") == [(1,)]
