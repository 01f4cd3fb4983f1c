"""The wall panel: state, figures and last incident, large enough to read from three metres."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from core.domain.snapshot import LinkWord, Snapshot
from tui.panels.panel import Panel
from tui.panels.topline import link_words
from tui.rendering.text import Line, age, ago, oldness
from tui.wall import view_model
from tui.wall.blocks import (
    centred,
    figures_block,
    figures_line,
    figures_scale,
    padded,
    told_block,
    told_line,
    word_block,
)

_LEAST: Final = (40, 7)
"""The smallest width and height, in cells, with large letters."""

_WORD, _REST = 0.36, 0.25
"""The share of the height that the word takes at most, and that each block below it does."""

_LOW: Final = 5
"""The lines that each of them may take in any case."""

_BARE: Final = Style(underline=False)


class WallPanel(Panel):
    """A frame in the state's colour; if the state is critical, the background has it, too."""

    still: datetime | None = None
    """The time of the last snapshot, if the screen is stale; else `None`."""

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the large letters, or the same in words where they do not fit."""
        level = view_model.level(snapshot, self.still)
        state = f"state-{level}"
        if width < _LEAST[0] or height < _LEAST[1]:
            return [padded(line, width, state) for line in self._words(snapshot, state, height)]
        side = 2 if width >= 60 else 1
        inner = width - 2 * side
        edge = (" " * side, state)
        figures, below = self._figures(snapshot, inner, _share(height, _REST))
        band = self._band(snapshot, inner, height, state, below)
        body = self._body(snapshot, figures, inner, height, len(band))
        filled = _filled(band, body, inner, height - 1, state)
        lines: list[Line] = [(edge, *line, edge) for line in filled]
        if level == "critical":
            lines = [tuple((text, state) for text, _ in line) for line in lines]
        return [*lines, self._foot(snapshot, width, state)]

    def render_line(self, y: int) -> Strip:
        """Return a drawn line, never underlined, as whole screens are filled with a state's background."""
        strip = super().render_line(y)
        bare = [Segment(text, one + _BARE if one is not None and one.underline else one) for text, one, _ in strip]
        return Strip(bare, strip.cell_length)

    def _figures(self, snapshot: Snapshot, width: int, room: int) -> tuple[tuple[view_model.WallFigure, ...], str]:
        """Return the figures and the snapshot's age: as a figure, or as text if all figures would become smaller."""
        figures, old = self._measured(snapshot), view_model.oldness(snapshot)
        if self.still is not None or not old:
            return figures, ""
        with_age = (*old, *figures)
        if figures_scale(with_age, width, room) == figures_scale(figures, width, room):
            return with_age, ""
        return figures, f"{oldness(snapshot.link.since, snapshot.at)} · "

    def _measured(self, snapshot: Snapshot) -> tuple[view_model.WallFigure, ...]:
        figures = view_model.figures(snapshot)
        return figures if self.still is None else tuple(map(view_model.dimmed, figures))

    def _told(self, snapshot: Snapshot) -> view_model.BigNumber:
        told = view_model.incident(snapshot)
        return told if self.still is None else replace(told, role="dim")

    def _band(self, snapshot: Snapshot, width: int, height: int, state: str, below: str) -> list[Line]:
        word = word_block(
            view_model.word(snapshot, self.still), width, _share(height, _WORD), signs=self._signs, role=state
        )
        return [*word, centred(((_cut(below + view_model.why(snapshot, self.still), width), state),), width, state)]

    def _body(
        self, snapshot: Snapshot, figures: Sequence[view_model.WallFigure], width: int, height: int, band: int
    ) -> list[list[Line]]:
        """Return the figures and the incident, as large as they fit below a band of `band` lines."""
        room, told = _share(height, _REST), self._told(snapshot)
        large = figures_block(figures, width, room, signs=self._signs) or [figures_line(figures, width)]
        small = [figures_line(figures, width)]
        last = told_block(told, width, room, signs=self._signs) or [told_line(told, width)]
        line = [told_line(told, width)]
        left = height - 1 - band
        for blocks in ([large, last], [large, line], [large], [small, line], [small]):
            if sum(map(len, blocks)) <= left:
                return blocks
        return []

    def _foot(self, snapshot: Snapshot, width: int, state: str) -> Line:
        """Return the last line: the project, the state of the link, and the clock."""
        at = snapshot.at.astimezone()
        name = f" {snapshot.project.name} "
        clock = f"{at:%H:%M %Z} "
        true = f" {_true(snapshot)}  "
        room = width - cell_len(name) - cell_len(true)
        if room < 0:
            return padded(((_cut(true, width), state),), width, state)
        if room < cell_len(clock):
            clock = ""
        return (
            (name, "project"),
            (" " * (room - cell_len(clock)), state),
            (true, state),
            (clock, state),
        )

    def _words(self, snapshot: Snapshot, state: str, height: int) -> list[Line]:
        sign = self._signs.level(view_model.level(snapshot, self.still))
        word: Line = ((f" {sign} {view_model.word(snapshot, self.still)} ", state),)
        old = age(snapshot.link.since, snapshot.at) if snapshot.link.word is LinkWord.LIVE else ""
        true: Line = ((f" {link_words(snapshot.link, snapshot.at)} {old}", state),)
        figures = (*view_model.oldness(snapshot), *view_model.figures(snapshot))
        numbers: Line = (("  " + "  ".join(f"{one.texts[0]} {one.label}" for one in figures), state),)
        told = view_model.incident(snapshot)
        last: Line = ((f" {told.big.lower()} {', '.join(told.lines)}", state),)
        if height == 1:
            return [(*word, *true, *numbers)]
        return [
            (*word, *true),
            ((f" {view_model.why(snapshot, self.still)}", state),),
            numbers,
            last,
            *([((" ", state),)] * height),
        ][:height]


def _share(height: int, share: float) -> int:
    return max(_LOW, int(height * share))


def _true(snapshot: Snapshot) -> str:
    link = snapshot.link
    if link.word is not LinkWord.LIVE or link.since is None:
        return link_words(link, snapshot.at)
    return f"LIVE, seen {ago(link.since, snapshot.at)}"


def _filled(band: list[Line], body: list[list[Line]], width: int, height: int, state: str) -> list[Line]:
    """Return band and body over the whole height, with the free lines spread between them."""
    left = max(0, height - len(band) - sum(map(len, body)))
    blank, own = ((" " * width, "text"),), ((" " * width, state),)
    places = ["above the word", *map(str, range(len(body))), "at the end", "below the word", "below the band"]
    gaps = {place: left // len(places) + (n < left % len(places)) for n, place in enumerate(places)}
    lines: list[Line] = [
        *[own] * gaps["above the word"],
        *band[:-1],
        *[own] * gaps["below the word"],
        band[-1],
        *[own] * gaps["below the band"],
    ]
    for n, block in enumerate(body):
        lines += [*[blank] * gaps[str(n)], *block]
    return [*lines, *[blank] * gaps["at the end"]]


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"
