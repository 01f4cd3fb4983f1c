"""The past on the screen: a box that a real recorder wrote, every key on it, and nothing is ordered there."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input, Static

from core.domain.alert_view import AlertView
from core.domain.snapshot import State
from core.history.blackbox import BlackboxRules, Box, Recorder
from tests.clock import FakeClock
from tests.history.blackbox.pictures import kill, record
from tests.tui.drawn import Picture, app_on, drawn, monitor_of, read_it, run, settled, text_of
from tests.tui.pictures import OBSERVING
from tests.tui.recorded_box import AGAIN_AT, DOWN_AT, LAST_AT, LATER, LIVE, NOW, outage, working, written
from tests.tui.rows import name_of
from tests.tui.still import StillFaults
from tests.tui.well import changed
from tui.app.app import WatchdeskApp
from tui.dialogs import ChoiceDialog, HelpDialog, JumpDialog, NoteDialog
from tui.rendering.palettes import PLAIN
from tui.screens.dashboard import Dashboard
from tui.screens.document_view import DocumentView
from tui.screens.keys import GLOBAL_KEYS, MENU_ONLY, TIME_KEYS
from tui.screens.list_view import ListView
from tui.screens.trends_view import TrendsView
from tui.time_travel.recorded import Gap, Moment, NotThere, stepped

pytestmark = pytest.mark.usefixtures("utc")

SMALL, NORMAL = (80, 24), (140, 40)
BACK, ON = "left_square_bracket", "right_square_bracket"
EVENT_BACK, EVENT_ON = "left_curly_bracket", "right_curly_bracket"
READS = {BACK, ON, EVENT_BACK, EVENT_ON, "ctrl+left", "ctrl+right"}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return written(tmp_path)


class PastPicture(Picture):
    """Kept apart: a directory belongs to one file of tests."""

    snapshot_dirname = "golden-past"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(PastPicture)


def moment(app: WatchdeskApp) -> Moment:
    assert app.time.moment is not None
    return app.time.moment


def clock(app: WatchdeskApp) -> FakeClock:
    assert isinstance(app.clock, FakeClock)
    return app.clock


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Threads read meanwhile, so it is waited for and not counted."""
    for _ in range(1000):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"{what}\n{drawn(pilot.app)}")


async def press(pilot: Pilot[None], app: WatchdeskApp, *keys: str) -> Moment | None:
    """One key after the other, each once what the one before asked for is there, and never as if held down."""
    press, ended = app.press, list[str]()

    async def told(name: str) -> None:
        await press(name)
        ended.append(name)

    app.press = told  # type: ignore[method-assign]  # or a busy machine has not even begun when it is looked at
    for key in keys:
        clock(app).advance(1)
        clock(app).jump_wall(-1)
        ended.clear()
        await pilot.press(key)
        await until(pilot, lambda key=key: key not in READS or bool(ended), key)
        await pilot.pause()
    app.press = press  # type: ignore[method-assign]  # as it was
    return app.time.moment


async def jump(pilot: Pilot[None], app: WatchdeskApp, typed: str) -> None:
    await pilot.press("at")
    await until(pilot, lambda: isinstance(app.screen, JumpDialog), "asked for a time")
    app.screen.query_one(Input).value = typed
    read_it(app)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, JumpDialog) or bool(outcome(app)), typed)


def outcome(app: WatchdeskApp) -> str:
    return str(app.screen.query_one("#outcome", Static).content)


def told(app: WatchdeskApp) -> str:
    return " ".join(one.message for one in app._notifications)


