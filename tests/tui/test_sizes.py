"""Whatever is on the screen, the terminal may become any size: nothing of it is too small to be drawn."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.command import CommandPalette

from tests.tui.drawn import app_on, drawn, read_it, run, settled, text_of
from tests.tui.pictures import STATES
from tests.tui.rows import name_of
from tests.tui.still import StillFaults
from tui.dialogs import (
    ChoiceDialog,
    ConfirmDialog,
    DryRunDialog,
    HealDialog,
    HelpDialog,
    HoldDialog,
    JumpDialog,
    NoteDialog,
    QuitDialog,
    ResumeDialog,
    SilenceDialog,
    StopDialog,
    undo_dialog,
)
from tui.dialogs.retry_matching import RetryMatchingDialog
from tui.lists import LISTS
from tui.screens.dashboard import Dashboard
from tui.screens.document_view import DocumentView
from tui.screens.list_view import ListView
from tui.screens.trends_view import TrendsView
from tui.screens.wall import Wall

pytestmark = pytest.mark.usefixtures("utc")

SIZES = [(1, 1), (80, 5), (7, 24), (6, 10), (4, 24), (200, 1), (3, 3), (2, 40)]
"""The smallest, those in which something has no cell or no line of its own, and from one to quite another."""

OPENED: list[tuple[type[Any], tuple[str, ...]]] = [
    (Dashboard, ()),
    (Wall, ("b",)),
    (TrendsView, ("v",)),
    (DocumentView, ("t", "enter")),
    (HealDialog, ("h",)),
    (StopDialog, ("ctrl+e",)),
    (ResumeDialog, ("u",)),
    (DryRunDialog, ("d",)),
    (ConfirmDialog, ("p",)),
    (QuitDialog, ("q",)),
    (RetryMatchingDialog, ("t", "R")),
    (JumpDialog, ("at",)),
    (NoteDialog, ("n",)),
    (HelpDialog, ("question_mark",)),
    (CommandPalette, ("ctrl+p",)),
    (ChoiceDialog, ("r",)),
    (ChoiceDialog, ("z",)),
    (ChoiceDialog, ("o",)),
    (ChoiceDialog, ("x",)),
    (ChoiceDialog, ("1", "enter")),
    (SilenceDialog, ("z", "down", "enter")),
    (HoldDialog, ("r", "end", "enter", "down", "enter")),
]
"""Every view and every dialog, and the keys to it."""


@pytest.mark.parametrize(("kind", "keys"), OPENED, ids=[f"{kind.__name__}-{' '.join(keys)}" for kind, keys in OPENED])
async def test_a_dialog_or_a_view_is_drawn_in_every_size(kind: type[Any], keys: tuple[str, ...]) -> None:
    await resized(keys, lambda app: isinstance(app.screen, kind))


@pytest.mark.parametrize("name", ["components", "alerts", "tasks"])
async def test_a_list_is_drawn_in_every_size(name: str) -> None:
    await resized((name,), lambda app: isinstance(app.screen, ListView) and name == app.screen.listed.NAME)


async def test_a_row_in_full_with_its_choices_and_an_undo_are_drawn_in_every_size() -> None:
    await resized(("row", "enter"), lambda app: isinstance(app.screen, ChoiceDialog))
    await resized(("undo",), lambda app: isinstance(app.screen, ConfirmDialog))


async def resized(keys: tuple[str, ...], there: Callable[[Any], bool]) -> None:
    """Go there, and then through all sizes and back."""
    app = app_on(STATES["offline"], faults=StillFaults())
    goes: dict[str, Callable[[], object]] = {
        **{name: lambda name=name: app.visit(name) for name in LISTS},
        "row": lambda: app.open_row("tasks", name_of(5)),
        "undo": lambda: app.ask(undo_dialog(app.monitor, name_of(0xAA))),
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
        for width, height in (*SIZES, (80, 24)):
            await pilot.resize_terminal(width, height)
            assert drawn(app).startswith(f"{width} x {height}")
        await settled(pilot, lambda: there(app))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("ctrl+e", ("EMERGENCY STOP of atlas", "rejects", "reason", "type STOP", "Cancel", "Stop all")),
        ("h", ("Heal atlas", "3 rows", "Cancel", "Heal")),
        ("u", ("Resume atlas", "It is set by", "requeue", "type atlas", "Cancel", "Resume")),
        ("d", ("Dry-run of atlas", "Cancel", "Turn o")),
        ("p", ("Run pending tasks", "pending", "Cancel", "Run")),
    ],
)
async def test_on_few_lines_an_order_still_says_what_it_is_about(key: str, words: tuple[str, ...]) -> None:
    app = app_on(STATES["warning"])
    async with run(app, (60, 15)) as pilot:
        await pilot.press(key)
        shown = text_of(await settled(pilot, lambda: "one moment" not in text_of(drawn(app))))
        assert [word for word in words if word not in shown] == [], shown
