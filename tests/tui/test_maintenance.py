"""Maintenance on the screen: what holds or is about to, its dialog and its end, and how it was in the past."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from textual.widgets import Input, OptionList

from core.actions.silence import END_SILENCE, SILENCE
from core.alerting.silences import in_snapshot
from core.base.text import clean
from core.domain.alerts import Silence
from core.domain.maintenance import NO_ZONE, WeeklyWindow
from core.domain.snapshot import Snapshot, Telling
from core.history.blackbox import BlackboxRules, Box, Recorder
from tests.clock import FakeClock
from tests.hostile import HOSTILE
from tests.running import ONE_SHAPE, Running
from tests.tui.drawn import app_on, asks, monitor_of, read_it, run, settled, text_of
from tests.tui.pictures import SILENCE as PLAIN
from tests.tui.pictures import WARNING
from tests.tui.rows import AT
from tests.tui.test_dashboard import app_on as real_app_on
from tests.tui.test_dashboard import shown
from tests.tui.test_time_travel import press
from tests.tui.well import ACTIVE, changed
from tests.until import until
from tui.actions.alerts import silence_choices
from tui.dialogs import ActionDialog, ChoiceDialog

SIZES = [(80, 24), (140, 40)]
MINUTE = timedelta(minutes=1)


def weekly(begins: timedelta, lasts: timedelta = timedelta(hours=2), matcher: str = "*", **more: str) -> Silence:
    """One whose window begins so long after the picture, by UTC."""
    since, made = AT + begins, AT - timedelta(days=3)
    text = f"{since:%a} {since:%H:%M}-{since + lasts:%H:%M}".lower()
    given = {"id": "w1", "who": "operator jana@ops", "reason": "backup"} | more
    return Silence(matcher=matcher, at=made, until=made, window=WeeklyWindow(text=text, zone="UTC"), **given)


def told(*silences: Silence, of: Snapshot = WARNING) -> Snapshot:
    holding, planned = in_snapshot(silences, of.at)
    return changed(of, telling=Telling(contacts=2, silences=holding, planned=planned))


def line(text: str, word: str) -> str:
    """The first line with a word."""
    return next((one for one in text.splitlines() if word in one), "")


@pytest.mark.parametrize("size", SIZES)
async def test_a_window_that_holds_stands_above_the_alerts_of_panel_and_list(size: tuple[int, int]) -> None:
    app = app_on(told(weekly(-30 * MINUTE)))
    async with run(app, size) as pilot:
        text = text_of(await settled(pilot))
        assert "maintenance until" in text
        assert text.index("maintenance until") < text.index("high")
        await pilot.press("6")
        text = text_of(await settled(pilot))
        assert "maintenance until" in text.splitlines()[4] + text.splitlines()[3] + text.splitlines()[5]
        assert ("backup" in line(text, "maintenance until")) is (size == (140, 40))
        assert "UTC)" in line(text, "maintenance until")
        await pilot.press("enter")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        text = text_of(await settled(pilot))
        assert "until ended" in text
        assert "take back only" in text
        assert "take back every week" in text


@pytest.mark.parametrize("size", SIZES)
async def test_within_the_hour_before_it_says_in_how_long_it_begins(size: tuple[int, int]) -> None:
    app = app_on(told(weekly(25 * MINUTE), PLAIN))
    async with run(app, size) as pilot:
        text = text_of(await settled(pilot))
        assert "maintenance in 24 min (" in text  # and some seconds


@pytest.mark.parametrize("size", SIZES)
async def test_one_that_comes_later_is_counted_and_listed_with_its_next_window(size: tuple[int, int]) -> None:
    app = app_on(told(weekly(timedelta(hours=30)), of=ACTIVE))
    async with run(app, size) as pilot:
        text = text_of(await settled(pilot))
        assert "maintenance" not in text
        assert "1 planned" in text
        await pilot.press("6")
        assert ", next 2026-" in line(text_of(await settled(pilot)), "planned")


async def test_one_of_an_unknown_zone_says_that_it_silences_nothing_here() -> None:
    unknown = msgspec.structs.replace(weekly(-MINUTE), window=WeeklyWindow(text="daily 00:00-23:59", zone="Mars/X"))
    app = app_on(told(unknown))
    async with run(app, (180, 40)) as pilot:
        await pilot.press("6")
        assert NO_ZONE[:30] in text_of(await settled(pilot))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_no_reason_breaks_out_of_its_line(text: str) -> None:
    read = clean(text)  # as every row and every order is
    app = app_on(told(weekly(-MINUTE, reason=read, who=read, matcher=read)))
    async with run(app, (140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("6")
        assert "\x1b" not in text_of(await settled(pilot))


def test_the_choices_end_a_window_alone_or_every_week() -> None:
    choices = silence_choices(told(weekly(-30 * MINUTE), PLAIN))
    ends = [(one.of, one.flag) for one, _ in choices if one.what is END_SILENCE]
    assert ends == [(PLAIN.id, ""), ("w1", "once"), ("w1", "")]


async def test_a_choice_of_the_window_alone_ends_that() -> None:
    app = app_on(told(weekly(-30 * MINUTE)))
    async with run(app, (80, 24)) as pilot:
        await pilot.press("z")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        read_it(app)
        app.screen.query_one(OptionList).highlighted = 1
        await pilot.press("enter")
        await settled(pilot, lambda: bool(monitor_of(app).orders))
        assert monitor_of(app).orders[0][0] == "end_silence"


@pytest.mark.parametrize("size", SIZES)
async def test_its_dialog_takes_days_and_times_instead_and_says_beside_the_field_what_is_wrong(
    size: tuple[int, int],
) -> None:
    app = app_on(WARNING)
    async with run(app, size) as pilot:
        await settled(pilot)
        app.ask(ActionDialog(app.monitor, SILENCE, {"matcher": "*"}))
        await settled(pilot, lambda: asks(app, SILENCE) and "for 2 h" in getattr(app.screen, "_text", ""))
        read_it(app)
        dialog = app.screen
        assert isinstance(dialog, ActionDialog)
        field = dialog.query_one("#weekly", Input)
        field.value = "sun 25:00"
        await settled(pilot, lambda: "must be days and times" in str(field.border_title))
        assert "must be days and times" in text_of(await settled(pilot))
        assert dialog.query_one("#act").disabled
        field.value = "Sunday 2:00-4:00"
        await settled(pilot, lambda: "sun 02:00-04:00 every week" in dialog._text)
        dialog.query_one("#reason", Input).value = "backup"
        await settled(pilot, lambda: not dialog.query_one("#act").disabled)


@ONE_SHAPE
async def test_it_is_planned_at_the_prompt_and_shown_by_a_real_monitor(sandbox: Running, tmp_path: Path) -> None:
    app = real_app_on(sandbox, tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(lambda: app.monitor.snapshot.ready, "ready")
        made = await app.monitor.run(SILENCE, matcher="*", reason="r", weekly="daily 00:00-23:59", zone="UTC")
        assert made.done, made
        await until(lambda: "maintenance until 23:59 (daily 00:00-23:59 UTC): r" in shown(app), "maintenance")
        await pilot.press("colon", *"silence x* sun 02:00-04:00 new disks", "enter")
        await until(lambda: asks(app, SILENCE), "a dialog")
        said = "X*: no notifications sun 02:00-04:00"
        await until(lambda: said in getattr(app.screen, "_text", ""), "its plan")
        values = {field.id: field.value for field in app.screen.query(Input)}
        assert (values["weekly"], values["reason"]) == ("sun 02:00-04:00", "new disks")


async def test_the_past_shows_the_silence_that_held_then(tmp_path: Path) -> None:
    then, later = told(weekly(-30 * MINUTE)), changed(WARNING, at=AT + timedelta(seconds=20))
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(AT))
    for one in (then, later):
        recorder.record(one)
    recorder.close(later.at)
    app = app_on(changed(later, at=AT + timedelta(seconds=25)), box=Box(tmp_path))
    async with run(app, (140, 40)) as pilot:
        assert "maintenance" not in text_of(await settled(pilot))
        await press(pilot, app, "left_square_bracket", "left_square_bracket")
        text = text_of(await settled(pilot))
        assert "PAST" in text
        assert "maintenance until" in text
