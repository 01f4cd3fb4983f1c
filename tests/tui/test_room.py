"""The room of panels: nothing of a check is cut beside blanks, and lines that are left go to who can use them."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.domain.checks import Check
from core.domain.snapshot import Snapshot
from core.domain.status import Level
from tests.tui.well import ACTIVE, changed
from tui.panels import HealthPanel
from tui.panels.layout import DashboardColumn, Slot, Wish, arrange
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette


def drawn_of(snapshot: Snapshot, width: int, height: int) -> list[str]:
    return [plain(line) for line in HealthPanel(Signs(), palette("dark")).lines(snapshot, width, height)]


def checked(*texts: str, recent: tuple[float | None, ...] = ()) -> Snapshot:
    names = [check.name for check in ACTIVE.health.checks]
    checks = tuple(
        Check(name=name, level=Level.OK, text=text, took_s=0.04, at=ACTIVE.at, recent=recent)
        for name, text in zip(names, texts, strict=True)
    )
    return changed(ACTIVE, health=msgspec.structs.replace(ACTIVE.health, checks=checks))


@given(st.lists(st.integers(1, 50), min_size=6, max_size=6), st.integers(60, 120))
def test_no_reading_of_a_check_is_cut_while_a_duration_or_the_other_side_has_room(sizes: list[int], width: int) -> None:
    drawn = drawn_of(checked(*("x" * size for size in sizes)), width, 3)
    assert {cell_len(line) for line in drawn} == {width}
    named = 16
    fits = 2 * named + 2 + max(sizes[:3]) + max(sizes[3:]) <= width
    assert fits is not any("…" in line for line in drawn)


def test_the_courses_of_other_checks_stay_beside_one_long_text() -> None:
    texts = ["answers", "answers", "3 of 5 running, the oldest for 2 h and 10 min", "2 %", "all closed", "waits"]
    drawn = drawn_of(checked(*texts, recent=(0.04,) * 9), 62, 8)
    assert [any(sign in line for sign in "▁▂▃▄▅▆▇█") for line in drawn[:6]] == [True, True, False, True, True, True]
    assert texts[2] in drawn[2]


def test_a_panel_that_says_so_takes_any_lines_that_are_left() -> None:
    slots = [
        Slot(name="a", column=DashboardColumn.LEFT, rank=9, fills=9, greedy=False),
        Slot(name="b", column=DashboardColumn.LEFT, rank=8, fills=1, greedy=True),
    ]

    def heights(*, part: bool) -> list[int]:
        wishes = {"a": Wish(3, 9, part=part), "b": Wish(4, 4)}
        return [place.height for place in arrange(80, 10, slots, lambda name, *_: wishes[name]).values()]

    assert heights(part=True) == [6, 4]
    assert heights(part=False) == [3, 7]
