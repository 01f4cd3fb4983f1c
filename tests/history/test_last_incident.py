"""The newest incident, and whether there being none was seen or only not looked at."""

from datetime import timedelta

from core.domain.incidents import LastIncident
from core.domain.periods import HISTORY_KEPT
from core.history.last_incident import last_incident
from tests.history.test_kpis import CRITICAL, DOWN, START, UP, at, spans


def test_the_newest_counts_and_how_bad_it_was() -> None:
    told = spans(
        (UP, 0, 600), (DOWN, 600, 700), (UP, 700, 900), (CRITICAL, 900, 950), (DOWN, 950, 960), (UP, 960, 1000)
    )
    known = last_incident(told, at(1000))
    assert known.incident is not None
    assert (known.incident.began, known.incident.ended, known.incident.down) == (at(900), at(960), True)
    critical = last_incident(told[:4], at(950)).incident
    assert critical is not None
    assert (critical.ended, critical.down) == (None, False)
    assert known.seen_s == 1000


def test_none_is_covered_only_where_nearly_all_of_thirty_days_was_seen() -> None:
    month = HISTORY_KEPT.total_seconds()
    assert last_incident((), START) == LastIncident()
    assert not last_incident(spans((UP, 0.2 * month, month)), at(month)).covered
    assert last_incident(spans((UP, 0.05 * month, month)), at(month)).covered


def test_what_ended_more_than_thirty_days_ago_is_not_told() -> None:
    now = START + HISTORY_KEPT + timedelta(days=1)
    assert last_incident(spans((DOWN, 0, 600), (UP, 600, 900)), now).incident is None
