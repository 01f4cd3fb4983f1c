"""Partial screen updates that begin at the first changed cell of a line.

Textual 8 crops a widget's line at its right end only, so that a clock at the end of a line costs the whole line each
time. That would be most of the bytes that an idle screen sends.
"""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class NarrowUpdate(ChopsUpdate):
    """Writes the part of each line that is to be redrawn, and nothing to the left of it."""

    def render_segments(self, console: Console) -> str:
        """Return the update as the text to write to the terminal."""
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
    """Textual's compositor, with narrow updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return the update of what changed; `None` if nothing did."""
        update = super().render_partial_update()
        return None if update is None else NarrowUpdate(update.chops, update.spans, update.chop_ends)
