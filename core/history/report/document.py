"""The report as blocks of text, before it is Markdown or HTML. A plain string in a line is free text: never markup."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, TypeAlias


class Style(StrEnum):
    """How a piece of a line stands out. `code` is for names, which are shown character by character."""

    TEXT = "text"
    CODE = "code"
    STRONG = "strong"
    EMPHASIS = "emphasis"


class Piece(NamedTuple):
    """A part of a line, in one style."""

    text: str
    style: Style = Style.TEXT


Text: TypeAlias = tuple[Piece, ...]
Part: TypeAlias = str | Piece | Text


class Title(NamedTuple):
    """A heading; 1 is the title."""

    level: int
    text: Text


class Paragraph(NamedTuple):
    """A paragraph."""

    text: Text


class Bullets(NamedTuple):
    """A list."""

    items: tuple[Text, ...]


class TableBlock(NamedTuple):
    """A table."""

    head: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


class ScreenText(NamedTuple):
    """The screen, line by line."""

    text: str


class FigurePlace(NamedTuple):
    """Where the figure of the course stands; `text` says in words what it shows."""

    text: str


class Divider(NamedTuple):
    """A line across the page."""


Block: TypeAlias = Title | Paragraph | Bullets | TableBlock | ScreenText | FigurePlace | Divider


def text(*parts: Part) -> Text:
    """Return parts as one line: strings as free text."""
    found: list[Piece] = []
    for part in parts:
        if isinstance(part, str):
            found.append(Piece(part))
        elif isinstance(part, Piece):
            found.append(part)
        else:
            found += part
    return tuple(piece for piece in found if piece.text or piece.style is Style.CODE)


def code(name: object) -> Piece:
    """Return a name; an empty one is shown as a dash."""
    return Piece(str(name), Style.CODE)


def strong(words: str) -> Piece:
    """Return words that stand out."""
    return Piece(words, Style.STRONG)


def emphasis(words: str) -> Piece:
    """Return words that are not from anybody."""
    return Piece(words, Style.EMPHASIS)


def grid(head: Iterable[Part], rows: Iterable[Iterable[Part]]) -> TableBlock:
    """Return a table."""
    return TableBlock(tuple(text(one) for one in head), tuple(tuple(text(cell) for cell in row) for row in rows))


def bullets(*items: Part) -> Bullets:
    """Return a list."""
    return Bullets(tuple(text(item) for item in items))
