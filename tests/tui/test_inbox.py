"""The inbox and groups of tasks by hand: the real program on a terminal, on a real database."""

from collections.abc import Callable

import pytest

from tests.cli.test_tasks import storm
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Hand, Open, opened
from tests.tui.slips import SWALLOWED_S

__all__ = ["opened"]

Begin = Callable[..., Hand]


@pytest.fixture
def begin(sandbox: Running, command: Command, opened: Open) -> Begin:
    """Opens the monitor in a state in which something waits for a review: of medium risk, of high, of low."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (task_type, description, status, requires_approval, risk_level, created_at)"
        " SELECT 'bug_fix', 'review ' || i, 'awaiting_review', true, (ARRAY['medium', 'high', 'low'])[i],"
        " now() - (9 - i) * interval '1 minute' FROM generate_series(1, 3) AS i"
    )

    def start(size: tuple[int, int] = (80, 24)) -> Hand:
        hand = opened(command, sandbox, size=size)
        hand.await_text("3 tasks wait for a review")
        return hand

    return start


def became(sandbox: Running) -> list[str]:
    """The statuses of what waited, the oldest first."""
    return [status for (status,) in sandbox.sql("SELECT status FROM autonomous_tasks ORDER BY created_at")]


def asked(hand: Hand, keys: str, heading: str) -> None:
    """Press keys until a dialog is open that takes others."""
    hand.press(keys)
    hand.await_text("Esc ")  # what a dialog says may stand below a list as well
    hand.await_text(heading)
    hand.read(SWALLOWED_S)


@ONE_SHAPE
def test_what_waits_is_listed_as_last_known_while_nothing_can_be_read(sandbox: Running, begin: Begin) -> None:
    hand = begin()
    sandbox.fault("database_down", True)
    hand.await_text("OFFLINE")
    hand.press("i")
    hand.await_text("Inbox row 1 ")  # of how many is not known
    hand.await_text("last known, ")
    assert [f"review {n}" in hand.text for n in (1, 2, 3)] == [True] * 3
    sandbox.fault("database_down", False)
    hand.await_text("Inbox 1/3")


@ONE_SHAPE
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=str)
def test_one_is_approved_and_one_rejected(size: tuple[int, int], sandbox: Running, begin: Begin) -> None:
    hand = begin(size)
    assert "3 to review" in hand.text
    hand.press("i")
    hand.await_text("Inbox 1/3")
    asked(hand, "A", "risk medium, ")
    assert "Approve (127.0.0.1" in hand.text
    hand.press("\t\r")
    hand.await_text("1 changed, 0 skipped, 0 refused; the task is pending (read")
    hand.escape()
    hand.gone("1 changed")
    hand.await_text("1/2")
    hand.press("jj")
    asked(hand, "X", "risk low, ")
    hand.press("\x1b[Zof no use\t\t\r")
    hand.await_text("the task is rejected (read")
    assert became(sandbox) == ["pending", "awaiting_review", "rejected"]


@ONE_SHAPE
def test_slips_approve_nothing(sandbox: Running, begin: Begin) -> None:
    hand = begin()
    hand.press("i")
    hand.await_text("Inbox 1/3")
    hand.press("A\t\r\r\r")  # typed ahead, and held
    hand.await_text("Approve (127.0.0.1")
    hand.press("\r" * 5)
    hand.read(0.5)
    assert became(sandbox) == ["awaiting_review"] * 3


@ONE_SHAPE
def test_slips_approve_nothing_risky(sandbox: Running, begin: Begin) -> None:
    hand = begin()
    hand.press("i")
    hand.await_text("Inbox 1/3")
    hand.press("j")
    hand.await_text("Inbox 2/3")
    asked(hand, "A", "risk high")
    hand.press("\t\r\t\r")  # the project's name is to be typed
    hand.read(0.5)
    assert became(sandbox) == ["awaiting_review"] * 3


@ONE_SHAPE
def test_one_that_changed_while_it_was_shown_is_shown_again(sandbox: Running, begin: Begin) -> None:
    hand = begin()
    hand.press("i")
    hand.await_text("Inbox 1/3")
    asked(hand, "A", "risk medium")
    sandbox.sql("UPDATE autonomous_tasks SET risk_level = 'high', description = 'now something else'")
    hand.press("\t\r")
    hand.await_text("now something else")
    hand.await_text("type 127.0.0.1")
    assert became(sandbox) == ["awaiting_review"] * 3


@ONE_SHAPE
def test_all_that_match_are_approved_at_once(sandbox: Running, begin: Begin) -> None:
    sandbox.sql("UPDATE autonomous_tasks SET risk_level = 'low'")
    hand = begin()
    hand.press("i")
    hand.await_text("Inbox 1/3")
    asked(hand, "M", "All of them")
    hand.press("\x1b[B\r")
    hand.await_text("3 tasks (3 bug_fix; risk 3 low)")
    hand.read(SWALLOWED_S)
    hand.press("\t\r")
    hand.await_text("3 changed, 0 skipped, 0 refused")
    assert became(sandbox) == ["pending"] * 3


@ONE_SHAPE
def test_one_cause_of_failure_is_retried_and_the_rest_left_alone(
    sandbox: Running, command: Command, opened: Open
) -> None:
    storm(sandbox, 4)
    sandbox.sql("UPDATE autonomous_tasks SET error_message = NULL, status = 'completed' WHERE error_message ~ 'part1'")
    hand = opened(command, sandbox, size=(100, 30))
    hand.await_text("LIVE")
    hand.press("t")
    hand.await_text("follows")
    asked(hand, "\x07", "Group by what?")
    hand.press("\x1b[B\x1b[B\x1b[B\x1b[B\r")
    hand.await_text("column <text> is missing")
    hand.await_text("merge conflict in <path>")
    hand.press("j")
    asked(hand, "\r", "4 tasks")
    hand.press("\x1b[B\r")
    hand.await_text("4 tasks back to pending")
    hand.read(SWALLOWED_S)
    hand.press("\x1b[Zthe cause is gone\t\t\r")
    hand.await_text("4 changed, 0 skipped, 0 refused")
    left = dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))
    assert left == {"pending": 4, "failed": 23, "completed": 1}
