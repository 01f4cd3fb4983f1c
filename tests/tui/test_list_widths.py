"""In a list no text is cut beside cells that stay blank in every row."""

import pytest
from rich.cells import cell_len

from tests.tui.drawn import app_on, run, settled
from tests.tui.pictures import STATES, WARNING
from tui.lists import LISTS
from tui.panels.row_list import RowList, text_of

pytestmark = pytest.mark.usefixtures("utc")

SIZES = [(200, 50), (140, 40), (120, 30), (100, 30), (80, 24), (60, 15)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("state", ["warning", "critical"])
async def test_no_text_is_cut_beside_blanks(state: str, size: tuple[int, int]) -> None:
    app = app_on(WARNING if state == "warning" else STATES[state])
    async with run(app, size) as pilot:
        for name in LISTS:
            await app.visit(name)
            await settled(pilot)
            listed = app.screen.query_one(RowList)
            wide = listed._columns(listed.size.width)
            assert sum(wide.values()) + len(wide) <= listed.size.width + 1, name
            texts = {
                number: [text_of(row.cells[number], app.shown.at, times=False) for row in listed._rows]
                for number in wide
            }
            longest = {number: max(map(cell_len, found), default=0) for number, found in texts.items()}
            cut = [number for number in wide if longest[number] > wide[number]]
            spare = [
                number
                for number in wide
                if max(longest[number], min(cell_len(listed.columns[number].title), 16), 1) < wide[number]
                and not listed.columns[number].moment
            ]
            rest = listed._rest
            assert not (cut and rest in spare), (name, cut, wide, longest)
            assert not (rest in cut and spare), (name, spare, wide, longest)


async def test_a_text_goes_on_over_what_is_empty_behind_it() -> None:
    app = app_on(WARNING)
    async with run(app, (140, 40)) as pilot:
        await app.visit("tasks")
        await settled(pilot)
        listed = app.screen.query_one(RowList)
        columns = listed._columns(listed.size.width)
        rest = listed._rest
        assert rest is not None
        cells = [("", "text")] * len(listed.columns)
        cells[rest] = ("x" * 200, "text")
        line = "".join(text for text, _ in listed._laid(cells, columns))
        assert list(columns)[-1] != rest
        assert line.rstrip().endswith("…")
        assert cell_len(line.rstrip()) == sum(columns.values()) + len(columns) - 1
