"""What was pasted is told from what was typed, wherever the line cuts it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.pastes import Pastes

BEGIN, END = "\x1b[200~", "\x1b[201~"

KEYS = st.sampled_from(["a", "[", "2", "~", "\x1b[A", "\x1b[24~", "\x1b[27;5u"])
PARTS = st.lists(
    st.tuples(st.just(False), st.lists(KEYS, min_size=1, max_size=6).map("".join))
    | st.tuples(st.just(True), st.text("ab\x1b[201~h", max_size=12).filter(lambda text: END not in text + END[:-1])),
    max_size=4,
)


def told(pastes: Pastes, *reads: str) -> list[tuple[bool, str]]:
    return joined([*(part for read in reads for part in pastes.feed(read)), *pastes.flush()])


def joined(parts: list[tuple[bool, str]]) -> list[tuple[bool, str]]:
    """Keys one after the other are one part."""
    found: list[tuple[bool, str]] = []
    for pasted, text in parts:
        if found and not pasted and not found[-1][0]:
            found[-1] = (False, found[-1][1] + text)
        else:
            found.append((pasted, text))
    return found


@given(PARTS, st.sets(st.integers(1, 80), max_size=6))
def test_wherever_it_is_cut(parts: list[tuple[bool, str]], cuts: set[int]) -> None:
    sent = "".join(f"{BEGIN}{text}{END}" if pasted else text for pasted, text in parts)
    places = [0, *sorted(cut for cut in cuts if cut < len(sent) and sent[cut - 1] != "\x1b"), len(sent)]
    reads = [sent[begin:end] for begin, end in pairwise(places)]  # never after an escape: alone it is a key at once
    assert told(Pastes(), *reads) == joined(parts)


def test_an_escape_within_begins_no_key() -> None:
    assert told(Pastes(), f"a{BEGIN}x\x1bh\x1b[31m{END}b") == [(False, "a"), (True, "x\x1bh\x1b[31m"), (False, "b")]


def test_a_paste_whose_end_is_lost_is_over_after_a_while() -> None:
    pastes = Pastes()
    assert list(pastes.feed(f"{BEGIN}lost \x1b[20")) == []
    assert pastes.unfinished
    assert list(pastes.flush()) == [(True, "lost \x1b[20")]
    assert list(pastes.feed("q")) == [(False, "q")]


def test_half_a_mark_that_goes_on_as_something_else_is_typed() -> None:
    pastes = Pastes()
    assert list(pastes.feed("\x1b[2")) == []
    assert list(pastes.feed("4~")) == [(False, "\x1b[24~")]
    assert list(pastes.feed("\x1b")) == [(False, "\x1b")]


def test_a_paste_is_bounded() -> None:
    ((_, text),) = told(Pastes(), BEGIN, *["x" * 500_000] * 5, END)
    assert len(text) == 1_000_000
