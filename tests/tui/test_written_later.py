"""A row that could not be written when it happened: it is told by when that was, and says when it was written."""

from datetime import timedelta

import msgspec
import pytest

from core.domain.events import event_of
from core.domain.records import AlertNews, LogEntry
from core.history.report import RecordedWindow, compose, markdown
from core.history.trend_events import of_rows
from core.resilience.reading import Reading, Source
from tests.tui.drawn import app_on, settled, text_of
from tests.tui.rows import RECORDS
from tests.tui.well import ACTIVE, changed

WRITTEN = ACTIVE.at - timedelta(minutes=1)
HAPPENED = WRITTEN - timedelta(minutes=20)
ACKED = LogEntry(
    id="7",
    at=WRITTEN,
    step="watchdog_healing",
    status="completed",
    order="acknowledge",
    actor="operator sam@bastion-2",
    run="r7",
    summary="database down: acknowledged by sam",
    late_s=1200,
)
FIRED = msgspec.structs.replace(
    ACKED,
    id="8",
    step="watchdog_alert_warning",
    status="started",
    order="",
    run="r8",
    actor="watchdog sam@bastion-2",
    summary="firing: database down: refused",
    alert=AlertNews("database_down", "firing"),
)


@pytest.mark.parametrize("name", ["trail", "logs", "events"])
async def test_a_list_shows_its_age_and_when_it_was_written(name: str) -> None:
    logs = Reading(value=(ACKED,), source=Source.LIVE, at=ACTIVE.at)
    event = event_of(ACKED)
    assert event is not None
    app = app_on(changed(ACTIVE, logs=logs, events=(event,)), msgspec.structs.replace(RECORDS, logs=(ACKED,)))
    async with app.run_test(size=(140, 40)) as pilot:
        await app.visit(name)
        drawn = text_of(await settled(pilot))
    (line,) = [line for line in drawn.splitlines() if "acknowledged by sam" in line]
    assert "20 min" in line
    assert f"(written {WRITTEN.astimezone():%H:%M:%S})" in line


async def test_the_panel_of_events_shows_both() -> None:
    event = event_of(ACKED)
    assert event is not None
    app = app_on(changed(ACTIVE, events=(event,)))
    async with app.run_test(size=(200, 50)) as pilot:
        drawn = text_of(await settled(pilot))
    assert f"{HAPPENED.astimezone():%H:%M:%S}" in drawn
    assert f"(written {WRITTEN.astimezone():%H:%M:%S})" in " ".join(drawn.split())


def test_a_report_has_it_in_its_place_and_the_trends_as_well() -> None:
    since, until = HAPPENED - timedelta(minutes=10), ACTIVE.at
    found = RecordedWindow((), rows=(ACKED, FIRED))
    report = compose(found, since=since, until=until, made_at=until, host="watch-1")
    assert {one.at for one in report.timeline if one.who} == {HAPPENED}
    assert [one.fired_at for one in report.alerts] == [HAPPENED]
    written = f"(written {WRITTEN:%H:%M:%S})"
    done = markdown(report, zone=WRITTEN.tzinfo).partition("## What was done")[2]
    assert f"database down: acknowledged by sam {written} |" in done.partition("##")[0]
    assert [one.at for one in of_rows((FIRED,))] == [HAPPENED]
