"""Wall mode: what it says from three metres, in every state and size; nothing but its two keys does anything."""

from datetime import timedelta

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from textual.app import App
from textual.pilot import Pilot

from core.actions.heal import HEAL
from core.domain.checks import Check
from core.domain.counts import SuccessRate, TaskCounts
from core.domain.incidents import Incident, LastIncident
from core.domain.low_success import LowSuccess
from core.domain.periods import HISTORY_KEPT
from core.domain.records import LogEntry
from core.domain.snapshot import Link, LinkWord, Snapshot, State
from core.domain.status import Level
from core.resilience.reading import Reading, Source
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.drawn import Picture, app_on, drawn, monitor_of, run, settled, text_lines, text_of
from tests.tui.hand import Open, opened
from tests.tui.pictures import LATER, STATES, WARNING, ago
from tests.tui.rows import RECORDS
from tests.tui.still import StillFaults
from tests.tui.well import ACTIVE, HEALTHY, changed, tasks_of
from tui.app.app import WatchdeskApp
from tui.base.settings import AWAY_S
from tui.dialogs import ActionDialog, QuitDialog
from tui.rendering.palettes import PALETTES, PLAIN
from tui.screens.dashboard import Dashboard
from tui.screens.keys import ALL_KEYS
from tui.screens.wall import Wall
from tui.wall import view_model
from tui.wall.font import SCALES, letters, width_of

__all__ = ["opened"]

pytestmark = pytest.mark.usefixtures("utc")

SMALL, LARGE, TINY = (80, 24), (200, 50), (60, 15)
ENDED = LastIncident(incident=Incident(began=ago(hours=53), ended=ago(hours=52, minutes=56), down=True), seen_s=86_400)
GOES_ON = LastIncident(incident=Incident(began=ago(minutes=6)), seen_s=86_400)
NONE = LastIncident(seen_s=0.95 * HISTORY_KEPT.total_seconds(), covered=True)
STALE = changed(
    STATES["active"],
    at=ago(minutes=-3),
    link=Link(word=LinkWord.STALE, since=ago(seconds=2), tries=4, latency_s=0.06),
)
WALLS = {
    **{name: STATES[name] for name in ("active", "warning", "offline", "blind", "stopped", "disabled", "connecting")},
    "healthy": msgspec.structs.replace(HEALTHY, last_incident=NONE),
    "critical": msgspec.structs.replace(STATES["critical"], last_incident=GOES_ON),
    "stale": STALE,
    "forbidden": STATES["forbidden"],
    "empty": STATES["empty"],
}
WORDS = {
    "active": "ACTIVE",
    "warning": "WARNING",
    "offline": "OFFLINE",
    "blind": "BLIND",
    "stopped": "STOPPED",
    "disabled": "DISABLED",
    "connecting": "UNKNOWN",
    "healthy": "HEALTHY",
    "critical": "CRITICAL",
    "stale": "STALE",
    "forbidden": "UNKNOWN",
    "empty": "IDLE",
}


