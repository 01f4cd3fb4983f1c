"""While single reads fail: one quantity has one age wherever it stands, and what is not live is dated and dim."""

from datetime import timedelta

import pytest

from core.domain.counts import SuccessRate
from core.domain.snapshot import Link, LinkWord, Snapshot
from core.history.kpis import with_day
from core.resilience.reading import Reading, Source
from tests.tui.drawn import app_on, settled, text_of
from tests.tui.well import ACTIVE, changed, tasks_of
from tui.panels.kpis import KpisPanel
from tui.panels.tasks import TasksPanel
from tui.panels.throughput import ThroughputPanel
from tui.rendering.text import Line, Signs, plain
from tui.rendering.themes import palette

RATE = SuccessRate(completed=98, failed=2, window=timedelta(hours=24))
AT = ACTIVE.at - timedelta(seconds=50)


def cached(link: LinkWord) -> Snapshot:
    rate = Reading(value=RATE, source=Source.CACHED, at=AT)
    tasks = tasks_of(ACTIVE, success_24h=rate)
    return changed(ACTIVE, link=Link(word=link), tasks=tasks, kpis=with_day(ACTIVE.kpis, RATE, AT))


def roles(line: Line, text: str) -> set[str]:
    return {role for words, role in line if text in words}


@pytest.mark.parametrize("link", [LinkWord.LIVE, LinkWord.OFFLINE])
def test_the_rate_of_a_day_that_is_not_live_is_dim_and_has_its_age_on_every_panel(link: LinkWord) -> None:
    snapshot = cached(link)
    signs, colours = Signs(), palette("dark")
    (rates,) = [line for line in TasksPanel(signs, colours).lines(snapshot, 200, 30) if "success 24 h" in plain(line)]
    assert "98.0 % last known, <1 min old" in plain(rates)
    assert roles(rates, "98.0 %") == {"dim"}
    (kpi,) = [line for line in KpisPanel(signs, colours).lines(snapshot, 200, 30) if "Success 24 h" in plain(line)]
    assert "of 100, <1 min old" in plain(kpi)
    assert roles(kpi, "98.0 %") == {"dim"}
    title = ThroughputPanel(signs, colours).title(snapshot)
    assert f" up to {AT.astimezone():%H:%M}" in plain(title)
    assert roles(title, "98") == {"dim"}


async def test_the_list_of_figures_has_it_too() -> None:
    app = app_on(cached(LinkWord.LIVE))
    async with app.run_test(size=(140, 40)) as pilot:
        await app.visit("kpis")
        drawn = text_of(await settled(pilot))
    (line,) = [line for line in drawn.splitlines() if "Success 24 h" in line]
    assert "of 100, <1 min old" in line
