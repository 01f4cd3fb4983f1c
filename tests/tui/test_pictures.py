"""Every picture the screen can show, kept as text under `golden/`: what changes of one is read in the diff.

After a change that is meant: `make pictures`.
"""

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from textual.command import CommandPalette

from core.actions.breakers import HOLD_BREAKER
from core.actions.retry_task import RETRY
from core.actions.silence import SILENCE
from core.actions.undo import UNDO
from core.actions.withdraw import WITHDRAW
from core.domain.plans import DryRunPlan, HealPlan, PlanStep, ResumePlan
from core.domain.records import LogEntry
from core.domain.snapshot import Snapshot
from tests.tui.drawn import Picture, app_on, monitor_of, read_it, run, settled, text_of
from tests.tui.drawn import drawn as drawn_now
from tests.tui.pictures import EXPECTED, OBSERVING, OFFLINE, STATES, WARNING
from tests.tui.rows import DOWN, LOGS, OPERATOR, RECORDS, live, name_of
from tests.tui.still import Records, StillFaults, StillMonitor
from tests.tui.well import ACTIVE
from tui.base.key import Key
from tui.dialogs import (
    ActionDialog,
    ChoiceDialog,
    Dialog,
    HelpDialog,
)
from tui.rendering.palettes import PALETTES, PLAIN
from tui.screens.document_view import DocumentView
from tui.screens.groups_view import GroupsView
from tui.screens.keys import OPEN_KEYS
from tui.screens.list_view import ListView

pytestmark = pytest.mark.usefixtures("utc")

