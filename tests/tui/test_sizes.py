"""Whatever is on the screen, the terminal may become any size: nothing of it is too small to be drawn."""

from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len
from textual.command import CommandPalette

from core.actions.breakers import HOLD_BREAKER
from core.actions.dry_run import DRY_RUN_ON
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.run_pending import RUN_PENDING
from core.actions.silence import SILENCE
from core.actions.undo import UNDO
from core.domain.actions import Action
from tests.tui.drawn import app_on, asks, drawn, read_it, run, settled, text_lines, text_of
from tests.tui.pictures import STATES
from tests.tui.rows import name_of
from tests.tui.still import StillFaults
from tui.dialogs import (
    ActionDialog,
    ChoiceDialog,
    HelpDialog,
    JumpDialog,
    NoteDialog,
    QuitDialog,
)
from tui.lists import LISTS
from tui.screens.dashboard import Dashboard
from tui.screens.document_view import DocumentView
from tui.screens.figures_view import FiguresView
from tui.screens.list_view import ListView
from tui.screens.trends_view import TrendsView
from tui.screens.wall import Wall

pytestmark = pytest.mark.usefixtures("utc")

SIZES = [(1, 1), (80, 5), (7, 24), (6, 10), (4, 24), (200, 1), (3, 3), (2, 40)]
"""The smallest, those in which something has no cell or no line of its own, and from one to quite another."""

OTHERS = [(1, 1), (6, 10)]
"""For a dialog or a list that is laid out as another, with other words: no cell of its own, and a few."""

OPENED: list[tuple[type[Any] | Action, tuple[str, ...]]] = [
    (Dashboard, ()),
    (Wall, ("b",)),
    (TrendsView, ("v",)),
    (FiguresView, ("V",)),
    (DocumentView, ("t", "enter")),
    (HEAL, ("h",)),
    (EMERGENCY_STOP, ("ctrl+e",)),
    (RESUME, ("u",)),
    (DRY_RUN_ON, ("d",)),
    (RUN_PENDING, ("p",)),
    (QuitDialog, ("q",)),
    (RETRY_MATCHING, ("t", "R")),
    (JumpDialog, ("at",)),
    (NoteDialog, ("n",)),
    (HelpDialog, ("question_mark",)),
    (CommandPalette, ("ctrl+p",)),
    (ChoiceDialog, ("r",)),
    (ChoiceDialog, ("z",)),
    (ChoiceDialog, ("o",)),
    (ChoiceDialog, ("ctrl+x",)),
    (ChoiceDialog, ("1", "enter")),
    (SILENCE, ("z", "down", "enter")),
    (HOLD_BREAKER, ("r", "end", "enter", "down", "enter")),
]
"""Every view and every dialog, and the keys to it."""

ALIKE = [QuitDialog, NoteDialog, HEAL, RESUME, DRY_RUN_ON, RUN_PENDING, RETRY_MATCHING, HOLD_BREAKER]
"""Dialogs as those of the emergency stop and of a silence, which have the most fields, and as that of a jump."""


def named(kind: type[Any] | Action) -> str:
    return kind.name if isinstance(kind, Action) else kind.__name__


@pytest.mark.parametrize(("kind", "keys"), OPENED, ids=[f"{named(kind)}-{' '.join(keys)}" for kind, keys in OPENED])
async def test_a_dialog_or_a_view_is_drawn_in_every_size(kind: type[Any] | Action, keys: tuple[str, ...]) -> None:
    alike = kind in ALIKE or (kind is ChoiceDialog and keys != ("r",))
    await resized(
        keys,
        lambda app: asks(app, kind) if isinstance(kind, Action) else isinstance(app.screen, kind),
        OTHERS if alike else SIZES,
    )


@pytest.mark.parametrize("name", ["components", "alerts", "tasks"])
async def test_a_list_is_drawn_in_every_size(name: str) -> None:
    sizes = OTHERS if name == "alerts" else SIZES
    await resized((name,), lambda app: isinstance(app.screen, ListView) and name == app.screen.listed.NAME, sizes)


async def test_a_row_in_full_with_its_choices_and_an_undo_are_drawn_in_every_size() -> None:
    await resized(("row", "enter"), lambda app: isinstance(app.screen, ChoiceDialog), OTHERS)
    await resized(("undo",), lambda app: isinstance(app.screen, ActionDialog), OTHERS)


async def resized(keys: tuple[str, ...], there: Callable[[Any], bool], sizes: list[tuple[int, int]]) -> None:
    """Go there, and then through all sizes and back."""
    app = app_on(STATES["offline"], faults=StillFaults())
    goes: dict[str, Callable[[], object]] = {
        **{name: lambda name=name: app.visit(name) for name in LISTS},
        "row": lambda: app.open_row("tasks", name_of(5)),
        "undo": lambda: app.ask(ActionDialog(app.monitor, UNDO, {"run": name_of(0xAA)})),
    }
    async with run(app, (80, 24)) as pilot:
        for key in keys:
            await settled(pilot)
            read_it(app)
            if key in goes:
                goes[key]()
            else:
                await pilot.press(key)
        await settled(pilot, lambda: there(app))
        for width, height in (*sizes, (80, 24)):
            await pilot.resize_terminal(width, height)
            lines = text_lines(app)
            assert (len(lines), {cell_len(line) for line in lines}) == (height, {width})
        await settled(pilot, lambda: there(app))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("ctrl+e", ("Emergency stop (atlas)", "rejects", "reason", "type STOP", "Cancel", "Stop all")),
        ("h", ("Heal (atlas)", "3 rows", "Cancel", "Heal")),
        ("u", ("Resume (atlas)", "It is set by", "requeue", "type atlas", "Cancel", "Resume")),
        ("d", ("Dry-run on (atlas)", "Cancel", "Turn o")),
        ("p", ("Run pending tasks", "pending", "Cancel", "Run")),
    ],
)
async def test_on_few_lines_an_order_still_says_what_it_is_about(key: str, words: tuple[str, ...]) -> None:
    app = app_on(STATES["warning"])
    async with run(app, (60, 15)) as pilot:
        await pilot.press(key)
        shown = text_of(await settled(pilot, lambda: "one moment" not in text_of(drawn(app))))
        assert [word for word in words if word not in shown] == [], shown
