"""What is drawn with: sparklines, bars, plain ASCII, and the net that nothing passes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tui.rendering.ascii import spelled
from tui.rendering.text import BAR, LEVELS, OutputFilter, Signs, bar, spark

GROUND = Color.parse("black")


def test_a_sparkline_is_eight_heights_the_newest_at_the_right() -> None:
    assert spark([0, 1, 2, 3, 4, 5, 6, 7], 8) == LEVELS
    assert spark([9, 9, 0, 7], 2) == "▁█"
    assert spark([1, 8], 6) == "    ▁█"


def test_a_gap_is_drawn_as_a_gap_and_nothing_as_nothing() -> None:
    assert spark([1, None, 8], 3) == "▁ █"
    assert spark([None, None], 4) == "    "
    assert spark([], 3) == "   "
    assert spark([1, 2], 0) == ""
    assert spark([1, float("nan"), 8], 3) == "▁ █"


def test_bounds_hold_what_lies_beyond_them_and_equal_values_stand_low() -> None:
    assert spark([-5, 50, 500], 3, low=0, high=100) == "▁▅█"
    assert spark([7, 7, 7], 3) == "▁▁▁"
    assert spark([100, 100], 2, low=80, high=100) == "██"


def test_ascii_has_heights_of_its_own() -> None:
    assert spark([0, 1, 2, 3, 4], 5, levels=Signs(ascii_only=True).levels) == "_.-=^"


@example([1.25e305, -1.79e308], 2)
@given(st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=50), st.integers(0, 40))
def test_a_sparkline_is_as_wide_as_it_was_asked_to_be(values: list[float | None], width: int) -> None:
    drawn = spark(values, width)
    assert len(drawn) == width
    assert set(drawn) <= {*LEVELS, " "}
    assert drawn == spark(values, width)


@pytest.mark.parametrize(
    ("done", "total", "drawn"),
    [
        (0, 10, "▁▁▁▁"),
        (5, 10, "▆▆▁▁"),
        (9, 10, "▆▆▆▁"),
        (10, 10, "▆▆▆▆"),
        (12, 10, "▆▆▆▆"),
        (0, 0, "▁▁▁▁"),
        (3, 0, "▁▁▁▁"),
    ],
)
def test_a_bar_is_full_only_when_all_is_done(done: int, total: int, drawn: str) -> None:
    assert bar(done, total, 4) == drawn
    assert bar(done, total, 4, signs=Signs(ascii_only=True).bar) == drawn.translate(str.maketrans(BAR, "#."))


def test_ascii_spells_what_it_knows_and_asks_about_the_rest() -> None:
    assert spelled("Ünïcode — “naïve” … ≥ 3 × 5 · ● ok") == 'Unicode - "naive" ~ > 3 x 5 . + ok'
    assert spelled("ÆØłß½ 東京 🦀") == "?Ols? ???? ??"
    assert spelled("┏━┓ ┌─┐") == "+=+ +-+"
    signs, plain = Signs(), Signs(ascii_only=True)
    for name in ("ok", "warning", "critical", "unknown", "beat", "rule", "none"):
        assert spelled(getattr(signs, name)) == getattr(plain, name)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_ascii_is_as_wide_as_what_it_stands_for(text: str) -> None:
    spelt = spelled(text)
    assert spelt.isascii()
    assert cell_len(spelt) == cell_len(text)


def caught(net: OutputFilter, text: str, style: str = "") -> Segment:
    return net.apply([Segment(text, Style.parse(style))], GROUND)[0]


def test_the_net_takes_colours_and_leaves_what_they_said() -> None:
    net = OutputFilter(colourless=True)
    assert caught(net, "x", "bold red").style == Style.parse("bold")
    assert caught(net, "x", "underline red on default").style == Style.parse("underline")
    assert caught(net, "x", "bold black on white").style == Style.parse("bold reverse")  # a cursor, a selection
    clickable = Segment("x", Style(color="red", meta={"option": 3}))
    style = net.apply([clickable], GROUND)[0].style
    assert style is not None
    assert (style.color, style.meta) == (None, {"option": 3})


def test_the_net_spells_in_ascii_and_stops_controls_all_the_same() -> None:
    assert caught(OutputFilter(ascii_only=True), "a\x1b[2J—é").text == "a.[2J-e"
    assert caught(OutputFilter(), "a\x1b[2J—é").text == "a·[2J—é"