async def test_each_step_is_the_picture_before_and_beyond_the_newest_there_is_now(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        assert (await press(pilot, app, BACK)) == Moment(at=AGAIN_AT, snapshot=changed(LIVE, at=AGAIN_AT))
        gap = await press(pilot, app, BACK)
        assert gap is not None
        assert gap.gap is not None
        assert (gap.gap.since, gap.gap.until) == (LAST_AT, AGAIN_AT)
        seen = []
        for _ in range(14):
            await press(pilot, app, BACK)
            seen.append(moment(app).snapshot)
        assert seen == outage()[::-1]
        await press(pilot, app, BACK)
        assert "the black box begins at 1 Mar 04:20:47" in told(app)
        assert moment(app).snapshot == outage()[0]
        await press(pilot, app, *[ON] * 13)
        assert moment(app).at == LAST_AT
        assert (await press(pilot, app, ON)) is not None
        assert moment(app).gap == gap.gap
        await press(pilot, app, ON)
        assert moment(app).at == AGAIN_AT
        assert (await press(pilot, app, ON)) is None
        assert "PAST" not in text_of(await settled(pilot))


def test_no_step_passes_a_gap_however_many_keys_were_pressed_at_once(tmp_path: Path) -> None:
    box, late = written(tmp_path), NOW + timedelta(hours=2)
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(late))
    newest, now = late + timedelta(seconds=5), late + timedelta(seconds=6)
    for one in (changed(LIVE, at=late), working(newest)):
        recorder.record(one)
    first, second = Gap(LAST_AT, AGAIN_AT), Gap(NOW - timedelta(seconds=5), late)

    def reached(start: Moment, *steps: int) -> Iterator[datetime | Gap | None]:
        moment: Moment | None = start
        for by in steps:
            assert moment is not None
            moment = stepped(box, moment, by, now)
            yield None if moment is None else moment.gap or moment.at

    assert [*reached(Moment(at=newest), -3, -3, -3)] == [second, first, outage()[-3].at]
    assert [*reached(Moment(at=newest), -99, -99, -99)] == [second, first, outage()[0].at]
    assert [*reached(Moment(at=outage()[12].at), 9, 9, 9, 9)] == [first, second, newest, None]
    assert [*reached(Moment(at=newest), -1, -1, 2)] == [late, second, newest]


def test_before_now_comes_what_was_not_kept_until_now(box: Box) -> None:
    ended = NOW - timedelta(seconds=5)
    now = NOW + timedelta(hours=2)
    gap = stepped(box, Moment(at=AGAIN_AT), 1, now)
    assert gap is not None
    assert gap.gap == Gap(ended, now)
    assert stepped(box, gap, 1, now) is None
    assert stepped(box, gap, 1, now + timedelta(minutes=9)) is None  # it was looked at for a while
    assert stepped(box, Moment(at=AGAIN_AT), 1, ended + timedelta(seconds=20)) is None


def test_what_is_kept_and_not_readable_is_not_taken_for_the_beginning(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(LATER))
    record(recorder, (changed(LIVE, at=LATER + timedelta(seconds=n), braked=7) for n in range(20)))
    kill(recorder)
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(LATER))
    record(recorder, [changed(LIVE, at=LATER + timedelta(seconds=20))])
    for by in (-1, -3):
        with pytest.raises(NotThere, match="the recording before 1 Mar 04:22:47 cannot be read"):
            stepped(Box(tmp_path), Moment(at=LATER + timedelta(seconds=20)), by, NOW)


async def test_a_held_key_goes_faster_and_never_has_two_reads_at_once(tmp_path: Path) -> None:
    course = [working(NOW - timedelta(seconds=10 * n)) for n in range(600, 0, -1)]
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(course[0].at))
    for one in course:
        recorder.record(one)
    reads = most = 0

    class Counting(Box):
        def step(self, at: datetime, by: int) -> Any:
            nonlocal reads, most
            reads += 1
            most = max(most, reads)
            found = super().step(at, by)
            reads -= 1
            return found

    app = app_on(changed(LIVE, at=NOW), box=Counting(tmp_path))
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        for _ in range(40):
            clock(app).advance(0.03)
            await pilot.press(BACK)
        await until(pilot, lambda: not app.time._reading, "let go")
        gone = (NOW - moment(app).at) / timedelta(seconds=10)
        assert gone > 80
        assert most == 1
        await press(pilot, app, ON)
        assert (NOW - moment(app).at) / timedelta(seconds=10) == gone - 1


async def test_incidents_are_gone_to_and_no_note_nor_a_new_beginning_is_one(box: Box) -> None:
    box.note(LAST_AT + timedelta(hours=1), "restarted the pooler", "jana", now=NOW)
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await press(pilot, app, EVENT_BACK)
        assert moment(app).at == DOWN_AT  # all of the outage is one
        await press(pilot, app, "ctrl+left")
        assert moment(app).at == DOWN_AT
        assert "no incident is recorded before 1 Mar 04:21:47; the black box begins at 1 Mar 04:20:47" in told(app)
        await press(pilot, app, "ctrl+right")
        assert app.time.moment is None


