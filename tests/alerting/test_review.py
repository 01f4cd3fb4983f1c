"""A task that waits for a person for more than an hour is an alert."""

from pathlib import Path

import pytest

from core.alerting.settings import AlertRules
from core.domain.snapshot import State
from core.domain.status import Truth
from tests.alerting.mail_server import Alarming
from tests.alerting.timeline import Lives
from tests.running import Running

WAITS = (
    "INSERT INTO autonomous_tasks (description, status, created_at)"
    " VALUES ('r', 'awaiting_review', now() - make_interval(mins => %s))"
)


@pytest.mark.parametrize(("waits_s", "fires"), [(3600.0, False), (3601.0, True)])
def test_more_than_an_hour_is_too_long(waits_s: float, fires: bool) -> None:
    lives = Lives()
    lives.minutes(2, in_review=3, review_waits_s=waits_s)
    assert (lives.stage("review_waits") == "firing") is fires
    lives.minutes(60, in_review=3, review_waits_s=waits_s)
    assert [phase for _, phase, _ in lives.told("review_waits")] == (["firing"] if fires else [])


def test_what_nobody_counted_is_unknown() -> None:
    lives = Lives()
    lives.minutes(3, in_review=None, review_waits_s=None)
    assert lives.alert("review_waits").truth is Truth.UNKNOWN


@pytest.mark.parametrize(("minutes", "fires"), [(59, False), (62, True)])
async def test_it_is_read_from_the_project(minutes: int, fires: bool, sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(WAITS, minutes)
    sandbox.sql(WAITS, 1)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, created_at) VALUES ('p', 'pending', '2020-01-01')")
    alarming = await Alarming(sandbox, tmp_path, AlertRules(), autonomous=False).begin()
    await alarming.minutes(2)
    found = [one for one in alarming.driven.monitor.snapshot.alerts if one.rule == "review_waits"]
    assert bool(found) is fires
    if fires:
        assert found[0].text.startswith("2 tasks in review, the oldest for over 1 h")
        assert alarming.driven.monitor.snapshot.state is State.WARNING
    sandbox.sql("UPDATE autonomous_tasks SET status = 'approved' WHERE status = 'awaiting_review'")
    await alarming.minutes(3)
    assert not [one for one in alarming.driven.monitor.snapshot.alerts if one.rule == "review_waits" and one.fires]
    await alarming.close()
