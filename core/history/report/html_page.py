"""The report as one HTML file of its own: no scripts, nothing that is fetched, the figure of the course within it."""

from collections.abc import Mapping
from datetime import tzinfo
from html import escape
from typing import Final

from core.base.text import clean
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
from core.history.report.markdown_escape import LINE_CHARS
from core.history.report.record import Report, When
from core.history.report.svg import svg

_LOOK: Final = """\
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:68rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2rem;border-bottom:1px solid #8886}
table{border-collapse:collapse;display:block;overflow-x:auto}
th,td{border:1px solid #8886;padding:.25rem .6rem;text-align:left;vertical-align:top}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
code{overflow-wrap:anywhere}pre{overflow-x:auto;border:1px solid #8886;padding:.6rem;line-height:1.2}
svg{max-width:100%;height:auto}
"""
_TAGS: Final = {Style.CODE: "code", Style.STRONG: "strong", Style.EMPHASIS: "em"}


def html_page(report: Report, drawn: Mapping[When, str] | None = None, zone: tzinfo | None = None) -> str:
    """Return the report as a page. `drawn`: the screen at each turning point. `zone`: `None` is this machine's."""
    body = (_block(block, report, zone) for block in contents(report, drawn or {}, zone))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{_shown(f'Incident report: {report.project}')}</title>\n<style>\n{_LOOK}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _block(block: Block, report: Report, zone: tzinfo | None) -> str:
    match block:
        case Title(level, text):
            return f"<h{level}>{_line(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{_line(text)}</p>"
        case Bullets(items):
            return "\n".join(("<ul>", *(f"<li>{_line(item)}</li>" for item in items), "</ul>"))
        case TableBlock(head, rows):
            first = "".join(f"<th>{_line(cell)}</th>" for cell in head)
            rest = ("".join(f"<td>{_line(cell)}</td>" for cell in row) for row in rows)
            lines = "\n".join(f"<tr>{row}</tr>" for row in (first, *rest))
            return f"<table>\n{lines}\n</table>"
        case ScreenText(text):
            lines = "\n".join(_shown(line.rstrip()) for line in text.splitlines())
            return f"<pre>{lines}</pre>"
        case FigurePlace():
            return svg(report, zone)
        case Divider():
            return "<hr>"


def _line(text: Text) -> str:
    return "".join(map(_piece, text))


def _piece(piece: Piece) -> str:
    tag, words = _TAGS.get(piece.style), _shown(piece.text)
    if tag is None:
        return words
    return f"<{tag}>{words}</{tag}>" if words else "—"


def _shown(text: str) -> str:
    return escape(clean(text, LINE_CHARS))