async def test_a_year_that_no_clock_here_shows_is_no_time(box: Box) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        app = app_on(LIVE, box=box)
        async with run(app, SMALL) as pilot:
            await settled(pilot)
            await jump(pilot, app, "9999-12-31 23:59+00:00")
            assert "'9999-12-31 23:59+00:00' is no time" in outcome(app)
    time.tzset()


async def test_a_time_is_jumped_to_and_what_is_not_there_is_said_where_it_was_typed(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await jump(pilot, app, "soonish")
        assert "'soonish' is no time; write 03:10" in outcome(app)
        read_it(app)
        await pilot.press("escape")
        await jump(pilot, app, "3:10")
        assert "the black box begins at 1 Mar 04:20:47: 1 Mar 03:10:00 is not in it" in outcome(app)
        await pilot.press("escape")
        await jump(pilot, app, "today 23:00")
        assert "1 Mar 23:00:00 has not come yet: it is 1 Mar 08:22:27" in outcome(app)
        await pilot.press("escape")
        await jump(pilot, app, f"{LATER:%H:%M:%S}")
        assert moment(app).snapshot == outage()[10]
        await jump(pilot, app, "2h ago")
        assert moment(app).gap is not None
        text = text_of(await settled(pilot))
        assert "nothing was recorded from 1 Mar 04:22:57 to 08:22:07, for 3 h 59" in " ".join(text.split())
        assert "Health" not in text
        await jump(pilot, app, "now")
        assert app.time.moment is None


@pytest.mark.usefixtures("berlin")
async def test_a_time_that_clocks_show_twice_is_the_last_one(tmp_path: Path) -> None:
    now = datetime(2026, 10, 25, 1, 45, tzinfo=UTC)
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(now))
    record(recorder, (working(now - timedelta(minutes=n)) for n in (90, 75, 30, 15)))
    app = app_on(changed(LIVE, at=now), box=Box(tmp_path))
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await jump(pilot, app, "02:30")
        assert moment(app).at == now - timedelta(minutes=15)


