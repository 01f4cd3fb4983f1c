"""The parts of the screen alone: where panels stand, which rows are in hand, where the cursor stays, what is drawn."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from core.domain.alert_view import AlertView, in_order
from core.domain.events import BreakerChanged, Event
from core.domain.lease import LeaseView
from core.domain.queries import Page
from core.domain.snapshot import Component, Degradation, LinkWord, Snapshot
from core.domain.status import Level
from core.resilience import BreakerCause, BreakerState, DegradationLevel
from core.resilience.reading import Source
from tests.tui.pictures import STATES, WARNING
from tests.tui.well import ACTIVE, changed
from tui.panels import PANELS, ConnectionsPanel, EventsPanel, HealthPanel, NeedsPanel, Panel, ThroughputPanel
from tui.panels.layout import Wish, arrange
from tui.panels.reader import wrap
from tui.panels.row_list import Column, Row, RowList
from tui.panels.tasks import TasksPanel
from tui.panels.topline import TopLine
from tui.rendering.text import Line, Signs, plain
from tui.rendering.themes import palette
from tui.screens.window import MOST, RowWindow

STYLES = palette("dark")
SLOTS = [kind.slot() for kind in PANELS]


def made(kind: type[Panel]) -> Panel:
    return kind(Signs(), STYLES)


# Where panels stand


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Wish]:
    """Whatever panels may wish: at least their title, a plot nothing at all too."""
    found = {}
    for kind in PANELS:
        least = draw(st.integers(0 if kind is ThroughputPanel else 1, 30))
        found[kind.NAME] = Wish(least, draw(st.integers(least, 60)))
    return found


@given(st.integers(1, 300), st.integers(1, 120), wishes())
def test_panels_lie_within_the_body_and_never_on_each_other(width: int, height: int, wish: dict[str, Wish]) -> None:
    placed = arrange(width, height, SLOTS, lambda name, _wide, _high: wish[name])
    body = Region(0, 0, width, height)
    for name, place in placed.items():
        assert place.area > 0, name
        assert body.contains_region(place), name
    regions = list(placed.values())
    assert not [1 for n, one in enumerate(regions) for other in regions[n + 1 :] if one.overlaps(other)]


@given(st.integers(20, 300), st.integers(16, 120), st.sampled_from(sorted(STATES)))
def test_what_fires_and_what_is_not_live_has_a_line(width: int, height: int, name: str) -> None:
    snapshot = STATES[name]
    panels = {kind.NAME: made(kind) for kind in PANELS}
    placed = arrange(width, height, SLOTS, lambda name, wide, high: panels[name].wish(snapshot, wide, high))
    firing = next((one for one in snapshot.alerts if one.fires), None)
    if firing is not None:
        assert firing.title[: max(0, width - 34)] in said(panels["needs"], snapshot, placed["needs"])
    if snapshot.degradation.level != "normal" and "connections" in placed:
        assert str(snapshot.degradation.level) in plain(panels["connections"].title(snapshot))


def test_components_that_are_not_live_for_one_reason_share_a_row() -> None:
    at = ACTIVE.at - timedelta(minutes=2)
    down = [Component(name=name, source=Source.CACHED, at=at, why="the API is down") for name in ("tasks", "stats")]
    other = Component(name="edge_function", source=Source.DEFAULT, why="silent")
    lost = Degradation(level=DegradationLevel.SEVERE, components=(*down, other))
    panel = made(ConnectionsPanel)
    lines = [plain(line) for line in panel.lines(changed(ACTIVE, breakers=(), degradation=lost), 100, 9)]
    assert [" ".join(line.split()) for line in lines] == [
        "▲ last known 2 components 2 min old the API is down: tasks, stats",
        "▲ no data edge function silent",
    ]


@given(st.integers(60, 300), st.integers(20, 120), st.sampled_from(sorted(STATES)))
def test_no_text_ends_cut_before_the_end_of_its_line(width: int, height: int, name: str) -> None:
    snapshot = STATES[name]
    panels = {kind.NAME: made(kind) for kind in PANELS}
    placed = arrange(width, height, SLOTS, lambda name, wide, high: panels[name].wish(snapshot, wide, high))
    for panel, place in placed.items():
        if panel == "health" and place.height < 3 + len(snapshot.health.checks):
            continue  # two checks share a line
        for line in panels[panel].lines(snapshot, place.width, place.height - 1)[: place.height - 1]:
            text = plain(line).rstrip()
            assert not text.endswith("…") or cell_len(text) >= place.width - 1, (panel, text)


def said(panel: Panel, snapshot: Snapshot, place: Region) -> str:
    lines = panel.lines(snapshot, place.width, place.height - 1)[: place.height - 1]
    return "\n".join(map(plain, lines))


# Which rows are in hand


class Numbered(msgspec.Struct, frozen=True):
    id: int


@dataclass
class Server:
    """Rows that come at the top and go anywhere between two reads."""

    rows: list[int] = field(default_factory=list)

    async def read(self, offset: int, limit: int) -> Page[Numbered]:
        found = self.rows[offset : offset + limit]
        return Page(rows=tuple(map(Numbered, found)), offset=offset, more=offset + limit < len(self.rows))


DOINGS = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.integers(1, 80)),
        st.tuples(st.just("go"), st.integers(0, 2000)),
        st.tuples(st.just("move"), st.integers(-200, 200)),
        st.tuples(st.just("renew"), st.integers(1, 60)),
    ),
    max_size=40,
)


@given(st.integers(0, 1200), DOINGS)
def test_no_row_is_in_hand_twice_and_never_too_many(count: int, doings: list[tuple[str, int]]) -> None:
    async def live() -> None:
        server, window = Server(list(range(count))), RowWindow()
        await window.begin(server.read)
        at = 0
        for what, number in doings:
            if what == "come":
                server.rows[:0] = [-len(server.rows) * 1000 - n - number for n in range(number)]
                server.rows = list(dict.fromkeys(server.rows))
            elif what == "go" and server.rows:
                del server.rows[number % len(server.rows)]
            elif what == "move":
                at = min(max(0, at + number), max(0, len(window.records) - 1))
                await window.extend(server.read, at)
            elif what == "renew":
                await window.renew(server.read, max(0, at - 10), number)
            ids = [record.id for record in window.records]
            assert len(ids) == len(set(ids))
            assert len(ids) <= MOST
            assert window.offset >= 0

    asyncio.run(live())


@given(st.integers(400, 1200), st.integers(0, 149))
def test_going_down_keeps_the_row_and_reaches_the_last(count: int, start: int) -> None:
    async def live() -> None:
        server, window = Server(list(range(count))), RowWindow()
        await window.begin(server.read)
        at, held = start, window.records[start].id
        while window.more or at < len(window.records) - 1:
            at = min(at + 40, len(window.records) - 1)
            held = window.records[at].id
            await window.extend(server.read, at)
            at = next(n for n, record in enumerate(window.records) if record.id == held)
        assert held == count - 1
        assert window.offset + len(window.records) == count

    asyncio.run(live())


# Where the cursor stays


class Alone(App[None]):
    """One widget on a terminal."""

    def __init__(self, widget: Panel) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def rows(names: str) -> list[Row]:
    return [Row(key=name, cells=((name, "text"),)) for name in names]


async def test_the_cursor_stays_on_its_row_and_the_row_where_it_is() -> None:
    listed = RowList(Signs(), STYLES)
    listed.columns = (Column(title="row"),)
    async with Alone(listed).run_test(size=(20, 10)) as pilot:
        await pilot.pause()
        listed.put(rows("abcdefghijklmnop"))
        listed.to(9)
        line = listed.at - listed.in_sight[0]
        for names, why in (
            ("ABCabcdefghijklmnop", "others came above"),
            ("cdefghijklmnop", "others went above"),
            ("ponmlkjihgfedcba", "they were sorted"),
            ("abcdefghijkl", "others went below"),
        ):
            listed.put(rows(names))
            assert listed.cursor is not None
            assert listed.cursor.key == "j", why
            first, room = listed.in_sight
            assert first <= listed.at < first + room, why
            assert why != "others came above" or listed.at - first == line
        listed.put(rows("abc"))
        assert listed.cursor is not None
        assert listed.cursor.key == "c"
        listed.put([])
        assert listed.cursor is None


@given(st.data())
def test_wherever_rows_come_and_go_the_cursor_keeps_a_row_that_is_still_there(data: st.DataObject) -> None:
    listed = RowList(Signs(), STYLES)
    names = st.lists(st.sampled_from("abcdefghij"), unique=True)
    before = data.draw(names)
    listed.put(rows("".join(before)))
    listed._at = data.draw(st.integers(0, max(0, len(before) - 1)))
    held = listed.cursor.key if listed.cursor else None
    after = data.draw(names)
    listed.put(rows("".join(after)))
    assert (listed.cursor is None) is (not after)
    if held in after:
        assert listed.cursor is not None
        assert listed.cursor.key == held


# What a reader wraps


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "M", "Z"]), min_size=1, max_size=60)


@given(st.lists(st.tuples(TEXT, st.sampled_from(["dim", "text"])), min_size=1, max_size=5), st.integers(8, 60))
def test_wrapping_loses_nothing_and_no_line_is_too_wide(line: list[tuple[str, str]], width: int) -> None:
    wrapped = wrap(tuple(line), width)
    assert all(cell_len(plain(one)) <= width for one in wrapped)
    assert "".join(map(plain, wrapped)) == plain(tuple(line))


def test_what_goes_on_below_is_as_far_in_as_it_began() -> None:
    line: Line = (("    " + "x" * 20, "text"),)
    assert [plain(one) for one in wrap(line, 14)] == ["    " + "x" * 10, "    " + "x" * 10]


# What is redrawn


async def test_a_panel_refreshes_the_changed_cells_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = TasksPanel(Signs(), STYLES)
    async with Alone(panel).run_test(size=(80, 12)) as pilot:
        panel.show(ACTIVE)
        await pilot.pause()
        regions: list[Region] = []
        monkeypatch.setattr(panel, "refresh", lambda *changed, **_: regions.extend(changed))
        panel.show(ACTIVE)
        assert regions == []
        other = ACTIVE.tasks.newest.value or ()
        changed = (msgspec.structs.replace(other[0], description="Something else"), *other[1:])
        newest = msgspec.structs.replace(ACTIVE.tasks.newest, value=changed)
        panel.show(msgspec.structs.replace(ACTIVE, tasks=msgspec.structs.replace(ACTIVE.tasks, newest=newest)))
        assert [(one.y, one.height) for one in regions] == [(4, 1)]
        assert regions[0].x > 20


# What small places leave out, and what they do not


def lines(kind: type[Panel], snapshot: Snapshot, width: int, height: int) -> list[str]:
    return [plain(line) for line in made(kind).lines(snapshot, width, height)]


@pytest.mark.parametrize("name", ["warning", "critical", "offline"])
def test_nothing_that_needs_somebody_is_cut_while_lines_are_left(name: str) -> None:
    least = len(made(NeedsPanel)._rows(STATES[name], 60, 0, over=True))  # type: ignore[attr-defined]  # this panel's
    whole = len(lines(NeedsPanel, STATES[name], 60, 99))
    assert least < whole
    for height in range(least, whole + 1):
        assert len(lines(NeedsPanel, STATES[name], 60, height)) == height


def test_one_line_for_alerts_is_the_worst_of_them() -> None:
    (line,) = lines(NeedsPanel, WARNING, 100, 1)
    assert "tasks are stuck" in line
    assert lines(NeedsPanel, WARNING, 100, 3)[-1] == "  and 3 more"


def test_the_graver_alert_stands_first_then_what_nobody_has_and_what_is_over_does_not_stand() -> None:
    def alert(state: str, severity: str, *, well: bool = False) -> AlertView:
        name = f"{severity} {state}{' well' if well else ''}"
        return AlertView(key=name, rule=name, subject="", severity=severity, state=state, title=name, well=well)

    alerts = (  # in the order of the list of alerts
        alert("acknowledged", "critical"),
        alert("firing", "high"),
        alert("acknowledged", "high"),
        alert("silenced", "medium"),
        alert("firing", "low"),
        alert("silenced", "low"),
        alert("pending", "critical"),
        alert("firing", "critical", well=True),
        alert("hidden", "critical"),
        alert("resolved", "critical"),
    )
    assert in_order(reversed(alerts)) == alerts
    asked = msgspec.structs.replace(STATES["healthy"], alerts=alerts[::-1])
    said = " ".join(lines(NeedsPanel, asked, 100, 20))
    first = ("critical acknowledged", "high firing", "high acknowledged", "medium silenced", "low firing")
    order = (*first, "review", "low silenced", "critical pending", "critical firing well", "critical hidden")
    places = [said.find(name) for name in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "resolved" not in said


def test_that_nothing_needs_you_is_said_only_where_all_is_known() -> None:
    def title(snapshot: Snapshot) -> str:
        return plain(made(NeedsPanel).title(snapshot))

    well = msgspec.structs.replace(STATES["healthy"], pauses=(), waiting=(), alerts=())
    quiet = msgspec.structs.replace(well, tasks=STATES["empty"].tasks)
    assert title(quiet) == "Needs you nothing"
    for name in ("connecting", "forbidden", "blind", "no_tables"):
        assert "nothing" not in title(STATES[name]), name
    offline = msgspec.structs.replace(quiet, link=STATES["offline"].link)
    assert title(offline) == "Needs you not known"


def test_a_long_alert_goes_on_in_a_second_line_where_there_is_room() -> None:
    snapshot = STATES["offline"]
    roomy, tight = lines(NeedsPanel, snapshot, 76, 10), lines(NeedsPanel, snapshot, 76, 3)
    assert "check SUPABASE_URL" in " ".join(" ".join(roomy).split())
    assert not [line for line in roomy if "…" in line]
    assert len(tight) == 3
    assert "…" in tight[0]


def test_what_is_not_well_has_a_line_and_what_is_has_none() -> None:
    assert [line[2:6] for line in lines(ConnectionsPanel, WARNING, 100, 4)] == ["open", "held"]
    assert lines(ConnectionsPanel, ACTIVE, 100, 4) == []
    both = changed(WARNING, degradation=STATES["offline"].degradation)
    assert lines(ConnectionsPanel, both, 100, 2)[-1].startswith("  and ")


@pytest.mark.parametrize("width", range(20, 100))
def test_no_count_of_tasks_is_cut(width: int) -> None:
    counts = lines(TasksPanel, WARNING, width, 5)[0]
    assert cell_len(counts.rstrip()) <= width
    assert counts.split()[0] == "12"
    assert "41 failed" in counts or width < 37


@pytest.mark.parametrize("well", [False, True])
@pytest.mark.parametrize("state", ["pending", "firing", "acknowledged", "silenced", "hidden", "resolved"])
def test_reviews_have_one_line_whatever_becomes_of_the_alert_about_them(state: str, well: bool) -> None:
    alert = AlertView(
        key="review_waits", rule="review_waits", subject="review_waits", severity="medium", state=state, well=well,
        title="tasks wait for a review", text="4 tasks in review, the oldest for over 50 min",
    )  # fmt: skip
    asked = changed(WARNING, alerts=(alert,))
    told = [line for line in lines(NeedsPanel, asked, 140, 9) if "review" in line]
    assert len(told) == 1, told
    count = f"{asked.in_review} task"
    resolved = state == "resolved"
    assert f"{count} waits for a review" in told[0] if resolved else f": {count} in review, the oldest" in told[0]


def test_what_is_counted_for_an_automatic_stop_is_named_and_who_counts() -> None:
    def count(snapshot: Snapshot) -> str:
        return next(line.strip() for line in lines(HealthPanel, snapshot, 100, 10) if "auto-stop" in line)

    critical = STATES["critical"]
    assert count(critical).startswith("auto-stop: 4 of 10 scheduled checks critical, next ")
    none = msgspec.structs.replace(critical, health=msgspec.structs.replace(critical.health, critical_in_a_row=0))
    assert count(none).startswith("auto-stop: 0 of 10 scheduled checks critical, next ")
    theirs = msgspec.structs.replace(none, lease=LeaseView(holder="maria", host="ops-2"))
    assert count(theirs).startswith("auto-stop: counted by the lease holder, next ")
    nobodys = msgspec.structs.replace(none, lease=LeaseView())
    assert count(nobodys).startswith("auto-stop: not counted without the lease, next ")
    down = msgspec.structs.replace(critical, lease=LeaseView(holder="maria", host="ops-2"))
    assert "4 of 10" in count(down)  # of a database that is down, whoever holds it


def test_where_there_is_no_room_for_reasons_there_are_their_names() -> None:
    assert lines(HealthPanel, WARNING, 44, 10)[-1] == "  auto-heal off"
    assert "VITE_AUTONOMOUS_MODE" in lines(HealthPanel, WARNING, 150, 10)[-1]


@pytest.mark.usefixtures("utc")
def test_an_event_of_another_day_has_its_date() -> None:
    *_, recent, old = lines(EventsPanel, WARNING, 60, 10)
    assert recent.startswith("02:12:27 ")
    assert old.startswith("02-27 20:10 ")


def test_what_follows_itself_is_one_event() -> None:
    first, *others = ACTIVE.events
    many = msgspec.structs.replace(ACTIVE, events=(first, first, first, *others))
    assert lines(EventsPanel, many, 100, 10)[0].rstrip().endswith("(×3)")
    assert len(lines(EventsPanel, many, 100, 10)) == len(ACTIVE.events)


def test_breakers_that_change_together_are_one_event_and_their_probes_are_none() -> None:
    def change(key: str, after: BreakerState, cause: BreakerCause, by: str = "") -> Event:
        what = BreakerChanged(key=key, before=BreakerState.CLOSED, after=after, cause=cause, why="no route", by=by)
        return Event.of(what, ACTIVE.at)

    probes = [change(f"db:{n}", BreakerState.HALF_OPEN, BreakerCause.DUE) for n in range(9)]
    probes += [change(f"db:{n}", BreakerState.OPEN, BreakerCause.PROBE_FAILED) for n in range(9)]
    opened = [change(f"db:{n}", BreakerState.OPEN, BreakerCause.FAILURES) for n in range(3)]
    held = change("db:9", BreakerState.HELD, BreakerCause.HELD, by="jana@bastion")
    shown = changed(ACTIVE, events=(*probes, held, held, *opened[:2], *probes, *opened[2:], *ACTIVE.events))
    told = [line[9:].strip() for line in lines(EventsPanel, shown, 100, 10)]
    assert told[0].endswith("breaker db:9 held: no route (×2)")  # what a person did twice is no two breakers
    assert told[1] == "watchdesk: 3 breakers open, the last one db:0: no route"
    assert len(told) == 2 + len(ACTIVE.events)


def test_failures_of_one_kind_are_one_line_within_ten_minutes_though_others_lie_between() -> None:
    def row(minutes: float, text: str) -> Event:
        at = ACTIVE.at - timedelta(minutes=minutes)
        return Event(at=at, who="agents", text=text, level=Level.WARNING, row=f"{minutes} {text}")

    between = Event(at=ACTIVE.at - timedelta(minutes=2), who="watchdog", text="heal: 1 changed")
    early = [row(1, "task failed: type check"), row(1.5, "patch failed: no access")]
    storm = [*early, between, row(3, "task failed: lint"), row(7, "task failed: lint"), row(12, "task failed: lint")]
    told = [line[9:].strip() for line in lines(EventsPanel, changed(ACTIVE, events=tuple(storm)), 100, 10)]
    assert told == [
        "agents: task failed (×3 in 6 min), the last one: type check",
        "agents: patch failed: no access",
        "watchdog: heal: 1 changed",
        "agents: task failed: lint",
    ]


def test_stuck_tasks_stand_first_then_what_is_over_failed_lately_runs_waits() -> None:
    states = [line.split("  ")[0] for line in lines(TasksPanel, WARNING, 100, 20)[3:]]
    assert states[:6] == ["STUCK", "STUCK", "STUCK", "in progress", "failed", "in progress"]
    assert states.index("awaiting review") < states.index("pending")
    assert states.index("pending") < states.index("completed")


def test_a_running_task_shows_how_much_of_its_estimate_is_used() -> None:
    over, within = (line for line in lines(TasksPanel, ACTIVE, 120, 20) if line.startswith("in progress"))
    assert "1.3x over" in over
    assert "▆▆▁▁▁▁▁▁" in within


@pytest.mark.parametrize("width", range(20, 200, 3))
def test_the_project_keeps_its_block_and_the_clock_stands_at_the_end(width: int) -> None:
    for snapshot in STATES.values():
        _, where, *_ = made(TopLine).lines(snapshot, width, 3)
        assert cell_len(plain(where)) <= width
        assert where[0][1] == "project"
        assert plain(where).rstrip().endswith(("◐", "◓"))


def test_what_was_never_read_is_not_called_last_known() -> None:
    assert STATES["blind"].link.word is LinkWord.BLIND
    assert "last known" not in lines(TopLine, STATES["blind"], 100, 3)[0]
    assert "last known" in lines(TopLine, STATES["stale"], 100, 3)[0]
    # that it is down is proven now
    assert "CRITICAL   OFFLINE" in lines(TopLine, STATES["offline"], 100, 3)[0]


@pytest.mark.usefixtures("utc")
def test_the_headline_says_since_when_as_far_as_that_was_seen() -> None:
    def first(name: str, width: int = 80, **more: object) -> str:
        return lines(TopLine, msgspec.structs.replace(STATES[name], **more), width, 3)[0]

    at = STATES["stopped"].at
    assert " STOPPED  since 03:04  LIVE  reason: agents delete" in first("stopped")
    assert " WARNING  since 02:48  LIVE  stuck tasks: 3 of 5 running" in first("warning")
    assert " WARNING  first seen 02:48  LIVE " in first("warning", state_change_seen=False)
    assert " WARNING  since 02-28 03:10  LIVE " in first("warning", state_since=at - timedelta(days=1))
    assert first("active", state_since=at, state_change_seen=True).endswith("2 in progress; well since 03:10")
    assert first("active", state_since=at).endswith("; well since before 03:10")
    assert "since" not in first("active", width=40, state_since=at)
    assert "since" not in first("warning", width=50)
    assert "well" not in first("stale", state_since=at)
    assert first("offline", state_since=at).count("since") == 1  # the link's
    assert "since" not in first("connecting", state_since=at)
