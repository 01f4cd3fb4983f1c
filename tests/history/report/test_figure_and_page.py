"""The figure and the page: whatever lies in the data, they show it and do nothing else, and fetch nothing."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.snapshot import Link, LinkWord, State
from core.history.report import Report, When, html_page, svg
from core.history.report.markdown_escape import LINE_CHARS
from tests.history.report.made import of, shot
from tests.history.report.test_incident_course import reports
from tests.history.report.test_markdown_escape import NASTY, hostile
from tests.hostile import CONTROL, HOSTILE

TEXTS = NASTY | HOSTILE
_SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"svg", "title", "rect", "text", "path"}
SHAPES = {
    "xmlns",
    "viewbox",
    "width",
    "height",
    "role",
    "font-family",
    "font-size",
    "fill",
    "x",
    "y",
    "d",
    "stroke",
} | {
    *("stroke-dasharray", "text-anchor"),
}
HEAD = {"http-equiv", "content", "name", "charset", "lang"}
TAGS = DRAWN | {
    *("html", "head", "meta", "style", "body", "h1", "h2", "h3", "p", "ul", "li", "table", "tr", "th", "td"),
    *("pre", "code", "strong", "em", "hr"),
}
SECRET = "p|ss*w_r\"d\\_<ü'&"


class Page(HTMLParser):
    """What a browser would find in a page: its elements, their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for _, value in attrs]
        if tag not in {"meta", "hr"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def check_figure(figure: str) -> ET.Element:
    root = ET.fromstring(figure)
    for one in root.iter():
        assert one.tag.removeprefix(_SVG) in DRAWN
        assert {name.lower() for name in one.attrib} <= SHAPES
        assert not [value for value in one.attrib.values() if "url(" in value or "script" in value]
        assert not CONTROL.search((one.text or "").replace("\n", ""))
    assert "http" not in re.sub(r'xmlns="http://www\.w3\.org/2000/svg"', "", re.sub(r">[^<]*<", "><", figure))
    return root


def check_page(text: str) -> Page:
    page = Page(text)
    assert page.open == []
    assert page.tags <= TAGS
    assert page.attributes <= SHAPES | HEAD
    assert not [value for value in page.values if "script" in value or "url(" in value]
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.values
    assert not CONTROL.search(text.replace("\n", ""))
    return page


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_does_nothing_in_the_figure_nor_in_the_page(name: str) -> None:
    report = hostile(TEXTS[name])
    check_figure(svg(report))
    page = check_page(html_page(report, dict.fromkeys(When, TEXTS[name])))
    assert "Incident report" in page.text


@settings(deadline=None)
@given(st.text(max_size=80), st.text("<>&\"'/=\\;:!-[]{}\ufffe\uffff\x00\x1b aé", max_size=40))
def test_nor_does_any_other_text(text: str, spiteful: str) -> None:
    report = hostile(text + spiteful)
    check_figure(svg(report))
    check_page(html_page(report, {When.DURING: spiteful}))


@settings(deadline=None)
@given(reports())
def test_whatever_happened_it_is_drawn_within_its_frame(report: Report) -> None:
    root = check_figure(svg(report))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for one in root.iter(f"{_SVG}rect"):
        left, top = float(one.attrib.get("x", 0)), float(one.attrib.get("y", 0))
        assert 0 <= left <= left + float(one.attrib["width"]) <= width + 1
        assert 0 <= top <= top + float(one.attrib["height"]) <= height
    for one in root.iter(f"{_SVG}text"):
        assert 0 <= float(one.attrib["x"]) <= width
        assert 0 < float(one.attrib["y"]) <= height
    check_page(html_page(report))


def test_no_secret_is_in_it_however_it_would_be_written() -> None:
    report = hostile(f"pasted {SECRET} and sb_secret_{'x' * 30} and Bearer {'y' * 30}", (SECRET,))
    for text in (svg(report), html_page(report)):
        assert "pasted …" in text
        for part in ("ss*w", "&quot;d\\", "xxxx", "yyyy"):
            assert part not in text


def test_a_long_text_is_cut_and_a_figure_says_in_words_what_its_colours_say() -> None:
    report = hostile("word " * 1_000)
    assert max(map(len, Page(html_page(report)).text.splitlines())) < 6 * LINE_CHARS
    words = "".join(check_figure(svg(report)).itertext())
    for said in ("State", "Connection", "Actions and notes", "CRITICAL", "OFFLINE", "action"):
        assert said in words


def test_more_alerts_than_there_is_room_for_are_counted() -> None:
    report = hostile("x")
    many = msgspec.structs.replace(report, alerts=report.alerts * 30)
    assert "22 more alerts" in svg(many)


def test_the_figure_shows_where_each_incident_began_and_the_words_of_a_short_one_beside_one_another() -> None:
    slow = {"state": State.WARNING}
    down = {"state": State.CRITICAL, "link": Link(word=LinkWord.OFFLINE)}
    figure = svg(of(shot(0), shot(600, **down), shot(700), shot(1800, **slow), shot(1900), until=3600), UTC)
    root = check_figure(figure)
    edges = [one for one in root.iter(f"{_SVG}path") if one.get("stroke-dasharray")]
    assert len(edges) == 3
    assert edges[0].findtext(f"{_SVG}title", "").startswith("another incident, 12:30:00: the state became WARNING")
    anchors = {(one.text or "").strip(): one.get("text-anchor") for one in root.iter(f"{_SVG}text")}
    assert (anchors["began 12:10:00"], anchors["resolved 12:11:40"]) == ("end", "start")