async def test_between_two_pictures_it_looked_like_the_one_before_and_ages_are_of_then(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await jump(pilot, app, f"{LATER + timedelta(seconds=6):%H:%M:%S}")
        assert app.shown == changed(outage()[10], at=LATER + timedelta(seconds=6))
        before = await settled(pilot)
        clock(app).advance(1800)
        app.repaint()
        now = text_of(await settled(pilot))
        assert [line for line in now.splitlines() if "PAST" not in line] == [
            line for line in text_of(before).splitlines() if "PAST" not in line
        ]
        assert ("4 h ago" in text_of(before), "4 h 30 ago" in now) == (True, True)
        assert app.frozen


async def test_where_nothing_was_kept_until_now_the_first_step_back_says_so(box: Box) -> None:
    live = changed(LIVE, at=NOW + timedelta(hours=2))
    app = app_on(live, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        gap = await press(pilot, app, BACK)
        assert gap is not None
        assert gap.snapshot is None
        assert "nothing was recorded from 1 Mar 08:22:22 to 10:22:27" in text_of(await settled(pilot))
        await pilot.press("y")
        assert "UNKNOWN" in app.clipboard
        await press(pilot, app, BACK)
        assert moment(app).at == AGAIN_AT


async def test_an_empty_box_and_one_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    for place in (tmp_path / "none", tmp_path / "file" / "box"):
        (tmp_path / "file").touch()
        app = app_on(LIVE, box=Box(place))
        async with run(app, SMALL) as pilot:
            await settled(pilot)
            await press(pilot, app, BACK)
            assert told(app) == "the black box holds nothing yet"
            await press(pilot, app, EVENT_BACK)
            assert app.time.moment is None
            await jump(pilot, app, "1h")
            assert outcome(app) == "the black box holds nothing yet"


ORDERS = [key for key in (*GLOBAL_KEYS, *MENU_ONLY) if key.acts]


async def test_every_order_is_refused_by_key_by_menu_and_in_the_help_and_looking_is_not(box: Box) -> None:
    app = app_on(LIVE, box=box, faults=StillFaults())
    monitor = monitor_of(app)
    why = "this is 04:22:27, the past; esc goes back to now"
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await jump(pilot, app, f"{LATER:%H:%M:%S}")
        for key in ORDERS:
            app.clear_notifications()
            if key.key:
                await pilot.press(key.key.split(",")[0])
            else:
                await app.run_action(key.action)
            await until(pilot, lambda: told(app) == why, key.name)
            assert isinstance(app.screen, Dashboard)
        commands = {command.title.lower(): command.help for command in app.get_system_commands(app.screen)}
        for key in ORDERS:
            assert commands[key.does.partition(":")[0]] == f"not now: {why}", key.name
        assert not commands["alerts"].startswith("not now")
        app.clear_notifications()
        await pilot.press("question_mark")
        help_text = text_of(await settled(pilot, lambda: isinstance(app.screen, HelpDialog)))
        assert "heal: shows the plan, then asks (not now: this is 04:22:27," in help_text
        await pilot.press("escape")
        await press(pilot, app, "6", "enter")
        await until(pilot, lambda: isinstance(app.screen, ChoiceDialog), "the alert")
        assert "acknowledge" not in text_of(drawn(app))
        await pilot.press("escape", "slash")
        await until(pilot, lambda: isinstance(app.screen, ListView) and app.screen.bar.has_focus, "the filter")
        await pilot.press("ctrl+e")
        await until(pilot, lambda: told(app).startswith("this is 04:22:27"), "the stop")
        await pilot.press("escape", "escape", "t")
        await until(pilot, lambda: isinstance(app.screen, ListView) and app.screen.listed.NAME == "tasks", "tasks")
        await press(pilot, app, "R", "enter")
        assert (monitor.orders, monitor.checked, monitor.restarted) == ([], 0, 0)


async def test_what_the_project_alone_tells_says_that_it_is_not_kept_and_is_there_again_now(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await jump(pilot, app, f"{LATER:%H:%M:%S}")
        for show in (lambda: app.visit("tasks"), lambda: app.visit("logs"), lambda: app.open_row("tasks", name_of(5))):
            show()
            said = " ".join(text_of(await settled(pilot)).replace("┃", " ").split())
            assert "this list was not recorded at 1 Mar 04:22:27; only its present content can be read" in said
            assert name_of(5) not in said
            assert "PAST 1 Mar 04:22:27" in said
        await pilot.press("0")
        view = app.screen
        assert isinstance(view, DocumentView)
        assert name_of(5) in text_of(await settled(pilot, lambda: view._document is not None))
        assert view.focused is not None


async def test_trends_in_the_past_say_that_they_are_of_now_and_name_the_key_that_leads_there(box: Box) -> None:
    for more, key in (({}, "0"), ({"keymap": {"now": "f5"}}, "f5")):
        app = app_on(LIVE, box=box, **more)
        async with run(app, SMALL) as pilot:
            await settled(pilot)
            await jump(pilot, app, "2h ago")
            await pilot.press("v")
            said = text_of(await settled(pilot, lambda app=app: isinstance(app.screen, TrendsView)))
            assert f"trends exist only for the present; {key} goes back to now" in said
            await pilot.press(key)
            await until(pilot, lambda app=app: app.time.moment is None, key)
            assert "trends are drawn" not in text_of(await settled(pilot))


async def test_the_focus_is_where_it_was_once_the_past_is_left(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await app.visit("checks")
        await press(pilot, app, BACK, BACK)
        assert app.screen.has_class("unavailable")
        await press(pilot, app, "0", "down")
        assert isinstance(app.screen, ListView)
        assert app.screen.list.at == 1


async def test_escape_on_the_dashboard_is_back_now_also_with_a_panel_in_focus_and_a_read_under_way(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await press(pilot, app, "tab", BACK, "escape")
        assert app.time.moment is None
        await pilot.press(BACK, BACK, "escape")
        await until(pilot, lambda: not app.time._reading, "read")
        await settled(pilot)
        assert app.time.moment is None
        assert "WARNING" in text_of(await settled(pilot))


async def test_freezing_and_the_past_are_two_things(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await pilot.press("space")
        clock(app).advance(65)
        monitor_of(app).tell(changed(LIVE, at=NOW + timedelta(seconds=65)))
        assert "FROZEN" in text_of(await settled(pilot))
        await note(pilot, app, "odd")
        assert [one.at for one in box.notes(NOW, NOW + timedelta(hours=1))] == [NOW]
        await press(pilot, app, BACK)
        text = text_of(await settled(pilot))
        assert "PAST 1 Mar 08:22:07" in text
        assert "FROZEN" not in text
        await pilot.press("space")
        assert told(app) == "this is 08:22:07, the past; esc goes back to now"
        await press(pilot, app, "escape")
        assert (app.frozen, app.shown.at) == (False, clock(app).now())


async def test_an_alert_that_begins_meanwhile_rings_and_is_told_in_the_past(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(LIVE, box=box)
    written_out: list[str] = []
    async with run(app, NORMAL) as pilot:
        await settled(pilot)
        await press(pilot, app, BACK)
        assert "NEW ALERT" not in text_of(await settled(pilot))
        driver = app._driver
        assert driver is not None
        monkeypatch.setattr(driver, "write", written_out.append)
        new = AlertView(key="lease", rule="lease", subject="", severity="high", state="firing", title="lease lost")
        telling = msgspec.structs.replace(LIVE.telling, bell=True)
        live = msgspec.structs.replace(LIVE, alerts=(*LIVE.alerts, new), telling=telling, state=State.CRITICAL)
        app._notifier.heard(LIVE)
        monitor_of(app).tell(live)
        text = text_of(await settled(pilot))
        assert "now CRITICAL LIVE · NEW ALERT lease lost" in text
        assert "PAST 1 Mar 08:22:07" in text
        assert "\x07" in written_out
        await press(pilot, app, BACK, "escape", BACK)
        assert "NEW ALERT" not in text_of(await settled(pilot))


async def note(pilot: Pilot[None], app: WatchdeskApp, text: str) -> None:
    await pilot.press("n")
    await until(pilot, lambda: isinstance(app.screen, NoteDialog), "asked for a note")
    await pilot.press(*("space" if char == " " else char for char in text))
    read_it(app)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, NoteDialog) or bool(outcome(app)), "kept")


async def test_a_note_is_about_the_moment_that_is_shown_and_is_shown_there(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, NORMAL) as pilot:
        await settled(pilot)
        await jump(pilot, app, f"{LATER:%H:%M:%S}")
        await note(pilot, app, "pooler was full")
        assert told(app) == "noted at 1 Mar 04:22:27: pooler was full"
        text = text_of(await settled(pilot, lambda: bool(moment(app).noted)))
        assert "note: pooler was full" in next(line for line in text.splitlines() if "PAST" in line)
        assert "operator: note: pooler was full" in text
        await press(pilot, app, BACK)
        assert "pooler" not in text_of(await settled(pilot))
        await press(pilot, app, ON, ON)
        assert "operator: note: pooler was full" in text_of(await settled(pilot))
        await pilot.press("7")
        assert "note: pooler was full" in text_of(await settled(pilot))
        await pilot.press("0")
        await note(pilot, app, "all well now")
        found = box.notes(DOWN_AT, NOW + timedelta(hours=1))
        assert [(one.at, one.text) for one in found] == [(LATER, "pooler was full"), (NOW, "all well now")]
        assert monitor_of(app).orders == []


async def test_a_note_about_a_gap_leaves_it_one_and_stands_in_all_of_it(tmp_path: Path) -> None:
    for course in (outage(), [changed(LIVE, at=AGAIN_AT)]):
        recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(course[0].at))
        record(recorder, course)
        kill(recorder)
    box = Box(tmp_path)
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await press(pilot, app, BACK, BACK)
        before = moment(app)
        await press(pilot, app, *[BACK] * 3, *[ON] * 3)
        stands = moment(app)
        assert before.gap == stands.gap == Gap(LAST_AT, AGAIN_AT)
        assert box.at(stands.at) is not None  # a picture speaks for some seconds more; the gap does not become it
        await note(pilot, app, "no power")
        await until(pilot, lambda: bool(moment(app).noted), "noted")
        assert (moment(app).snapshot, moment(app).gap, moment(app).at) == (None, stands.gap, stands.at)
        for reach in ("gap", "jump"):
            await press(pilot, app, ON, BACK) if reach == "gap" else await jump(pilot, app, "2h ago")
            said = " ".join(text_of(await settled(pilot)).replace("┃", " ").split())
            assert "nothing is known of that time note 1 Mar 04:22:57: no power" in said
        await press(pilot, app, BACK)
        assert "no power" not in text_of(await settled(pilot))


async def test_a_note_can_be_kept_while_it_only_observes_and_its_letters_are_never_lost(box: Box) -> None:
    app = app_on(changed(OBSERVING, at=NOW), box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await pilot.press("n", *"now")
        await until(pilot, lambda: isinstance(app.screen, NoteDialog), "asked")
        await pilot.press("enter")  # too early
        await until(pilot, lambda: app.screen.query_one(Input).value == "now", "typed ahead")
        read_it(app)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, Dashboard), "kept")
        assert [one.text for one in box.notes(NOW, NOW + timedelta(hours=1))] == ["now"]


async def test_a_note_that_cannot_be_kept_stays_typed_and_says_why() -> None:
    app = app_on(LIVE)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await note(pilot, app, "lost?")
        assert "nothing was kept: the note was not written: /dev/null is a device" in outcome(app)
        assert app.screen.query_one(Input).value == "lost?"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard), "backed out")


async def test_the_past_does_not_come_under_an_orders_dialog(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await asyncio.gather(app.press("earlier"), app.press("heal"))
        await pilot.pause()
        assert app.time.moment is None
        assert app.asking


PICTURES: dict[str, tuple[tuple[int, int], dict[str, Any]]] = {
    "80x24": (SMALL, {}),
    "140x40": (NORMAL, {}),
    "200x50": ((200, 50), {}),
    "60x15": ((60, 15), {}),
    "80x3": ((80, 3), {}),
    "80x1": ((80, 1), {}),
    "30x5": ((30, 5), {}),
    "light": (SMALL, {"theme": "light"}),
    "plain": (SMALL, {"theme": PLAIN}),
    "ascii": (SMALL, {"theme": PLAIN, "ascii": True}),
    "ansi": (SMALL, {"theme": "ansi"}),
}


@pytest.mark.parametrize("name", PICTURES)
async def test_it_is_unmistakable(name: str, box: Box, golden: SnapshotAssertion) -> None:
    size, more = PICTURES[name]
    app = app_on(LIVE, box=box, **more)
    async with run(app, size) as pilot:
        await settled(pilot)
        await app.time.jump(f"{LATER:%H:%M:%S}")
        picture = await settled(pilot)
    assert "PAST 1 Mar 04:22:27, 4 h ago" in text_of(picture).replace("a…", "ago")
    assert text_of(picture).isascii() is (name == "ascii")
    assert picture == golden(name=f"past-{name}")


@pytest.mark.parametrize("size", [SMALL, (60, 15)], ids=["80x24", "60x15"])
async def test_a_gap_shows_nothing(size: tuple[int, int], box: Box, golden: SnapshotAssertion) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, size) as pilot:
        await settled(pilot)
        await app.time.jump("2h ago")
        assert await settled(pilot) == golden(name=f"past-gap-{size[0]}x{size[1]}")


@pytest.mark.parametrize("key", ["t", "6", "v", "at", "n", "question_mark"])
async def test_what_lies_on_it(key: str, box: Box, golden: SnapshotAssertion) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await app.time.jump(f"{LATER:%H:%M:%S}")
        await pilot.press(key)
        assert await settled(pilot) == golden(name=f"past-key-{key}")


def test_every_key_of_time_has_its_handler_and_starts_no_action() -> None:
    assert {key.action for key in TIME_KEYS} == {f"time('{key.name}')" for key in TIME_KEYS if key.name != "report"} | {
        "report"
    }
    assert not any(key.acts for key in TIME_KEYS)
