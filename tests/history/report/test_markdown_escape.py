"""Whatever lies in the data, the Markdown made of it shows it and does nothing else; read by a real parser."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.domain.events import Event
from core.domain.records import LogEntry
from core.domain.snapshot import Link, LinkWord, Project, State
from core.domain.status import Level
from core.history.blackbox import Note, WatchedSpan
from core.history.report import RecordedWindow, Report, When, compose, markdown, without_secrets
from core.history.report.markdown_escape import code, fenced, prose, table
from tests.history.blackbox.pictures import NOON, after, alarm, picture

NASTY = {
    "table": "a | b || c \\| d | --- |",
    "code": "`rm` ``two`` ```three``` `",
    "html": "<script>alert(1)</script> <img src=x onerror=y> <!-- --> &lt;b&gt; &#60;i>",
    "links": "[x](javascript:alert(1)) ![i](http://e.vil/i.png) <http://e.vil> [a]: http://e.vil [^1]",
    "autolinks": "http://e.vil/x www.e.vil e.vil/path ann@e.vil mailto:ann@e.vil ftp://e.vil xmpp:a@b.c",
    "mentions": "@everyone (@team/x) #12 owner/name#3 GH-4 :tada: $x^2$ $$y$$",
    "emphasis": "*a* **b** _c_ __d__ ~~e~~ ~f~ snake_case_name ***",
    "blocks": "# heading\n\n- item\n> quote\n\n---\n\n    code\n1. one",
    "setext": "title\n=====\n<div>\n\n</div>",
    "control": "a\x00b\x1b]8;;http://e.vil\x07c\x1b[31md\x7f\u202ee\u200bf\u2028g\x85h\rI",
    "fences": "```\n~~~\n</pre>\n````md",
    "backslashes": "\\ \\\\ \\` \\[x] end\\",
    "entities": "&amp; &copy; &#x3c;script&#x3e;",
}
MARKUP = {"html_inline", "html_block", "link_open", "image", "em_open", "strong_open", "s_open"}
PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": True})
"""As a forge reads it, and more eagerly: it makes links of bare domains, too."""


OURS = {
    *("Window:", "Project:", "Watched:", "Missing:", "CRITICAL", "OFFLINE", "nothing was recorded for 9 min"),
    *("What began it:", "What followed:", "How long:", "Effect:", "At the end:", "In each state:"),
    "Worst state: CRITICAL",
    "Why did it happen? What came first is known (12:00:20); what caused that?",
    "Why did it happen? What came first is known (12:00:30); what caused that?",
    "No message is recorded: should somebody have been told, and who?",
    "Could it have been noticed earlier, and by what?",
    "Who was affected besides the tasks, and do they know?",
    "What helped, what was missing, and where were we lucky?",
    "What keeps it from happening again: what, who, until when?",
}
"""What stands out in a report, whatever lies in its data."""


def inner(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from inner(token.children or [])


def cells(page: str) -> list[list[str]]:
    """What stands in each row's cells, as it is shown."""
    rows: list[list[str]] = []
    for token in PARSER.parse(page):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append("".join(one.content for one in token.children or []))
    return rows


@pytest.mark.parametrize("name", NASTY)
def test_free_text_and_names_hold_no_markup_and_stay_in_their_cell(name: str) -> None:
    text = NASTY[name]
    page = "\n".join(table(("One", "Two", "Three"), [(prose(text), code(text), "end")]))
    found = {token.type for token in inner(PARSER.parse(page))}
    assert not found & MARKUP
    assert [len(row) for row in cells(page)] == [3, 3]
    assert cells(page)[1][2] == "end"
    assert page.count("\n") == 2


@given(st.text(max_size=80), st.text("\\`|<>[]()*_~&$#@:/.-! aé\n\x1b", max_size=40))
def test_nor_does_any_other_text(text: str, spiteful: str) -> None:
    for one in (text, spiteful, f"{text}{spiteful}"):
        page = "\n".join(table(("One", "Two", "Three"), [(f"x {prose(one)}", code(one), "end")]))
        found = {token.type for token in inner(PARSER.parse(page))}
        assert not found & MARKUP, page
        assert [len(row) for row in cells(page)] == [3, 3], page
        assert cells(page)[1][2] == "end"


@pytest.mark.parametrize(
    "text", ["2 of 3 tasks failed", "50 % > 20 %, a < b", "a_b", "x; y: z (q)", "1 * 2", "a\\b", "AT&T | x", "it's $5"]
)
def test_plain_words_are_shown_as_they_are(text: str) -> None:
    assert cells("\n".join(table(("One",), [(prose(text),)])))[1] == [text]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("down (https://e.vil/x), again.", "down (`https://e.vil/x`), again."),
        ("see https://e.vil/x.", "see `https://e.vil/x`."),
        ('"db:read" failed; ann@e.vil: no', '"`db:read`" failed; `ann@e.vil`: no'),
        ("[x](http://e.vil)", "\\[`x](http://e.vil`)"),
        (":tada:", "`:tada`:"),
    ],
)
def test_punctuation_stays_outside_of_the_code(text: str, shown: str) -> None:
    assert prose(text) == shown


@pytest.mark.parametrize("name", NASTY)
def test_a_picture_ends_where_its_fence_does(name: str) -> None:
    tokens = PARSER.parse(f"{fenced(NASTY[name])}\n\nafter\n")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]


@pytest.mark.parametrize("name", NASTY)
def test_a_whole_report_of_hostile_rows_is_a_report(name: str) -> None:
    text = NASTY[name]
    page = markdown(hostile(text), dict.fromkeys(When, text))
    tokens = list(inner(PARSER.parse(page)))
    ours = {"strong_open", "em_open"}  # state words, and that nothing was kept
    assert not {token.type for token in tokens} & (MARKUP - ours)
    strong = {tokens[at + 1].content for at, token in enumerate(tokens) if token.type in ours}
    assert strong <= OURS
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    done = "What was done, and by whom"
    sections = ["Summary", "Times", "Effect", done, "Timeline", "Alerts", "State and connection", "Open questions"]
    assert headings[1:9] == sections
    assert headings[9] == "The screen"
    assert [one.partition(":")[0] for one in headings[10:]] == ["Before", "During"]
    assert all(ord(char) >= 32 or char == "\n" for char in page)


def hostile(text: str, secrets: tuple[str, ...] = ()) -> Report:
    """A report in which everything that can be said is said so, without `secrets`."""
    worst = picture(
        30,
        project=Project(name=text, url=text, user=text),
        state=State.CRITICAL,
        state_why=text,
        ready=True,
        link=Link(word=LinkWord.OFFLINE, why=text),
        alerts=(
            msgspec.structs.replace(
                alarm("firing"), key=text, title=text, text=text, severity=text, acked=text, muted=text
            ),
        ),
        events=(Event(at=NOON + after(20), who=f"operator {text}", text=text, level=Level.WARNING, run=text),),
    )
    row = LogEntry(
        id=text, at=NOON + after(25), step=text, status="failed", summary=text, order=text, actor=text, run="other"
    )
    kept = RecordedWindow(
        [picture(0, ready=True), worst],
        (WatchedSpan(NOON, NOON + after(60)),),
        (Note(at=NOON + after(40), written_at=NOON + timedelta(days=2), who=text, text=text),),
        without_secrets((row,), secrets),
        asked=f"could not be read: {text}",
    )
    return without_secrets(compose(kept, since=NOON, until=NOON + after(600), made_at=NOON, host=text), secrets)
