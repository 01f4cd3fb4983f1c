"""A page that is distrusted while it is being read is read in full afterwards."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from core.backend.conditions import Place
from core.backend.reads import Read
from core.resilience import Policy
from core.services.newest_page import NewestPage
from tests.clock import FakeClock

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Row(NamedTuple):
    id: str
    at: datetime
    done: bool = True


class Table:
    """Rows, and how they were asked for."""

    def __init__(self, *rows: Row) -> None:
        self.rows = rows
        self.asked: list[str] = []
        self.during: Callable[[], None] = lambda: None
        self.cap = 50

    def full(self) -> Read[tuple[Row, ...]]:
        return self._read("full", lambda: self.rows)

    def newer(self, last: Place | None, known: tuple[str, ...]) -> Read[tuple[Row, ...]]:
        return self._read("newer", lambda: tuple(row for row in self.rows if row.id not in known))

    def _read(self, name: str, rows: Callable[[], tuple[Row, ...]]) -> Read[tuple[Row, ...]]:
        async def ask() -> tuple[Row, ...]:
            self.asked.append(name)
            found = rows()[: self.cap]
            self.during()
            await asyncio.sleep(0)
            return found

        return Read("key", ask, None, Policy(total_s=1))


def page_of(table: Table) -> NewestPage[Row]:
    return NewestPage(
        FakeClock(), full=table.full, newer=table.newer, at=lambda row: row.at, settled=lambda row: row.done, limit=50
    )


async def test_distrust_that_comes_while_a_page_is_read_is_not_forgotten() -> None:
    table = Table(*(Row(f"{n}", AT - timedelta(minutes=n)) for n in range(5)))
    page = page_of(table)
    await page.read().ask()
    table.during = page.distrust
    await page.read().ask()
    table.during = lambda: None
    await page.read().ask()
    await page.read().ask()
    assert table.asked == ["full", "newer", "full", "newer"]


async def test_an_api_that_cuts_pages_off_leaves_no_gap() -> None:
    table = Table(*(Row(f"{n}", AT - timedelta(minutes=n)) for n in range(5)))
    table.cap = 3
    page = page_of(table)
    assert await page.read().ask() == table.rows[:3]
    table.rows = (*(Row(f"new {n}", AT + timedelta(minutes=9 - n)) for n in range(5)), *table.rows)
    assert await page.read().ask() == table.rows[:3]
    assert table.asked == ["full", "newer", "full"]


async def test_ids_that_do_not_sort_by_their_letters_are_sorted_by_the_database() -> None:
    table = Table(Row("8", AT), Row("7", AT - timedelta(minutes=1)), Row("6", AT - timedelta(minutes=2)))
    page = page_of(table)
    await page.read().ask()
    table.rows = (Row("10", AT), Row("9", AT), *table.rows)
    assert await page.read().ask() == table.rows
    assert table.asked == ["full", "newer", "full"]
