"""A text that is cut says so: by an ellipsis, wherever its line ends; and what is wrapped loses no word."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.panels.long_texts import with_long_texts
from tui.rendering.table import TableColumn
from tui.rendering.text import fit, plain

WORDS = st.text(st.sampled_from("abc d 漢e"), max_size=12)
COLUMNS = (TableColumn(most=1), TableColumn())


@given(st.lists(WORDS, max_size=6), st.integers(0, 40))
def test_a_line_has_its_width_and_is_whole_or_ends_with_an_ellipsis(parts: list[str], width: int) -> None:
    whole = "".join(parts)
    told = plain(fit(tuple((part, "text") for part in parts), width))
    assert cell_len(told) == width
    assert told.rstrip(" ") == whole.rstrip(" ") or told.endswith("…") or not width


@given(st.lists(st.text("abc漢:", min_size=1, max_size=9), min_size=1, max_size=20), st.integers(12, 90))
def test_a_long_text_goes_on_in_the_next_line_and_no_word_is_lost_in_silence(words: list[str], width: int) -> None:
    text = " ".join(words)
    lines = [plain(line) for line in with_long_texts(COLUMNS, [(("!", "text"), (text, "text"))], width, 2)]
    assert {cell_len(line) for line in lines} == {width}
    told = " ".join(line[1:].strip() for line in lines)
    assert told.split() == words or told.endswith("…") or "".join(told.split()) == "".join(words)
    assert text.startswith(told.removesuffix("…").split(" ")[0])
