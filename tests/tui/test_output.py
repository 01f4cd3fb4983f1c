"""Writing to a terminal that does not read: bounded, whole pictures or none, and one picture when it reads again."""

import asyncio
import os
import pty
import re
import tty

import pytest

from tui.terminal.output import QUEUE_CHARS, Output
from tui.terminal.sequences import entering, leaving, without_screen_updates


class Line:
    """A terminal whose other side reads when it is told to."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.repaints = 0
        self.output = Output(self.slave, "utf-8", self.repaint)

    def repaint(self) -> None:
        """As the app does it."""
        self.repaints += 1
        self.output.write(picture("full"))

    async def read(self) -> str:
        """Everything there is to read, until nothing more comes."""
        got, quiet = b"", 0
        while quiet < 5:
            try:
                got += os.read(self.master, 65536)
                quiet = 0
            except BlockingIOError:
                quiet += 1
            await asyncio.sleep(0.01)
        return got.decode(errors="replace")


@pytest.fixture
async def line() -> Line:
    return Line()


def picture(name: object) -> str:
    return f"\x1b[1;1H\x1b[38;2;1;2;3m<{name}>{'·' * 1000}</{name}>\x1b[0m"


PICTURES = re.compile(r"\x1b\[1;1H\x1b\[38;2;1;2;3m<(\w+)>·{1000}</\1>\x1b\[0m")


async def test_what_is_read_comes_whole_and_in_order(line: Line) -> None:
    for n in range(50):
        line.output.write(picture(n))
        text = await line.read() if n % 10 == 9 else ""
        assert PICTURES.sub("", text) == ""
    assert line.repaints == 0


async def test_pictures_are_dropped_whole_and_made_up_for_once(line: Line) -> None:
    for n in range(1000):
        line.output.write(picture(n))
    shown = await line.read()
    names = PICTURES.findall(shown)
    assert PICTURES.sub("", shown) == ""
    assert names == [*map(str, range(len(names) - 1)), "full"]
    assert len(names) < 100
    assert line.repaints == 1
    line.output.write(picture("next"))
    assert PICTURES.findall(await line.read()) == ["next"]


async def test_modes_and_calls_outlive_what_is_dropped(line: Line) -> None:
    line.output.write(entering(mouse=True, kitty=True, ask_sync=True))
    for n in range(1000):
        for text in ("\x1b[?2026h", picture(n), "\x1b[?2026l"):
            line.output.write(text)
    line.output.write("\x07\x1b]9;an alert\x07")
    line.output.write(leaving(mouse=True, kitty=True))
    shown = await line.read()
    assert shown.startswith(entering(mouse=True, kitty=True, ask_sync=True))
    assert "\x07\x1b]9;an alert\x07" in shown
    for mode in ("2026", "2004", "1049", "1006", "1002", "1000", "1004"):
        assert re.findall(rf"\x1b\[\?{mode}([hl])", shown)[-1] == "l"
    assert shown.rindex("\x1b[<u") < shown.rindex("\x1b[?1049l")


def test_what_is_kept_does_not_grow() -> None:
    kept: list[str] = []
    for n in range(10_000):
        kept = without_screen_updates([*kept, f"\x1b]9;alert {n}\x07", f"\x1b]52;c;{'A' * 5000}\x07", "\x1b[?2026h"])
    assert kept[0] == "\x1b[?2026h"
    assert kept[-1] == "\x1b]9;alert 9999\x07"
    assert len("".join(kept)) < 1000


async def test_one_picture_of_any_size_is_written_whole(line: Line) -> None:
    large = "\x1b[1;1H" + "█" * 10 * QUEUE_CHARS
    line.output.write(large)
    assert await line.read() == large
    assert line.repaints == 0


async def test_what_was_not_read_is_taken_back_for_the_last_words(line: Line) -> None:
    line.output.write("\x1b[1;1H" + "·" * 100_000)
    assert not line.output.drain(0.05)
    line.output.abandon(leaving(mouse=False, kitty=True))
    shown = await line.read()
    assert shown.endswith("\x18\x1b[0m" + leaving(mouse=False, kitty=True))
    assert len(shown) < 10_000


async def test_other_programs_on_the_terminal_still_wait_for_it(line: Line) -> None:
    assert os.get_blocking(line.slave)


async def test_a_terminal_that_cannot_be_opened_again_is_made_to_wait_again_afterwards() -> None:
    reader, writer = os.pipe()  # nothing has a name here
    output = Output(writer, "latin-1", lambda: None)
    assert not os.get_blocking(writer)
    output.write("● ü")
    output.close()
    assert os.read(reader, 10) == b"? \xfc"
    assert os.get_blocking(writer)


async def test_a_terminal_that_is_gone_is_written_to_no_more(line: Line) -> None:
    os.close(line.master)
    line.output.write(picture("lost"))
    line.output.write(picture("lost too"))
    assert line.output.drain(0)
    line.output.close()
