"""Tell pasted text from typed text: an escape within a paste begins no key."""

from collections.abc import Iterator
from typing import Final

_BEGIN: Final = "\x1b[200~"
_END: Final = "\x1b[201~"
_MOST: Final = 1_000_000
"""The most characters of one paste that are kept."""


class Pastes:
    """Splits input at the marks of a bracketed paste, even where a mark is split between two reads."""

    def __init__(self) -> None:
        self._pasted: str | None = None
        self._half = ""

    @property
    def unfinished(self) -> bool:
        """Return whether a paste has begun and not ended."""
        return self._pasted is not None

    def feed(self, text: str) -> Iterator[tuple[bool, str]]:
        """Yield the parts in order: whether it was pasted, and the text. A paste comes whole."""
        text, self._half = self._half + text, ""
        while text:
            mark = _BEGIN if self._pasted is None else _END
            before, found, text = text.partition(mark)
            if not found:
                before, self._half = _cut(before, mark)
            if self._pasted is not None:
                before = self._pasted = (self._pasted + before)[:_MOST]
            if found or self._pasted is None:
                yield from self._ended(before, begins=bool(found) and self._pasted is None)

    def flush(self) -> Iterator[tuple[bool, str]]:
        """Yield what is pending once no input came for a while: half a mark is text, an unended paste is over."""
        half, self._half = self._half, ""
        yield from self._ended((self._pasted or "") + half, begins=False)

    def _ended(self, text: str, *, begins: bool) -> Iterator[tuple[bool, str]]:
        pasted, self._pasted = self._pasted is not None, "" if begins else None
        if pasted or text:
            yield pasted, text


def _cut(text: str, mark: str) -> tuple[str, str]:
    """Split off the half of a mark at the end of the text. A lone escape is a key, and is not split off."""
    for length in range(len(mark) - 1, 1, -1):
        if text.endswith(mark[:length]):
            return text[:-length], text[-length:]
    return text, ""
