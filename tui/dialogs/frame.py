"""The frame of every question, which tells when it was drawn for the first time."""

from collections.abc import Callable

from textual.containers import Vertical
from textual.geometry import Region
from textual.strip import Strip


class Frame(Vertical):
    """The box in the middle of the screen. `drawn` is called once, as its first lines are written."""

    def __init__(self, drawn: Callable[[], None]) -> None:
        super().__init__(id="box")
        self._tell: Callable[[], None] | None = drawn

    @property
    def is_drawn(self) -> bool:
        """Whether anybody may have seen it."""
        return self._tell is None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return its lines, and tell the first time."""
        if (tell := self._tell) is not None:
            self._tell = None
            tell()
        return super().render_lines(crop)
