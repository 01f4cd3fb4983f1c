"""Let Textual forget what it drew of widgets that are gone.

Its `StylesCache.get_inner_outer` is a method under an `lru_cache`: the last thousand widgets that were drawn live on in
the keys, with all their lines. Left open for weeks, every dialog and toast of a day would.
"""

from functools import lru_cache

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style


@lru_cache(1024)
def _inner_outer(base: Color, background: Color) -> tuple[Style, Style]:
    """Return the styles within and outside of a border, as Textual's own method does."""
    return Style(background=base + background), Style(background=base)


def forget_removed_widgets() -> None:
    """Let the method keep colours alone."""

    def get_inner_outer(_: StylesCache, base_background: Color, background: Color) -> tuple[Style, Style]:
        return _inner_outer(base_background, background)

    StylesCache.get_inner_outer = get_inner_outer  # type: ignore[method-assign,assignment]  # as said above
