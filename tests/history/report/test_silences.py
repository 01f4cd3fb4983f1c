"""Silences in a report: which held, for how long, by whom and why; and that one was the reason for no message."""

from datetime import UTC, timedelta
from typing import Any

from core.alerting.silences import in_snapshot
from core.domain.alerts import Silence
from core.domain.maintenance import WeeklyWindow
from core.domain.snapshot import Snapshot, State, Telling
from core.history.report import markdown
from tests.history.blackbox.pictures import NOON, after
from tests.history.report.made import SAM, look, of, shot
from tests.history.report.test_alerts import alarm

NIGHTLY = Silence(
    id="w1",
    matcher="*",
    reason="backup | [x](http://evil.example)",
    who=SAM,
    at=NOON - timedelta(days=9),
    until=NOON - timedelta(days=9),
    window=WeeklyWindow(text="daily 12:01-12:05", zone="UTC"),
)


def seen(seconds: float, *silences: Silence, **more: Any) -> Snapshot:
    holding, planned = in_snapshot(silences, NOON + after(seconds))
    return shot(seconds, telling=Telling(contacts=1, silences=holding, planned=planned), **more)


def trouble(seconds: float, *silences: Silence) -> Snapshot:
    return seen(seconds, *silences, state=State.CRITICAL, alerts=alarm("silenced", muted="silenced"))


def test_an_incident_within_a_window_says_so_and_nobody_was_told_because_of_it() -> None:
    report = of(seen(0, NIGHTLY), trouble(90, NIGHTLY), seen(200, NIGHTLY), seen(310, NIGHTLY))
    (course,) = report.silences
    assert (course.since, course.until) == (NOON + after(60), NOON + after(300))
    page = markdown(report, zone=UTC)
    assert "- **Silenced:** `*` from 12:01:00 to 12:05:00 (daily 12:01-12:05 UTC), by `operator sam@bastion-2`" in page
    assert "no message is recorded: \\* was silenced (daily 12:01-12:05 UTC) by operator sam@bastion-2: backup" in page
    assert "## Silences" in page
    assert " [x](http" not in page
    assert page.index("## Alerts") < page.index("## Silences")


def test_a_window_that_was_ended_lasted_until_then_and_each_window_is_one() -> None:
    ended = of(seen(0, NIGHTLY), seen(90, NIGHTLY), seen(150), seen(200))
    assert [(one.since, one.until) for one in ended.silences] == [(NOON + after(60), NOON + after(150))]
    long, looks = 2 * 86_400, (look(0, 2 * 86_400),)
    many = of(seen(90, NIGHTLY), seen(400, NIGHTLY), seen(86_490, NIGHTLY), until=long, looks=looks)
    assert [one.since for one in many.silences] == [NOON + after(60), NOON + after(86_460)]


def test_one_that_covers_no_alert_of_it_is_not_the_reason_and_one_of_another_time_is_not_said_of_it() -> None:
    other = Silence(id="s", matcher="slow", reason="r", who=SAM, at=NOON, until=NOON + after(600))
    page = markdown(of(seen(0, other), trouble(90, other), seen(200, other)), zone=UTC)
    assert "no message is recorded |" in page
    assert "**Silenced:** `slow`" in page
    late = Silence(id="s", matcher="*", reason="r", who=SAM, at=NOON + after(400), until=NOON + after(600))
    page = markdown(of(seen(0), trouble(90), seen(200), seen(450, late)), zone=UTC)
    assert "**Silenced:**" not in page
    assert "## Silences" in page


def test_a_report_without_silences_says_nothing_of_them() -> None:
    assert "Silence" not in markdown(of(shot(0), shot(90)), zone=UTC)


def test_one_of_an_alert_is_called_by_its_title() -> None:
    key = "success_rate_medium:success rate"
    one = Silence(id="s", matcher=key, reason="r", who=SAM, at=NOON, until=NOON + after(600))
    alerts = alarm("silenced", muted="silenced", key=key)
    page = markdown(of(seen(0, one), seen(90, one, state=State.CRITICAL, alerts=alerts), seen(200, one)), zone=UTC)
    assert '**Silenced:** "success rate is below its target" from 12:00:00' in page
    assert (
        'no message is recorded: "success rate is below its target" was silenced by operator sam@bastion-2: r' in page
    )
    assert '| "success rate is below its target" | 12:00:00 |' in page
    assert key not in page
