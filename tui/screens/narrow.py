"""Partial updates that begin where the change begins.

Textual 8 crops what it writes of a widget's line at its right end only, so that a clock at the end of a line costs
the whole line each time. On a line that is paid for by the byte this is most of what an idle screen sends.
"""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class NarrowUpdate(ChopsUpdate):
    """Writes of each line what was asked to be drawn anew, and nothing to the left of it."""

    def render_segments(self, console: Console) -> str:
        """As what is written to the terminal."""
        written: list[str] = []
        for y, begin, end in self.spans:
            for until, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(x, begin), min(until, end)
                if strip is None or left >= right:
                    continue
                written.append(Control.move_to(left, y).segment.text)
                written.append(strip.crop(left - x, right - x).render(console))
        return "".join(written)


class NarrowCompositor(Compositor):
    """Textual's, with narrow updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """What changed, or `None`."""
        update = super().render_partial_update()
        return None if update is None else NarrowUpdate(update.chops, update.spans, update.chop_ends)