SMALL, NORMAL = (80, 24), (140, 40)
SIZES = [(200, 50), NORMAL, SMALL, (60, 15), (80, 3), (80, 1), (30, 5)]


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Pictures as text files."""
    return snapshot.use_extension(Picture)


async def picture(snapshot: Snapshot, size: tuple[int, int], *keys: str, **more: object) -> str:
    """Of the screen after some keys."""
    app = app_on(snapshot, **more)
    async with run(app, size) as pilot:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
        return await settled(pilot)


def size_name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES, ids=size_name)
async def test_the_dashboard_in_every_size(size: tuple[int, int], golden: SnapshotAssertion) -> None:
    assert await picture(WARNING, size) == golden(name=f"dashboard-{size_name(size)}")


@pytest.mark.parametrize("theme", PALETTES)
async def test_every_theme(theme: str, golden: SnapshotAssertion) -> None:
    assert await picture(WARNING, NORMAL, theme=theme) == golden(name=f"theme-{theme}")


@pytest.mark.parametrize("theme", ["dark", PLAIN])
async def test_plain_ascii(theme: str, golden: SnapshotAssertion) -> None:
    drawn = await picture(WARNING, NORMAL, theme=theme, ascii=True)
    assert text_of(drawn).isascii()
    assert drawn == golden(name=f"theme-{theme}-ascii")


@pytest.mark.parametrize("size", [SMALL, NORMAL], ids=size_name)
@pytest.mark.parametrize("name", STATES)
async def test_every_state(name: str, size: tuple[int, int], golden: SnapshotAssertion) -> None:
    snapshot = STATES[name]
    assert snapshot.state is EXPECTED[name]
    drawn = await picture(snapshot, size)
    assert snapshot.state.upper() in text_of(drawn)
    assert drawn == golden(name=f"state-{name}-{size_name(size)}")


@pytest.mark.parametrize("key", OPEN_KEYS, ids=attrgetter("name"))
async def test_every_list(key: Key, golden: SnapshotAssertion) -> None:
    assert await picture(WARNING, SMALL, key.key.split(",")[-1]) == golden(name=f"list-{key.name}")


@pytest.mark.parametrize(
    ("name", "row"),
    [("tasks", name_of(5)), ("logs", name_of(0x93)), ("trail", name_of(0xA1)), ("safety", name_of(0xB2))],
)
async def test_every_document(name: str, row: str, golden: SnapshotAssertion) -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        app.open_row(name, row)
        drawn = await settled(pilot, lambda: isinstance(app.screen, DocumentView))
    assert row in text_of(drawn) or name_of(0xAA) in text_of(drawn)
    assert drawn == golden(name=f"document-{name}")


async def test_a_documents_end(golden: SnapshotAssertion) -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        app.open_row("logs", name_of(0x93))
        await settled(pilot, lambda: isinstance(app.screen, DocumentView))
        await pilot.press("end")
        assert await settled(pilot) == golden(name="document-logs-end")


MANY = msgspec.structs.replace(
    RECORDS,
    heal=HealPlan(steps=(PlanStep(name="stuck", title="Stuck tasks", effect="mark as failed", count=51),)),
    lift=ResumePlan(standing=""),
    mode=DryRunPlan(known=True, dry_run=True),
)
DIALOGS: dict[str, tuple[Snapshot, Records, tuple[str, ...]]] = {
    "heal": (WARNING, RECORDS, ("h",)),
    "heal-many": (WARNING, MANY, ("h",)),
    "stop": (WARNING, RECORDS, ("ctrl+e",)),
    "stop-offline": (OFFLINE, msgspec.structs.replace(RECORDS, fault=DOWN), ("ctrl+e",)),
    "lift": (STATES["stopped"], RECORDS, ("u",)),
    "lift-nothing": (WARNING, MANY, ("u",)),
    "dry-run-on": (WARNING, RECORDS, ("d",)),
    "dry-run-off": (WARNING, MANY, ("d",)),
    "run": (WARNING, RECORDS, ("p",)),
    "breakers": (WARNING, RECORDS, ("r",)),
    "acknowledge": (WARNING, RECORDS, ("a",)),
    "silence-what": (WARNING, RECORDS, ("z",)),
    "orders": (OFFLINE, RECORDS, ("o",)),
    "retry-matching": (WARNING, RECORDS, ("t", "R")),
    "quit": (OFFLINE, RECORDS, ("q",)),
    "observe": (OBSERVING, RECORDS, ("h",)),
    "help": (WARNING, RECORDS, ("question_mark",)),
    "help-tasks": (OBSERVING, RECORDS, ("t", "question_mark")),
    "a-check": (WARNING, RECORDS, ("1", "down", "enter")),
    "a-breaker": (WARNING, RECORDS, ("4", "enter")),
    "an-alert": (WARNING, RECORDS, ("6", "enter")),
    "a-figure": (WARNING, RECORDS, ("5", "enter")),
    "faults": (WARNING, RECORDS, ("ctrl+x",)),
    "approve": (WARNING, RECORDS, ("i", "A")),
    "reject": (WARNING, RECORDS, ("i", "X")),
    "many": (WARNING, RECORDS, ("i", "M")),
    "cancel": (WARNING, RECORDS, ("t", "x")),
    "group-by": (WARNING, RECORDS, ("t", "ctrl+g")),
}


@pytest.mark.parametrize("name", DIALOGS)
async def test_every_dialog(name: str, golden: SnapshotAssertion) -> None:
    snapshot, records, keys = DIALOGS[name]
    app = app_on(snapshot, records, faults=StillFaults() if name == "faults" else None)
    async with run(app, SMALL) as pilot:
        for key in keys:
            await settled(pilot)
            await pilot.press(key)
        drawn = await settled(pilot, lambda: isinstance(app.screen, Dialog | ChoiceDialog | HelpDialog))
    assert monitor_of(app).orders == []
    assert drawn == golden(name=f"dialog-{name}")


async def test_tasks_in_groups(golden: SnapshotAssertion) -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        for key in ("t", "ctrl+g"):
            await settled(pilot)
            await pilot.press(key)
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        read_it(app)
        await pilot.press("down", "enter")
        assert await settled(pilot, lambda: isinstance(app.screen, GroupsView)) == golden(name="list-groups")
        await pilot.press("down", "enter")
        drawn = await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
    assert drawn == golden(name="dialog-a-group")


@pytest.mark.parametrize("size", [SMALL, (140, 40)], ids=["small", "wide"])
async def test_what_may_follow_at_the_prompt_and_in_a_filter(
    size: tuple[int, int], golden: SnapshotAssertion, request: pytest.FixtureRequest
) -> None:
    named = request.node.callspec.id
    app = app_on(WARNING)
    async with run(app, size) as pilot:
        await settled(pilot)
        await pilot.press("colon", *"pa")
        assert await settled(pilot, lambda: "pause" in text_of(drawn_now(app))) == golden(name=f"prompt-{named}")
        await pilot.press("escape", "t")
        await settled(pilot, lambda: "follows" in text_of(drawn_now(app)))
        await pilot.press("slash", *"status:fa")
        assert await settled(pilot, lambda: "tab: failed" in text_of(drawn_now(app))) == golden(
            name=f"completion-{named}"
        )


ASKED: dict[str, Callable[[StillMonitor], Dialog]] = {
    "hold": lambda monitor: ActionDialog(monitor, HOLD_BREAKER, {"breaker": "db:tasks"}),
    "silence": lambda monitor: ActionDialog(monitor, SILENCE, {"matcher": "stuck_tasks"}),
    "undo": lambda monitor: ActionDialog(monitor, UNDO, {"run": name_of(0xAA)}),
    "retry": lambda monitor: ActionDialog(monitor, RETRY, {"task": name_of(5)}),
    "withdraw": lambda monitor: ActionDialog(monitor, WITHDRAW, {"waiting": name_of(0xC1)}),
}


@pytest.mark.parametrize("name", ASKED)
async def test_every_dialog_of_one_thing(name: str, golden: SnapshotAssertion) -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        app.ask(ASKED[name](monitor_of(app)))
        assert await settled(pilot, lambda: isinstance(app.screen, Dialog)) == golden(name=f"dialog-{name}")


async def test_a_heal_that_was_carried_out(golden: SnapshotAssertion) -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        await pilot.press("h")
        await settled(pilot, lambda: isinstance(app.screen, Dialog))
        read_it(app)
        await pilot.press("right", "enter")
        drawn = await settled(pilot, lambda: bool(monitor_of(app).orders))
    assert "verified: heal 3 rows" in text_of(drawn)
    assert drawn == golden(name="dialog-heal-seen")


async def test_the_menu(golden: SnapshotAssertion) -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+p")
        drawn = await settled(pilot, lambda: isinstance(app.screen, CommandPalette) and "Acknowledge" in drawn_now(app))
    assert drawn == golden(name="menu")


async def test_it_is_frozen(golden: SnapshotAssertion) -> None:
    app = app_on(ACTIVE)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await pilot.press("space")
        app.clock.jump_wall(65)  # type: ignore[attr-defined]  # the tests' own clock
        monitor_of(app).tell(STATES["critical"])
        drawn = await settled(pilot)
    assert "FROZEN" in text_of(drawn)
    assert drawn == golden(name="frozen")


@pytest.mark.parametrize("size", [NORMAL, (60, 15), (80, 1), (30, 5)], ids=size_name)
async def test_it_is_frozen_in_other_sizes(size: tuple[int, int], golden: SnapshotAssertion) -> None:
    drawn = await picture(ACTIVE, size, "space")
    assert "ACTIVE at" in text_of(drawn)
    assert drawn == golden(name=f"frozen-{size_name(size)}")


async def test_nothing_new_comes_any_more(golden: SnapshotAssertion) -> None:
    app = app_on(ACTIVE)
    async with run(app, SMALL) as pilot:
        monitor_of(app).tell(ACTIVE)
        app.clock.advance(3 * 3600)  # type: ignore[attr-defined]  # the tests' own clock
        app.repaint()
        drawn = await settled(pilot)
        assert "NOT UPDATING since 03:10" in text_of(drawn)
        assert "ACTIVE at 03:10:27, NOT NOW" in text_of(drawn)
        assert "last known, 3 h old" in text_of(drawn)
        painted = {line.split(maxsplit=1)[0]: line for line in drawn.splitlines() if line[:2].strip().isdigit()}
        assert [line for line in painted.values() if " ok " in line] == []
        monitor_of(app).tell(msgspec.structs.replace(ACTIVE, at=app.clock.now()))
        assert "NOT UPDATING" not in text_of(await settled(pilot))
    assert drawn == golden(name="standstill")


async def test_a_picture_of_another_day_says_of_which() -> None:
    app = app_on(ACTIVE)
    async with run(app, (80, 3)) as pilot:
        await pilot.press("space")
        assert "ACTIVE at 03:10:27, NOT NOW" in text_of(await settled(pilot))
        app.clock.advance(86_400)  # type: ignore[attr-defined]  # the tests' own clock
        app.repaint()
        assert "ACTIVE at 1 Mar 03:10:27, NOT NOW" in text_of(await settled(pilot))


def a_night(monitor: StillMonitor) -> None:
    """What came, snapshot by snapshot, while nobody looked."""
    for minute, name in enumerate(("healthy", "offline", "offline", "critical", "stopped", "warning", "warning")):
        monitor.tell(msgspec.structs.replace(STATES[name], at=WARNING.at + timedelta(minutes=minute)))
    orders = [
        LogEntry(
            id=f"away-{n}",
            at=WARNING.at + timedelta(minutes=5, seconds=n),
            step="watchdog_healing",
            status="completed",
            order=order,
            actor=actor,
            changed=changed,
        )
        for n, (order, actor, changed) in enumerate(
            (("heal", "watchdog jana@bastion", 50), ("heal", "watchdog jana@bastion", 1), ("lift", OPERATOR, None))
        )
    ]
    logs = live((*orders, *LOGS))
    for minute in range(7, 281):
        monitor.tell(msgspec.structs.replace(WARNING, at=WARNING.at + timedelta(minutes=minute), logs=logs))


async def come_back(size: tuple[int, int], key: str, what_came: Callable[[StillMonitor], None], **more: object) -> str:
    """The picture after the first key in 280 minutes; the wall clock runs with it."""
    app = app_on(WARNING, **more)
    async with run(app, size) as pilot:
        await settled(pilot)
        app.clock.advance(280 * 60)  # type: ignore[attr-defined]  # the tests' own clock
        what_came(monitor_of(app))
        await pilot.press(key)
        return await settled(pilot)


@pytest.mark.parametrize("size", [NORMAL, SMALL, (60, 15), (80, 3)], ids=size_name)
async def test_who_comes_back_is_told(size: tuple[int, int], golden: SnapshotAssertion) -> None:
    drawn = await come_back(size, "down", a_night)
    assert "AWAY 03:10–07:50" in text_of(drawn)
    assert drawn == golden(name=f"away-{size_name(size)}")


async def test_who_comes_back_in_plain_ascii_with_an_order(golden: SnapshotAssertion) -> None:
    drawn = await come_back((60, 15), "h", a_night, theme=PLAIN, ascii=True)
    assert text_of(drawn).isascii()
    assert "h was not executed" in text_of(drawn)
    assert drawn == golden(name="away-plain-ascii")


@pytest.mark.parametrize("theme", [next(name for name, one in PALETTES.items() if one.native), PLAIN])
async def test_who_comes_back_is_told_in_a_theme_without_colours_of_its_own(theme: str) -> None:
    drawn = await come_back(SMALL, "down", a_night, theme=theme)
    shown = text_of(drawn)
    assert "actions  resume by operator jana@bastion; heal ×2 (51 rows) by watchdog" in shown


async def test_who_comes_back_and_nothing_happened(golden: SnapshotAssertion) -> None:
    def nothing(monitor: StillMonitor) -> None:
        for minute in range(281):
            monitor.tell(msgspec.structs.replace(WARNING, at=WARNING.at + timedelta(minutes=minute)))

    drawn = await come_back(SMALL, "down", nothing)
    assert "nothing happened" in text_of(drawn)
    assert drawn == golden(name="away-nothing")


@pytest.mark.parametrize("key", ["t", "6"])
async def test_a_filter_that_nothing_matches(key: str, golden: SnapshotAssertion) -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        await pilot.press(key)
        await settled(pilot, lambda: isinstance(app.screen, ListView))
        await pilot.press("slash", *"unicorn")
        assert await settled(pilot) == golden(name=f"filter-typed-{key}")
        await pilot.press("enter")
        assert await settled(pilot) == golden(name=f"filter-nothing-{key}")


@pytest.mark.parametrize("key", ["t", "l", "s"])
async def test_a_list_of_a_project_that_does_not_answer(key: str, golden: SnapshotAssertion) -> None:
    app = app_on(OFFLINE, msgspec.structs.replace(RECORDS, fault=DOWN))
    async with run(app, SMALL) as pilot:
        await pilot.press(key)
        drawn = await settled(pilot, lambda: isinstance(app.screen, ListView))
    assert DOWN.message in text_of(drawn)
    assert drawn == golden(name=f"list-offline-{key}")