class WallPicture(Picture):
    """In a place of their own: a place has one file of tests."""

    snapshot_dirname = "golden/wall"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Pictures as text files."""
    return snapshot.use_extension(WallPicture)


def with_incident(snapshot: Snapshot) -> Snapshot:
    unsaid = snapshot.last_incident == LastIncident() and snapshot.ready
    return msgspec.structs.replace(snapshot, last_incident=ENDED) if unsaid else snapshot


def wall_on(snapshot: Snapshot, **more: object) -> WatchdeskApp:
    return app_on(with_incident(snapshot), wall=True, **more)


async def picture(snapshot: Snapshot, size: tuple[int, int], **more: object) -> str:
    app = wall_on(snapshot, **more)
    async with run(app, size) as pilot:
        return await settled(pilot, lambda: isinstance(app.screen, Wall))


def size_name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def assert_large(word: str, text: str, *, at_least: int = 5, ink: str = "█") -> None:
    """The word stands there in letters of so many lines."""
    lines = text.splitlines()
    sizes = [scale for scale in SCALES if scale.rows >= at_least]
    for art in (letters(word, scale, ink) for scale in sizes):
        if any(all(part.strip() in line for part, line in zip(art, lines[y:], strict=False)) for y in range(9)):
            return
    raise AssertionError(f"no large {word} in\n{text}")


# What it looks like


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=size_name)
@pytest.mark.parametrize("name", WALLS)
async def test_every_state_in_large_letters(name: str, size: tuple[int, int], golden: SnapshotAssertion) -> None:
    drawn = await picture(WALLS[name], size)
    assert_large(WORDS[name], text_of(drawn), at_least=10 if size == LARGE else 5)
    assert drawn == golden(name=f"wall-{name}-{size_name(size)}")


@pytest.mark.parametrize("size", [(140, 40), TINY, (40, 8), (80, 3), (30, 5), (80, 1)], ids=size_name)
@pytest.mark.parametrize("name", ["warning", "offline"])
async def test_every_size(name: str, size: tuple[int, int], golden: SnapshotAssertion) -> None:
    drawn = await picture(WALLS[name], size)
    if size[1] >= 8:
        assert_large(WORDS[name], text_of(drawn))
    else:
        assert WORDS[name] in text_of(drawn)
    assert drawn == golden(name=f"wall-{name}-{size_name(size)}")


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("name", ["healthy", "critical", "stale"])
async def test_every_theme(name: str, theme: str, golden: SnapshotAssertion) -> None:
    assert await picture(WALLS[name], SMALL, theme=theme) == golden(name=f"wall-{name}-{theme}")


@pytest.mark.parametrize("theme", ["dark", PLAIN])
@pytest.mark.parametrize("name", ["warning", "offline"])
async def test_plain_ascii(name: str, theme: str, golden: SnapshotAssertion) -> None:
    drawn = await picture(WALLS[name], SMALL, theme=theme, ascii=True)
    assert text_of(drawn).isascii()
    assert_large(WORDS[name], text_of(drawn), ink="#")
    assert drawn == golden(name=f"wall-{name}-{theme}-ascii")


async def test_no_size_is_too_small_or_too_large_for_it() -> None:
    app = wall_on(STATES["warning"])
    async with run(app, SMALL) as pilot:
        widths = (1, 2, 7, 39, 40, 41, 59, 60, 79, 81, 160, 400)
        heights = (1, 2, 6, 7, 8, 9, 13, 14, 15, 23, 25, 49, 120)
        pairs = [(w, h) for i, w in enumerate(widths) for j, h in enumerate(heights) if (i + j) % 4 == 0]
        for width, height in (*pairs, (1, 1), (400, 120)):
            await pilot.resize_terminal(width, height)
            lines = text_lines(app)
            assert (len(lines), {len(line) for line in lines}) == (height, {width}), (width, height)


@pytest.mark.parametrize("size", [SMALL, LARGE, (80, 1)], ids=size_name)
async def test_it_says_that_nothing_new_comes_any_more(size: tuple[int, int], golden: SnapshotAssertion) -> None:
    app = wall_on(WALLS["healthy"])
    async with run(app, size) as pilot:
        await on_wall(pilot, app)
        monitor_of(app).tell(WALLS["healthy"])
        assert "NOT UPDATING" not in text_of(await settled(pilot))
        app.clock.advance(400)  # type: ignore[attr-defined]  # the tests' own clock
        app.repaint()
        picture = await settled(pilot)
        if size[1] > 1:
            assert_large("NOT UPDATING", text_of(picture))
        assert " ok " not in picture
        assert "state-ok" not in picture
        assert ("HEALTHY then" in text_of(picture)) is (size[1] > 1)
        monitor_of(app).tell(msgspec.structs.replace(WALLS["healthy"], at=app.clock.now()))
        assert "state-ok" in await settled(pilot)
    assert picture == golden(name=f"wall-standstill-{size_name(size)}")


# What it says


def test_old_is_never_shown_as_new() -> None:
    for name in ("offline", "stale", "blind"):
        snapshot = WALLS[name]
        assert view_model.word(snapshot) == snapshot.link.word.value
        assert view_model.level(snapshot) != "ok"
        read = {one.label: one for one in view_model.figures(snapshot)}
        assert all(read[label].old and read[label].role == "dim" for label in ("pending", "running", "failed 24 h"))
    assert view_model.oldness(STATES["offline"]) == (
        view_model.WallFigure(label="data age", texts=("1 H 10",), role="warning"),
    )


@pytest.mark.parametrize("name", ["stale", "blind"])
def test_that_nothing_fires_is_not_known_while_nobody_looks(name: str) -> None:
    assert view_model.figures(WALLS[name])[-1] == view_model.WallFigure(
        label="alerts", texts=("0",), role="dim", old=True
    )
    assert view_model.figures(WALLS["active"])[-1].role == "ok"
    assert view_model.figures(WALLS["offline"])[-1].role == "critical"  # that fires is this monitor's own finding


def test_one_figure_that_is_old_says_how_old() -> None:
    failed = next(one for one in view_model.figures(STATES["degraded"]) if one.label.startswith("failed"))
    assert (failed.old, failed.label) == (True, "failed 24 h, 12 min old")
    assert not view_model.figures(STATES["degraded"])[0].old


@pytest.mark.parametrize("size", [SMALL, (140, 40), LARGE], ids=size_name)
@pytest.mark.parametrize("name", ["stale", "offline"])
async def test_figures_are_as_large_while_they_are_old_and_say_how_old(name: str, size: tuple[int, int]) -> None:
    live = text_of(await picture(WALLS["active"], size))
    scale = next(one for one in SCALES if all(part.strip() in live for part in letters("12", one, "█")))
    old = view_model.oldness(WALLS[name])[0].texts[0]
    text = text_of(await picture(WALLS[name], size))
    assert all(part.strip() in text for part in letters("12", scale, "▒"))
    assert f"{old.lower()} old · " in text or all(part.strip() in text for part in letters(old, scale, "█"))


def test_last_known_data_at_the_start_is_not_the_state() -> None:
    kept = Reading(value=TaskCounts({"pending": 3}), source=Source.CACHED, at=ago(hours=2))
    started = changed(HEALTHY, link=Link(), tasks=tasks_of(HEALTHY, counts=kept))
    assert (view_model.word(started), view_model.level(started)) == ("CONNECTING", "unknown")


@pytest.mark.parametrize(
    ("known", "big", "says_first"),
    [
        (LastIncident(), "-", "last incident"),
        (LastIncident(seen_s=7_300), "2 H", "no incident"),
        (NONE, "30 D", "no incident"),
        (ENDED, "54 H", "since the last incident"),
        (GOES_ON, "6 MIN", "incident ongoing"),
    ],
)
def test_that_there_was_no_incident_is_said_of_the_time_that_was_seen(
    known: LastIncident, big: str, says_first: str
) -> None:
    told = view_model.incident(msgspec.structs.replace(HEALTHY, last_incident=known))
    assert (told.big, told.lines[0]) == (big, says_first)
    assert ("in 30 days" in told.lines) is known.covered


def test_what_is_wrong_now_comes_before_the_last_incident_with_who_takes_care() -> None:
    alerts = WARNING.alerts
    told = view_model.incident(msgspec.structs.replace(with_incident(HEALTHY), alerts=alerts))
    assert told.lines[0] == "tasks are stuck and 2 more"
    assert told.lines[2] == "nobody has acknowledged it"
    assert told.big == "22 MIN"
    acked = tuple(one for one in alerts if one.acked)
    told = view_model.incident(msgspec.structs.replace(HEALTHY, alerts=acked))
    assert told.lines[2] == "acknowledged by operator jana@bastion"
    well = tuple(msgspec.structs.replace(one, well=True) for one in alerts)
    assert view_model.incident(msgspec.structs.replace(with_incident(HEALTHY), alerts=well)).lines[0] == (
        "since the last incident"
    )


def test_what_is_wrong_now_is_the_gravest_and_as_old_as_the_first_sign_of_it() -> None:
    had = next(one for one in WARNING.alerts if one.acked)
    had = msgspec.structs.replace(had, severity="critical", state="acknowledged", title="success rate is low")
    slow = Check(name="database", level=Level.WARNING, text="slow: answered after 3.0 s")
    health = msgspec.structs.replace(WARNING.health, checks=(slow,))
    tasks = msgspec.structs.replace(WARNING.tasks, stuck=())
    both = changed(WARNING, alerts=(had,), health=health, tasks=tasks, state=State.CRITICAL, state_since=ago(minutes=2))
    told = view_model.incident(both)
    assert (told.big, told.lines[0]) == ("9 MIN", "success rate is low and 1 more")
    assert told.lines[2].startswith("acknowledged by ")
    medium = msgspec.structs.replace(had, key="m", subject="m", severity="medium", state="firing", acked="", title="m")
    for alerts in ((medium, had), (had, medium)):
        told = view_model.incident(changed(both, alerts=alerts, health=msgspec.structs.replace(health, checks=())))
        assert told.lines[0] == "success rate is low and 1 more"
    nobody = msgspec.structs.replace(had, key="n", subject="n", state="firing", acked="", title="nobody has it")
    told = view_model.incident(changed(both, alerts=(had, nobody)))
    assert (told.lines[0], told.lines[2]) == ("nobody has it and 1 more", "nobody has acknowledged it")
    alone = changed(both, health=msgspec.structs.replace(health, checks=()), state_since=ago(minutes=90))
    assert (view_model.incident(alone).big, view_model.incident(alone).lines[0]) == ("1 H 30", "success rate is low")


def test_what_is_wrong_now_is_no_success_rate_that_is_good_enough_by_the_settings() -> None:
    (alert, *_) = WARNING.alerts
    alert = msgspec.structs.replace(alert, severity="low", state="pending", acked="", title="no activity")
    firing = msgspec.structs.replace(alert, state="firing", rule="no_activity", subject="no_activity")
    rate = Reading(value=SuccessRate(90, 10, timedelta(hours=24)), source=Source.LIVE, at=WARNING.at)
    tasks = msgspec.structs.replace(WARNING.tasks, stuck=(), success_24h=rate)
    idle = Check(name="activity", level=Level.WARNING, text="nothing finished")
    health = msgspec.structs.replace(WARNING.health, checks=(idle,))
    told = changed(WARNING, alerts=(firing,), health=health, tasks=tasks, low_success=LowSuccess(80.0))
    assert view_model.incident(told).lines[0] == "no activity"
    told = changed(told, low_success=LowSuccess(95.0))
    assert view_model.incident(told).lines[0].startswith("success rate is below its target")


def test_a_stop_is_an_incident_before_any_alert_tells_of_it() -> None:
    quiet = msgspec.structs.replace(with_incident(STATES["stopped"]), alerts=())
    told = view_model.incident(quiet)
    assert (told.big, told.lines) == (
        "6 MIN",
        ("emergency stop is set", "since Sun 01 Mar 03:04", "not acknowledged yet"),
    )
    unseen = msgspec.structs.replace(quiet, state_change_seen=False)
    assert view_model.incident(unseen).lines[1] == "since Sun 01 Mar 03:04, or earlier"
    never = msgspec.structs.replace(quiet, state_since=None)
    assert view_model.incident(never).lines[1] == "since when is not known"


@pytest.mark.parametrize(
    ("orders", "says"),
    [
        ([("emergency_stop", "agents delete accounts (jana)")], "set by operator jana"),
        ([("emergency_stop", ""), ("emergency_stop", "agents delete accounts (jana)")], "set by operator jana"),
        ([("emergency_stop", "another one")], "not acknowledged yet"),
        ([("lift", ""), ("emergency_stop", "agents delete accounts (jana)")], "not acknowledged yet"),
    ],
)
def test_who_set_the_stop_is_said_of_this_stop_alone(orders: list[tuple[str, str]], says: str) -> None:
    rows = tuple(
        LogEntry(id=order, at=ago(), step="x", status="completed", order=order, actor="operator jana", reason=why)
        for order, why in orders
    )
    stopped = msgspec.structs.replace(
        STATES["stopped"], alerts=(), logs=Reading(value=rows, source=Source.LIVE, at=ago())
    )
    assert view_model.incident(stopped).lines[2] == says


def test_an_incident_is_named_by_the_alert_of_its_time() -> None:
    assert view_model.incident(msgspec.structs.replace(WALLS["critical"], alerts=())).lines[1] == "project critical"
    assert view_model.incident(with_incident(HEALTHY)).lines[1] == "project down, 4 min"
    unsure = LastIncident(incident=msgspec.structs.replace(GOES_ON.incident, ended=ago(minutes=1), unsure=True))  # type: ignore[type-var]  # it has one
    assert view_model.incident(msgspec.structs.replace(HEALTHY, last_incident=unsure)).lines[1] == (
        "project critical, at least 5 min"
    )


def test_figures_keep_to_four_signs() -> None:
    for count, shown in ((0, "0"), (9_999, "9999"), (10_000, "10K"), (1_999_999, "1M")):
        counted = tasks_of(ACTIVE, counts=Reading(value=TaskCounts({"pending": count}), source=Source.LIVE, at=ago()))
        assert view_model.figures(changed(ACTIVE, tasks=counted))[0].texts == (shown,)


def test_every_letter_is_as_high_and_as_wide_as_it_says() -> None:
    for scale in SCALES:
        for word in (*WORDS.values(), "0123456789", "98.8", "5 MIN", "?!-"):
            lines = letters(word, scale, "#")
            assert len(lines) == scale.rows
            assert {len(line) for line in lines} == {width_of(word, scale)}


# What its keys do


async def on_wall(pilot: Pilot[None], app: App[None]) -> None:
    await settled(pilot, lambda: isinstance(app.screen, Wall))


async def test_b_leads_there_and_back_and_there_the_picture_goes_on() -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        await settled(pilot)
        await pilot.press("t")
        await settled(pilot)
        below = app.screen
        await pilot.press("space", "b")
        await on_wall(pilot, app)
        assert not app.frozen
        monitor_of(app).tell(STATES["critical"])
        assert_large("CRITICAL", text_of(await settled(pilot)))
        await pilot.press("b")
        await settled(pilot, lambda: app.screen is below)


async def test_no_other_key_does_anything_there() -> None:
    app = app_on(WARNING, RECORDS, faults=StillFaults(), wall=True)
    async with run(app, SMALL) as pilot:
        await on_wall(pilot, app)
        before = drawn(app)
        keys = {one for key in ALL_KEYS if key.name not in {"wall", "quit"} for one in key.key.split(",")}
        keys |= {"tab", "shift+tab", "escape", "enter", "up", "down", "pageup", "home", "j", "k", "G", "f1"}
        for key in sorted(keys):
            await pilot.press(key)
            assert await settled(pilot, lambda: isinstance(app.screen, Wall)) == before, key
        await pilot.click(offset=(40, 12))
        await pilot.click(offset=(2, 23))
        assert await settled(pilot, lambda: isinstance(app.screen, Wall)) == before
        monitor = monitor_of(app)
        assert (monitor.orders, monitor.checked, monitor.restarted, app.clipboard) == ([], 0, 0, "")
        assert (len(app.screen_stack), app.frozen, app._exit) == (2, False, False)


async def test_a_key_that_was_under_way_asks_nothing_there() -> None:
    app = app_on(WARNING)
    async with run(app, SMALL) as pilot:
        await on_dashboard(pilot, app)
        app.action_wall()
        app.ask(ActionDialog(app.monitor, HEAL))
        assert await app.choose("Which?", [("a", "b")]) is None
        await settled(pilot)
        assert isinstance(app.screen, Wall)


async def on_dashboard(pilot: Pilot[None], app: App[None]) -> None:
    await settled(pilot, lambda: isinstance(app.screen, Dashboard))


async def ended(pilot: Pilot[None]) -> None:
    for _ in range(100):
        await pilot.pause()
        if pilot.app._exit:
            return
    raise AssertionError("still there")


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
async def test_ctrl_c_and_ctrl_q_say_what_quits_and_q_quits(key: str) -> None:
    app = wall_on(WARNING)
    async with run(app, SMALL) as pilot:
        await on_wall(pilot, app)
        await pilot.press(key)
        await settled(pilot, lambda: [one.message for one in app._notifications] == ["q quits"])
        await pilot.press("q")
        await ended(pilot)


async def test_q_quits_however_long_nobody_was_there() -> None:
    app = wall_on(WARNING)
    async with run(app, SMALL) as pilot:
        await on_wall(pilot, app)
        monitor_of(app).tell(WARNING)
        app.clock.advance(2 * AWAY_S)  # type: ignore[attr-defined]  # the tests' own clock
        await pilot.press("q")
        await ended(pilot)


async def test_q_asks_while_an_order_waits_and_backing_out_leads_back() -> None:
    app = wall_on(STATES["offline"])
    async with run(app, SMALL) as pilot:
        await on_wall(pilot, app)
        await pilot.press("q")
        await settled(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("escape")
        await on_wall(pilot, app)


async def test_moved_keys_are_moved_there_too() -> None:
    app = wall_on(WARNING, keymap={"wall": "f9", "quit": "exclamation_mark"})
    async with run(app, SMALL) as pilot:
        await on_wall(pilot, app)
        assert " f9 back  ! quit" in text_of(drawn(app))
        await pilot.press("b", "q")
        await on_wall(pilot, app)
        await pilot.press("f9")
        await on_dashboard(pilot, app)


async def test_ages_move_on_without_a_new_picture() -> None:
    app = wall_on(STATES["offline"])
    async with run(app, SMALL) as pilot:
        await on_wall(pilot, app)
        assert isinstance(app.clock, FakeClock)
        app.clock.jump_wall(timedelta(hours=1).total_seconds())
        app.repaint()
        text = text_of(await settled(pilot))
    assert view_model.oldness(msgspec.structs.replace(STATES["offline"], at=LATER + timedelta(hours=1)))[0].texts == (
        "2 H 10",
    )
    assert "2 h 10 old" in text


# On a terminal


@ONE_SHAPE
def test_it_begins_there_in_a_terminal_and_only_its_keys_lead_away(
    sandbox: Running, command: Command, opened: Open
) -> None:
    sandbox.completed(20)
    hand = opened(command, sandbox, "--wall")
    hand.await_text("LIVE, seen")
    assert "b back  q quit" in hand.screen.display[-1]
    hand.press("h\x05?\x10t")  # ctrl+e and ctrl+p among them
    hand.press("\x1b[<0;10;10M\x1b[<0;10;10m")
    hand.resize(200, 50)
    hand.await_text("█" * 12)
    text = hand.await_text("q quit")
    for word in ("Heal", "STOP", "Help", "Search", "follows"):
        assert word not in text
    hand.press("b")
    hand.await_text("Health")
    hand.press("b")
    hand.await_text("b back")
    hand.press("q")
    assert hand.ended() == 0
    assert hand.is_given_back()
