"""A person at a terminal: what is on its screen, and the keys."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pyte
import pytest
from wcwidth import wcwidth

from tests.tui.terminal import Terminal
from tests.until import PATIENCE_S

ESCAPE = "\x1b[27u"


class Cells(pyte.Screen):
    """A screen that may be looked at while a line of it is half of before and half of now."""

    @property
    def display(self) -> list[str]:
        """Its lines as text; the second half of a wide character is empty."""
        return ["".join(self.buffer[y][x].data for x in range(self.columns)) for y in range(self.lines)]

    def is_whole(self) -> bool:
        """Whether no wide character is cut in half."""
        wide = [[wcwidth(self.buffer[y][x].data[:1]) == 2 for x in range(self.columns)] for y in range(self.lines)]
        return all(
            (self.buffer[y][x].data == "") == (x > 0 and wide[y][x - 1])
            for y in range(self.lines)
            for x in range(self.columns)
        )


class Hand(Terminal):
    """A terminal with somebody at its keys."""

    def __init__(self, *args: Any, size: tuple[int, int] = (80, 24), **more: Any) -> None:
        super().__init__(*args, size=size, **more)
        self.screen = Cells(*size)
        self.stream = pyte.ByteStream(self.screen)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def gone(self, word: str, within_s: float = PATIENCE_S) -> str:
        """Read until `word` is not on the screen."""
        return self.await_gone(word, within_s)

    def escape(self) -> None:
        """Press escape, as a terminal sends it that leaves no doubt whether it begins another key."""
        self.press(ESCAPE)

    def dispose(self) -> None:
        """Nothing of it lives on."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


@pytest.fixture
def opened() -> Iterator[Callable[..., Hand]]:
    """Opens terminals; none outlives the test."""
    made: list[Hand] = []

    def make(*args: Any, **more: Any) -> Hand:
        made.append(Hand(*args, **more))
        return made[-1]

    yield make
    for one in made:
        one.dispose()


Open = Callable[..., Hand]
