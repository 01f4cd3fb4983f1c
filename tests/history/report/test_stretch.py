"""The window of the incident around a moment that is shown of the past."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.domain.snapshot import State
from core.history.blackbox import BlackboxRules, Box, Recorder
from core.history.report import stretch
from tests.clock import FakeClock
from tests.history.blackbox.pictures import NOON, after, record
from tests.history.report.made import shot

NOW = NOON + after(20_000)
BAD = {"state": State.CRITICAL, "state_why": "no answer"}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Trouble from 1000 to 1500 with a pause, then from 9000 to 9100, in hours of calm; all seconds after noon."""
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON))
    bad = {*range(1000, 1200, 10), *range(1300, 1500, 10), *range(9000, 9100, 10)}
    record(recorder, [shot(at, **BAD) if at in bad else shot(at) for at in range(0, 12_000, 10)])
    recorder.close(NOON + after(12_000))
    return Box(tmp_path)


@pytest.mark.parametrize(
    ("at", "since", "until"),
    [
        (1000, 400, 1800),
        (1100, 400, 1800),
        (1250, 400, 1800),
        (1490, 400, 1800),
        (1510, 400, 1800),
        (700, 400, 1800),
        (9050, 8400, 9400),
        (5000, 1400, 8600),
        (19_000, 15_400, 20_000),
    ],
)
def test_it_is_the_incident_that_one_stands_in_or_an_hour_on_either_side(
    at: float, since: float, until: float, box: Box
) -> None:
    assert stretch(box, NOON + after(at), NOW) == (NOON + after(since), NOON + after(until))


def test_it_never_goes_beyond_now_and_a_box_without_anything_is_an_hour(box: Box, tmp_path: Path) -> None:
    now = NOON + after(9060)
    assert stretch(box, NOON + after(9050), now) == (NOON + after(8400), now)
    assert stretch(Box(tmp_path / "none"), NOON, NOW) == (NOON - timedelta(hours=1), NOON + timedelta(hours=1))


def test_it_has_nothing_of_the_incidents_beside_it_and_a_monitor_that_starts_is_none(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON))
    bad = {*range(300, 400, 10), *range(700, 800, 10), *range(1000, 1100, 10)}
    starts = shot(0, state=State.UNKNOWN, ready=False)
    record(recorder, [starts, *(shot(at, **BAD) if at in bad else shot(at) for at in range(10, 2000, 10))])
    box = Box(tmp_path)
    around = [(350, -300, 700), (750, 400, 1000), (1050, 800, 1400)]
    for at, since, until in around:
        assert stretch(box, NOON + after(at), NOW) == (NOON + after(since), NOON + after(until))
