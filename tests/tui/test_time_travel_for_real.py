"""The real program looks back at a real outage: while it runs on, and after it was killed in the middle of it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from core.domain.snapshot import LinkWord
from core.history.blackbox import Box
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Hand, Open, opened
from tests.tui.test_slips import audit

__all__ = ["opened"]

IN_TIME_S = 60.0


def box_of(command: Command) -> Box:
    """What the program keeps."""
    return Box(next(command.home.rglob("box.lock")).parent)


def await_kept(box: Box, word: LinkWord) -> datetime:
    """Wait until the box has a picture of now under that word; a moment at which it looked like that."""
    until = time.monotonic() + IN_TIME_S
    while True:
        now = datetime.now(UTC)
        found = box.step(now, -1)
        if found is not None and found.link.word is word:
            return found.at
        assert time.monotonic() < until, found
        time.sleep(0.1)


def press_until(hand: Hand, key: str, shown: Callable[[str], bool]) -> str:
    """Press a key again and again, each time once the screen is at rest."""
    for _ in range(200):
        hand.press(key)
        if shown(text := hand.read(0.3)):
            return text
    raise AssertionError(f"{key!r} did not lead there:\n{text}")


def time_line(hand: Hand) -> str:
    """The line under the top lines, from the border on."""
    lines = hand.text.splitlines()
    below = next((y for y, line in enumerate(lines) if "zoom 1 h" in line), 1)
    return lines[below - 1]


def await_line(hand: Hand, sign: str) -> None:
    """Wait until the time line has a sign, between its borders."""
    until = time.monotonic() + IN_TIME_S
    while sign not in time_line(hand)[1:-1]:
        assert time.monotonic() < until, hand.text
        hand.read(0.2)


def click(hand: Hand, column: int) -> None:
    """Click into the time line, as a terminal reports it."""
    row = 1 + hand.text.splitlines().index(time_line(hand))
    hand.press(f"\x1b[<0;{column + 1};{row}M\x1b[<0;{column + 1};{row}m")


@ONE_SHAPE
def test_an_outage_is_looked_at_afterwards_also_by_another_process(
    sandbox: Running, command: Command, opened: Open
) -> None:
    hand = opened(command, sandbox, size=(140, 40))
    hand.await_text("LIVE")
    hand.await_text("checked")
    box = box_of(command)
    await_kept(box, LinkWord.LIVE)
    sandbox.fault("database_down", True)
    hand.await_text("OFFLINE", IN_TIME_S)
    then = await_kept(box, LinkWord.OFFLINE)
    seconds = then.replace(microsecond=0) + timedelta(seconds=1)  # as it will be typed
    while datetime.now(UTC) < seconds:  # the outage is what was seen then, not the start of the next monitor
        hand.read(0.1)
    hand.process.kill()
    hand.process.wait()

    again = opened(command, sandbox, size=(140, 40))
    again.await_text("7 Events")
    await_kept(box, LinkWord.OFFLINE)
    sandbox.fault("database_down", False)
    again.await_text("LIVE", IN_TIME_S)
    await_kept(box, LinkWord.LIVE)
    before = audit(sandbox)

    text = press_until(again, "[", lambda text: "PAST" in text and "OFFLINE since" in text)
    assert "LIVE · esc goes back to now" in text
    assert text.startswith("┏━")
    again.await_text("zoom 1 h")
    assert "✖" in time_line(again)
    again.press("h")
    again.await_text("the past; esc goes back to now")
    again.press("\x1b")
    again.gone("PAST")
    again.await_text("LIVE")

    again.press("@")
    again.await_text("What did it look like at")
    again.read(0.4)
    again.press(f"{seconds:%H:%M:%S}\r")
    again.await_text(f"PAST {seconds:%-d %b %H:%M:%S}")
    again.await_text("OFFLINE since")
    again.press("n")
    again.await_text("Note about")
    again.press("nobody had told us")
    again.await_text("nobody had told us")
    again.read(0.4)
    again.press("\r")
    again.await_text("note: nobody had told us")
    await_line(again, "┃")
    press_until(again, "[", lambda text: "PAST" in text and "IDLE at" in text and "OFFLINE" not in text)
    await_line(again, "n")
    click(again, time_line(again).index("n"))
    again.await_text("note: nobody had told us")
    again.await_text(f"PAST {seconds:%-d %b %H:%M:%S}")
    press_until(again, "]", lambda text: "PAST" not in text)
    assert audit(sandbox) == before
    again.press("q")
    assert again.ended() == 0


@ONE_SHAPE
def test_the_border_is_whole_around_panels_that_were_wider_before(
    sandbox: Running, command: Command, opened: Open
) -> None:
    hand = opened(command, sandbox, size=(80, 24))
    hand.await_text("LIVE")
    await_kept(box_of(command), LinkWord.LIVE)
    hand.press("[")
    hand.await_text("PAST")
    hand.await_that(framed, "a whole border")


def framed(text: str) -> bool:
    """Whether there is a border all around."""
    first, *between, last = text.splitlines()
    corners = (first[0], first[-1], last[0], last[-1]) == ("┏", "┓", "┗", "┛")
    return corners and all(line[0] == line[-1] == "┃" for line in between)
