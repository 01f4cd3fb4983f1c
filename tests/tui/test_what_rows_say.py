"""What stands in the rows of lists: each thing under its own heading, an error first, no row that says nothing."""

from datetime import timedelta

import msgspec
import pytest

from core.domain.alert_view import AlertView
from core.domain.records import LogEntry, Task
from core.domain.snapshot import Snapshot
from core.resilience.reading import Reading, Source
from tests.tui.drawn import app_on, settled, text_of
from tests.tui.pictures import WARNING
from tests.tui.rows import AT, RECORDS, name_of
from tests.tui.well import ACTIVE, changed, tasks_of


def alert(number: int, **more: str) -> AlertView:
    given = {"severity": "high", "state": "firing", "title": f"alert {number}"} | more
    return AlertView(key=f"{number}", rule="x", subject="", began_at=ACTIVE.at, **given)  # type: ignore[arg-type]


async def alerts_of(*alerts: AlertView, size: tuple[int, int]) -> list[str]:
    app = app_on(changed(ACTIVE, alerts=alerts))
    async with app.run_test(size=size) as pilot:
        await app.visit("alerts")
        drawn = text_of(await settled(pilot))
        return [line.rstrip() for line in drawn.splitlines()[3:]]


LONG = "breakers are held open: " + "rpc:lease held, " * 6
FOLLOWS = "follows from: success rate is low"


async def test_columns_in_which_nothing_stands_give_their_room_to_the_text() -> None:
    lines = await alerts_of(alert(1, text=LONG), size=(140, 40))
    head = next(line for line in lines if "severity" in line)
    assert "acknowledged" not in head
    assert "not sent" not in head
    assert "sent" not in head
    assert len(next(line for line in lines if "alert 1" in line)) >= 138


async def test_who_acknowledged_or_why_nobody_was_told_stands_under_a_heading_that_says_both() -> None:
    acked, muted = alert(1, acked="operator jana@bastion"), alert(2, state="hidden", muted=FOLLOWS)
    lines = await alerts_of(acked, muted, size=(200, 50))
    head = next(line for line in lines if "severity" in line)
    one, two = (next(line for line in lines if f"alert {number}" in line) for number in (1, 2))
    heading = head.index("acknowledged by, or not sent because")
    assert one.index("operator jana@bastion") == two.index(FOLLOWS) == heading


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_text_keeps_its_room_and_the_reason_gives_way(size: tuple[int, int]) -> None:
    lines = await alerts_of(alert(1, text=LONG, acked="operator jana@bastion"), alert(2, muted=FOLLOWS), size=size)
    head = next(line for line in lines if "severity" in line)
    assert ("acknowledged by, or" in head) is (size[0] > 100)
    assert sum(LONG[:30] in line for line in lines) == 1


def failed(error: str) -> Task:
    return Task(
        id="a", task_type="bug_fix", description="Rewrite the importer", status="failed", error=error, completed_at=AT
    )


def test_of_a_failed_task_the_error_comes_first() -> None:
    assert failed("SMTP 550").told == "SMTP 550 (Rewrite the importer)"
    assert failed("").told == "Rewrite the importer"
    assert msgspec.structs.replace(failed("x"), status="pending").told == "Rewrite the importer (x)"


def with_task(snapshot: Snapshot) -> Snapshot:
    task = Task(id="t1", task_type="bug_fix", description="Round the fare only once", status="completed")
    newest = Reading(value=(task,), source=Source.LIVE, at=snapshot.at)
    return changed(snapshot, tasks=tasks_of(snapshot, newest=newest))


async def test_no_row_of_the_log_says_nothing() -> None:
    def row(number: int, step: str, status: str, **more: object) -> LogEntry:
        at = AT - timedelta(minutes=number)
        return LogEntry(id=f"{number}", at=at, step=step, status=status, **more)  # type: ignore[arg-type]

    logs = (
        row(1, "task_completed", "completed", task_id="t1", duration_ms=38_702),
        row(2, "task_completed", "completed", task_id="gone", duration_ms=38_702),
        row(3, "patch", "started"),
        row(4, "task_failed", "failed", summary="SMTP 550"),
    )
    app = app_on(with_task(WARNING), msgspec.structs.replace(RECORDS, logs=logs))
    async with app.run_test(size=(140, 40)) as pilot:
        await app.visit("logs")
        lines = text_of(await settled(pilot)).splitlines()
        at = next(line for line in lines if "what it says" in line).index("what it says")
        said = [line[at : at + 60].rstrip() for line in lines if line[:9].strip() in {"completed", "started", "failed"}]
    assert [one.split("   ")[0] for one in said] == [
        "bug_fix: Round the fare only once",
        "task completed in 39 s",
        "patch started",
        "SMTP 550",
    ]


def waits(number: int) -> Task:
    return Task(
        id=name_of(number),
        task_type="bug_fix",
        description=f"Drop column {number} " + "that nobody reads " * 8,
        status="awaiting_review",
        risk_level="high",
        created_at=AT - timedelta(minutes=9 - number),
    )


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (60, 15)])
async def test_the_inbox_shows_below_the_rows_what_the_selected_one_is_about(size: tuple[int, int]) -> None:
    inbox = (waits(1), waits(2))
    app = app_on(WARNING, msgspec.structs.replace(RECORDS, tasks=inbox))
    async with app.run_test(size=size) as pilot:
        await app.visit("inbox")
        below = text_of(await settled(pilot)).partition("Selected")[2]
        if size[1] < 20:
            assert not below
            return
        assert " ".join(inbox[1].description.split()) in " ".join(below.split())
        assert "risk high" in below
        assert "safety check" in below
        await pilot.press("j")
        below = text_of(await settled(pilot)).partition("Selected")[2]
        assert "Drop column 1" in below
