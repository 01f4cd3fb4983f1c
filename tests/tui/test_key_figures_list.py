"""The list of key figures: what is not live is never shown as good, and tells its age."""

from datetime import timedelta

import msgspec

from core.domain.snapshot import Link, LinkWord, Snapshot
from tests.tui.drawn import app_on
from tests.tui.well import ACTIVE, changed
from tui.lists.kpis import KpiList


def rows_of(snapshot: Snapshot) -> dict[str, tuple[tuple[str, str], ...]]:
    return {row.key: tuple(row.cells) for row in KpiList(app_on(snapshot)).rows(snapshot)}


def aged(minutes: float, word: LinkWord) -> Snapshot:
    at = ACTIVE.at - timedelta(minutes=minutes)
    figures = tuple(msgspec.structs.replace(one, at=at) for one in ACTIVE.kpis)
    return changed(ACTIVE, kpis=figures, link=Link(word=word, since=at))


def test_in_an_outage_every_figure_is_last_known() -> None:
    known = {one.name for one in ACTIVE.kpis if one.value is not None}
    for name, cells in rows_of(aged(5, LinkWord.OFFLINE)).items():
        assert {role for _, role in cells} <= {"dim", "text"}
        if name in known:
            assert cells[-1][0].endswith("5 min old")


def test_while_live_a_figure_tells_its_age_from_two_minutes_on() -> None:
    fresh, old = rows_of(aged(1, LinkWord.LIVE)), rows_of(aged(4, LinkWord.LIVE))
    assert not any("old" in cells[-1][0] for cells in fresh.values())
    assert any(cells[-1][0].endswith("4 min old") for cells in old.values())
    assert any(role == "ok" for cells in old.values() for _, role in cells)
