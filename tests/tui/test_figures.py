"""The screen of the figures: one table by day, week or type, in every state, and no more reading than needed.

After a change that is meant: `make pictures`.
"""

from datetime import UTC, timedelta

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from core.base.text import clean
from core.domain.figures import Figures, FigureSpan, FinishedTask, figures
from core.domain.snapshot import Snapshot
from core.history.trends import CUTS, Window
from core.resilience.reading import Reading, Source
from tests.hostile import CONTROL
from tests.hostile import HOSTILE as TEXTS
from tests.tui.drawn import Picture, app_on, drawn, monitor_of, run, settled, text_of
from tests.tui.pictures import OFFLINE, WARNING
from tests.tui.recorded_box import LIVE, written
from tests.tui.rows import DOWN, RECORDS, figures_over
from tests.tui.still import Records
from tui.app.app import WatchdeskApp
from tui.screens.dashboard import Dashboard
from tui.screens.figures_view import READ_EVERY_S, FiguresView

pytestmark = pytest.mark.usefixtures("utc")

SMALL, LARGE = (80, 24), (140, 40)
NOW = WARNING.at


class FiguresPicture(Picture):
    """In a place of their own: a run of the other pictures' tests must not take these for unused."""

    snapshot_dirname = "golden-figures"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Pictures as text files."""
    return snapshot.use_extension(FiguresPicture)


async def opened(pilot: Pilot[None], *keys: str) -> str:
    """The figures after some keys."""
    await settled(pilot)
    await pilot.press("V", *keys)
    return await settled(
        pilot, lambda: isinstance(pilot.app.screen, FiguresView) and "reading …" not in drawn(pilot.app)
    )


async def picture(
    size: tuple[int, int], *keys: str, records: Records = RECORDS, snapshot: Snapshot = WARNING, **more: object
) -> str:
    async with run(app_on(snapshot, records, **more), size) as pilot:
        return await opened(pilot, *keys)


def showing(reading: Reading[Figures]) -> Records:
    """Records with the same figures over every window."""
    return msgspec.structs.replace(RECORDS, figures=dict.fromkeys(Window, reading))


WEEK = RECORDS.figures[Window.WEEK]


@pytest.mark.parametrize("size", [SMALL, LARGE, (60, 15)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_in_every_size(size: tuple[int, int], golden: SnapshotAssertion) -> None:
    assert await picture(size) == golden(name=f"figures-{size[0]}x{size[1]}")


@pytest.mark.parametrize(("by", "keys"), [("week", ("tab", "right")), ("type", ("tab", "tab"))])
async def test_by_week_and_by_type(by: str, keys: tuple[str, ...], golden: SnapshotAssertion) -> None:
    found = await picture(SMALL, *keys)
    assert f"[{by}]" in text_of(found)
    assert found == golden(name=f"figures-{by}")


async def test_a_row_in_full(golden: SnapshotAssertion) -> None:
    async with run(app_on(WARNING), SMALL) as pilot:
        await opened(pilot)
        await pilot.press("down", "enter")
        found = await settled(pilot, lambda: "Figures: 2026-03-01 Sun" in drawn(pilot.app))
    assert found == golden(name="figures-row")


STATES: dict[str, tuple[Reading[Figures], str]] = {
    "partial": (
        Reading(
            value=figures_over(Window.WEEK, reached=NOW - timedelta(hours=40), about=1_000_000),
            source=Source.LIVE,
            at=NOW,
        ),
        "of ≈1,000,000: nothing before 2026-02-27 11:10 is in it",
    ),
    "cached": (
        msgspec.structs.replace(WEEK, source=Source.CACHED, at=NOW - timedelta(minutes=12), fault=DOWN),
        "last known, 1 h 20 old: connection refused",
    ),
    "failed": (Reading(fault=DOWN), "cannot be read now: connection refused"),
    "nothing": (
        Reading(value=figures((), FigureSpan(since=NOW - timedelta(days=7), until=NOW)), source=Source.LIVE, at=NOW),
        "no task visible to this account finished in this time",
    ),
    "unmarked": (
        Reading(value=figures_over(Window.WEEK, marked=False), source=Source.LIVE, at=NOW),
        "this project does not mark simulated tasks",
    ),
}


@pytest.mark.parametrize("state", STATES)
async def test_every_state_is_said(state: str, golden: SnapshotAssertion) -> None:
    reading, said = STATES[state]
    snapshot = OFFLINE if state in {"cached", "failed"} else WARNING
    found = await picture(SMALL, records=showing(reading), snapshot=snapshot)
    assert said in text_of(found)
    assert found == golden(name=f"figures-{state}")


async def test_as_soon_as_the_link_is_lost_they_are_dated_and_dim_though_read_just_now() -> None:
    lost = msgspec.structs.replace(WARNING, link=OFFLINE.link)
    shown = await picture(LARGE, snapshot=lost)
    assert " last known, <10 s old" in text_of(shown)
    failed = "critical 87-93"
    assert failed in await picture(LARGE)
    assert failed not in shown


async def test_in_plain_ascii() -> None:
    found = text_of(await picture(SMALL, ascii=True))
    assert found.isascii()


async def test_hostile_types_are_words() -> None:
    tasks = [
        FinishedTask(id=f"{n}", task_type=clean(text, 60), status="failed", at=NOW)
        for n, text in enumerate(TEXTS.values())
    ]
    reading = Reading(
        value=figures(tasks, FigureSpan(since=NOW - timedelta(days=1), until=NOW, zone=UTC)), source=Source.LIVE, at=NOW
    )
    found = text_of(await picture(LARGE, "tab", "tab", records=showing(reading)))
    assert "[red]x[/red]" in found
    assert not CONTROL.search(found.replace("\n", ""))


async def test_it_is_read_when_it_is_opened_and_seldom_after_that_but_not_while_frozen() -> None:
    app = app_on(WARNING)
    asked = monitor_of(app).filled
    async with run(app, SMALL) as pilot:
        await opened(pilot)
        await pilot.press("tab", "tab", "tab")
        for _ in range(5):
            app.repaint()
        await settled(pilot)
        assert asked == [Window.WEEK]
        advance(app, READ_EVERY_S)
        app.repaint()
        await settled(pilot, lambda: len(asked) == 2)
        await pilot.press("left")
        await settled(pilot, lambda: asked[-1] is Window.DAY)
        await pilot.press("space")
        before = list(asked)
        advance(app, 10 * READ_EVERY_S)
        app.repaint()
        await settled(pilot)
        assert asked == before


async def test_a_filter_leaves_types_and_escape_goes_back() -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        await opened(pilot, "tab", "tab", "slash", *"bug", "enter")
        found = text_of(await settled(pilot, lambda: "filter: bug" in drawn(app)))
        assert "bug_fix" in found
        assert "edge_function" not in found
        await pilot.press("escape")
        await settled(pilot, lambda: "edge_function" in drawn(app))
        await pilot.press("escape")
        await settled(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_in_the_past_they_are_of_now_and_say_so(tmp_path: object) -> None:
    app = app_on(LIVE, box=written(tmp_path))  # type: ignore[arg-type]  # a path
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await app.time.jump("2h ago")
        await pilot.press("V")
        said = text_of(await settled(pilot, lambda: isinstance(app.screen, FiguresView)))
        assert "figures exist only for the present; 0 goes back to now" in said


def advance(app: WatchdeskApp, seconds: float) -> None:
    app.clock.advance(seconds)  # type: ignore[attr-defined]  # the tests' own clock


def test_the_windows_are_those_of_the_trends() -> None:
    assert set(RECORDS.figures) == set(CUTS)
