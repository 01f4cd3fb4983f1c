"""Sparklines where there is the width for them, gaps as gaps, and nothing green that is not live."""

from datetime import UTC, datetime, timedelta

import msgspec

from core.domain.checks import Check
from core.domain.kpis import Kpi
from core.domain.snapshot import Degradation, Health, Link, LinkWord, Project, Snapshot
from core.domain.status import Level, Truth
from core.resilience import DegradationLevel
from tui.panels import HealthPanel, KpisPanel
from tui.rendering.text import LEVELS, Line, Signs, plain
from tui.rendering.themes import palette

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHECK = Check(
    name="database", level=Level.OK, text="answers", took_s=0.15, at=NOW, recent=(0.01, 0.01, 0.01, None, 0.1, 0.19)
)
SUCCESS = Kpi(
    name="success_7d",
    title="Success 7 d",
    value=90.0,
    text="90.0 %",
    target="> 95 %",
    good=Truth.TRUE,
    note="of 1,000",
    at=NOW - timedelta(minutes=5),
    recent=(*(None,) * 20, 80.0, None, 90.0, 99.9),
)
BUDGET = Kpi(name="error_budget", title="Error budget", target="> 0 %", note="of 30 d")
LIVE = Link(word=LinkWord.LIVE, since=NOW)
OFFLINE = Link(word=LinkWord.OFFLINE, since=NOW)


def picture(link: Link = LIVE, check: Check = CHECK) -> Snapshot:
    return Snapshot(
        at=NOW,
        project=Project(name="p", url="u", user="u"),
        link=link,
        health=Health(checks=(check,), last_at=NOW),
        kpis=(SUCCESS, BUDGET),
        degradation=Degradation(level=DegradationLevel.NORMAL),
    )


def health(snapshot: Snapshot, width: int, *, ascii_only: bool = False) -> Line:
    return HealthPanel(Signs(ascii_only=ascii_only), palette("dark")).lines(snapshot, width, 9)[0]


def kpis(snapshot: Snapshot, width: int) -> list[Line]:
    return KpisPanel(Signs(), palette("dark")).lines(snapshot, width, 11)


def drawn(line: Line) -> set[str]:
    return set(plain(line)) & set(LEVELS)


def test_a_checks_latency_is_drawn_from_a_hundred_columns_on() -> None:
    for width, shown in ((34, False), (44, True), (78, True), (112, True)):
        assert bool(drawn(health(picture(), width))) is shown
    assert "▁ ▅█" in plain(health(picture(), 78))
    assert "_ -^" in plain(health(picture(), 78, ascii_only=True))
    assert "answers" in plain(health(picture(), 34))


def test_there_is_no_course_of_fewer_than_five_checks() -> None:
    young = msgspec.structs.replace(CHECK, recent=CHECK.recent[-4:])
    assert not drawn(health(picture(check=young), 112))


def test_where_it_is_narrow_bad_news_have_the_place() -> None:
    bad = msgspec.structs.replace(CHECK, level=Level.CRITICAL, text="down: the API cannot reach its database")
    assert not drawn(health(picture(check=bad), 55))
    assert drawn(health(picture(check=bad), 78))
    assert plain(health(picture(check=bad), 55)).startswith("✖ database      down: the API cannot reach its datab")


def test_a_figures_course_is_drawn_where_it_has_the_width_and_one() -> None:
    _, success, budget = kpis(picture(), 88)
    assert f"{' ' * 20}▁ ▅█ of 1,000" in plain(success)
    assert not drawn(budget)
    assert "of 30 d" in plain(budget)
    assert not drawn(kpis(picture(), 44)[1])


def test_what_the_project_told_before_it_went_is_old_and_not_green() -> None:
    panel = KpisPanel(Signs(), palette("dark"))
    assert plain(panel.title(picture())).startswith("Key figures")
    assert plain(panel.title(picture(OFFLINE))).startswith("Key figures last known, 5 min")
    live, gone = kpis(picture(), 88)[1], kpis(picture(OFFLINE), 88)[1]
    assert [role for text, role in live if text[:1] in {"●", "9"}] == ["ok", "ok"]
    assert [role for text, role in gone if text[:1] in {"●", "9"}] == ["dim", "dim"]
    assert "spark" not in {role for _, role in gone}


def test_a_refresh_that_brings_nothing_new_draws_nothing_new() -> None:
    later = msgspec.structs.replace(picture(), link=msgspec.structs.replace(LIVE, recent=(0.1, 0.2), latency_s=0.2))
    for width in (44, 55, 78, 112):
        assert health(later, width) == health(picture(), width)
        assert kpis(later, width) == kpis(picture(), width)
