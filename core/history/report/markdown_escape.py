"""Escaping of data in Markdown: it is shown as it is and has no effect, neither in CommonMark nor on GitHub.

Free text keeps its words, with markup escaped; what a renderer would turn into a link, a mention or a reference becomes
code. Names become code. Pipes never survive, so that every result may stand in a table.
"""

import re
from collections.abc import Iterable
from typing import Final

from core.base.text import clean

LINE_CHARS: Final = 500
_MARKUP: Final = re.compile(r"[\\`*\[\]~]|<(?=[^\s\d])")
_EMPHASIS: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITIES: Final = {"&": "&amp;", "|": "&#124;", "$": "&#36;"}
"""Characters whose meaning a backslash does not end everywhere: in table cells, formulas, other entities."""

_AROUND: Final = re.compile(r"([(\[{\"']*)(.*?)([)\]}\"'.,;:!?…]*)", re.DOTALL)
"""What stands around a word, the word itself, and what ends it."""

_CALLS: Final = re.compile(
    r"://|www\.|[^\W\d_]:\S"  # an address, a mailto: or what else has a scheme; operations' names, too
    r"|@\S*\.|(?<!\w)@\w"  # mail, mentions
    r"|[\w-]\.[^\W\d_]{2}"  # a domain
    r"|#\d|\bGH-\d"  # issues
    r"|(?<!\d):[\w+-]+:",  # an emoji's name
    re.IGNORECASE,
)


def prose(text: object) -> str:
    """Escape free text as one line, at most `LINE_CHARS` characters of it."""
    return " ".join(_word(word) for word in clean(text, LINE_CHARS).split())


def code(text: object) -> str:
    """Return a name, or a word that must not be interpreted, as a code span; empty is a dash."""
    shown = " ".join(clean(text, LINE_CHARS).split()).replace("|", "¦")
    if not shown:
        return "—"
    ticks = "`" * (_longest(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(text: str) -> str:
    """Return lines as they are, in a code block that nothing in them ends."""
    lines = [clean(line, LINE_CHARS).rstrip() for line in text.splitlines()]
    fence = "`" * max(3, _longest("\n".join(lines)) + 1)
    return "\n".join((f"{fence}text", *lines, fence))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a table's lines, from cells that are escaped already."""
    names = tuple(head)
    return [_row(names), _row("---" for _ in names), *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _word(word: str) -> str:
    """Escape one word; of one that must not be interpreted the punctuation around it stays outside of the code."""
    around = _AROUND.fullmatch(word) if _CALLS.search(word) else None
    if around is None:
        return _escaped(word)
    begins, core, ends = around.groups()
    return f"{_escaped(begins)}{code(core)}{_escaped(ends)}" if core else code(word)


def _escaped(word: str) -> str:
    escaped = _MARKUP.sub(r"\\\g<0>", word)
    escaped = _EMPHASIS.sub(r"\\_", escaped)
    return "".join(_ENTITIES.get(char, char) for char in escaped)


def _longest(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
