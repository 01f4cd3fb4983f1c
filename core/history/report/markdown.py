"""The report as Markdown, to paste into a postmortem. Nothing in it that came from outside is markup."""

from collections.abc import Mapping
from datetime import tzinfo
from urllib.parse import quote

from core.history.report.contents import contents
from core.history.report.document import (
    Block,
    Bullets,
    Divider,
    FigurePlace,
    Paragraph,
    Piece,
    ScreenText,
    Style,
    TableBlock,
    Text,
    Title,
)
from core.history.report.markdown_escape import code, fenced, prose, table
from core.history.report.record import Report, When


def markdown(
    report: Report, drawn: Mapping[When, str] | None = None, zone: tzinfo | None = None, figure: str = ""
) -> str:
    """Return the report. `drawn`: the screen at each turning point. `zone`: `None` is this machine's.

    `figure`: the name of the file with the figure of the course, beside this one; empty: there is none.
    """
    blocks = (_block(block, figure) for block in contents(report, drawn or {}, zone))
    return "\n\n".join(filter(None, blocks)) + "\n"


def _block(block: Block, figure: str) -> str:
    match block:
        case Title(level, text):
            return f"{'#' * level} {_line(text)}"
        case Paragraph(text):
            return _line(text)
        case Bullets(items):
            return "\n".join(f"- {_line(item)}" for item in items)
        case TableBlock(head, rows):
            return "\n".join(table(map(_line, head), (map(_line, row) for row in rows)))
        case ScreenText(text):
            return fenced(text)
        case FigurePlace(text):
            return f"![{prose(text)}]({quote(figure, safe='')})" if figure else ""
        case Divider():
            return "---"


def _line(text: Text) -> str:
    return "".join(map(_piece, text))


def _piece(piece: Piece) -> str:
    if piece.style is Style.CODE:
        return code(piece.text)
    words = prose(piece.text)
    if not words:
        return " " if piece.text else ""
    if piece.style is Style.STRONG:
        return f"**{words}**"
    if piece.style is Style.EMPHASIS:
        return f"*{words}*"
    before = " " if piece.text[0].isspace() else ""
    return f"{before}{words}{' ' if piece.text[-1].isspace() else ''}"
