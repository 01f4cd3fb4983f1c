"""Breakers that are not closed are counted alike, as they stand now: by the check, the alert and the panel."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from core.alerting.settings import AlertRules
from core.checks.breakers import judge
from core.domain.monitor_process import BreakerView
from core.domain.status import Level
from core.monitor.snapshot_builder import compose
from core.resilience import BreakerRecord, BreakerState
from core.resilience.fault import Counts
from tests.actions.driving import Driven
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.tui.drawn import app_on
from tests.tui.well import ACTIVE, changed
from tui.cli.monitor_page import breaker_lines
from tui.lists.breakers import BreakerList
from tui.panels.connections import ConnectionsPanel, not_closed_role
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette

CLOSED, DUE, OPEN = BreakerState.CLOSED, BreakerState.DUE, BreakerState.OPEN


@pytest.mark.parametrize(
    ("states", "level", "text"),
    [
        ((), Level.OK, "all closed"),
        ((CLOSED, CLOSED), Level.OK, "all closed"),
        ((CLOSED, DUE), Level.OK, "db:1 due"),
        ((DUE, OPEN, CLOSED), Level.WARNING, "db:1 open and 1 more"),
        ((BreakerState.HALF_OPEN, DUE, DUE), Level.WARNING, "db:0 half-open and 2 more"),
    ],
)
def test_the_check_counts_all_that_are_not_closed(states: tuple[BreakerState, ...], level: Level, text: str) -> None:
    at = FakeClock().now()
    records = [
        BreakerRecord(key=f"db:{n}", component="db", state=state, failures=0, since=at)
        for n, state in enumerate(states)
    ]
    assert (judge(records).level, judge(records).text) == (level, text)


def test_what_is_merely_due_is_no_trouble_on_any_panel() -> None:
    at = FakeClock().now()
    record = BreakerRecord(key="db:fetch_trends", component="db", state=DUE, failures=5, since=at, last_error="503")
    others = tuple(BreakerRecord(key=f"db:{n}", component="db", state=CLOSED, failures=0, since=at) for n in range(9))
    panel = ConnectionsPanel(Signs(), palette("dark"))
    for records, role in (((record, *others), "text"), ((record, replace(record, state=OPEN)), "critical")):
        snapshot = changed(ACTIVE, breakers=records)
        assert not_closed_role(records) == role
        line = next(line for line in panel.lines(snapshot, 90, 5) if any("due" in text for text, _ in line))
        assert "db:fetch_trends" in plain(line)
        assert "its next call is the probe" in plain(line)
        assert {role for text, role in line if text.strip()} <= {"text", "dim"}
    assert judge((record, *others)).level is Level.OK


@ONE_SHAPE
async def test_check_alert_and_panel_say_the_same_at_every_moment(sandbox: Running, tmp_path: Path) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, alerts=AlertRules(breakers_s=0)).begin()
    breakers = [driven.parts.breakers.get(f"edge:probe_{n}") for n in range(3)]

    def counts() -> tuple[str, str, str]:
        driven.monitor._publish()
        snapshot = compose(driven.parts, driven.monitor._scheduler)
        check = next(one.text for one in snapshot.health.checks if one.name == "breakers")
        alert = next((one for one in snapshot.alerts if one.rule == "breakers" and one.subject == "edge"), None)
        panel = sum(one.state is not CLOSED for one in snapshot.breakers)
        said = "" if alert is None else alert.text.split(" blocked")[0] if not alert.well else "well"
        return check, said, f"{panel}"

    await driven.monitor.check_now()
    for breaker in breakers:
        for _ in range(5):
            breaker.report(breaker.admit(), Counts.FAILURE, why="refused")
    await driven.parts.alerts.evaluate()
    assert counts() == ("edge:probe_0 open and 2 more", "edge:probe_0 and 2 more", "3")
    breakers[0].reset("operator jana")
    assert counts()[::2] == ("edge:probe_1 open and 1 more", "2")
    driven.clock.advance(1)
    for breaker in breakers[1:]:
        breaker.reset("operator jana")
    assert counts() == ("all closed", "well", "0")
    await driven.monitor.close()


def test_the_list_and_the_command_say_what_a_breaker_that_is_due_waits_for() -> None:
    at = FakeClock().now()
    record = BreakerRecord(key="db:one", component="db", state=DUE, failures=5, since=at, last_error="503")
    listed, snapshot = BreakerList(app_on(ACTIVE)), changed(ACTIVE, breakers=(record,))
    assert any("its next call is the probe: 503" in str(cell) for cell in listed.rows(snapshot)[0].cells)
    details = listed.details(record.key, snapshot)
    assert details is not None
    assert "its next call is the probe" in details.text
    view = BreakerView(key="db:one", state=DUE, failures=5, since=at, last_error="503")
    assert breaker_lines(view, at)[1].strip() == "its next call is the probe; 503"
