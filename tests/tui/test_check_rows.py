"""No row of a check is drawn better than an alert about what it measures; the counts agree with the signs."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final, cast

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.alerting.rules import rules
from core.alerting.settings import AlertRules
from core.checks import NAMES
from core.domain.alert_view import AlertView
from core.domain.alerts import Severity
from core.domain.check_rows import MEASURED_BY, check_rows
from core.domain.checks import Check
from core.domain.counts import SuccessRate
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.status import Level
from core.resilience.reading import Reading, Source
from tests.tui.well import ACTIVE, AT, check, looked
from tui.cli.status_page import as_json, page
from tui.lists import CheckList
from tui.panels import HealthPanel
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette

SIGNS: Final = Signs()
LIST: Final = CheckList(cast(Any, SimpleNamespace(appearance=SimpleNamespace(signs=SIGNS))))
RANK: Final = {Level.OK: 0, Level.UNKNOWN: 0, Level.WARNING: 1, Level.CRITICAL: 2}
RANK_OF_SIGN: Final = {SIGNS.ok: 0, SIGNS.unknown: 0, SIGNS.warning: 1, SIGNS.critical: 2}
RULES: Final = rules(AlertRules())
STATES: Final = ("pending", "firing", "acknowledged", "silenced", "hidden", "resolved")


@st.composite
def alerts(draw: st.DrawFn) -> AlertView:
    rule = draw(st.sampled_from(RULES))
    return AlertView(
        key=f"{rule.name}:{rule.subject}",
        rule=rule.name,
        subject=rule.subject,
        severity=draw(st.sampled_from(Severity)).value,
        state=draw(st.sampled_from(STATES)),
        title=rule.title,
        well=draw(st.booleans()),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    texts = st.text("abc 1%", max_size=60)
    checks = tuple(
        Check(name=name, level=draw(st.sampled_from(Level)), text=draw(texts), at=AT, took_s=draw(st.floats(0, 9)))
        for name in NAMES
    )
    return msgspec.structs.replace(
        ACTIVE,
        health=msgspec.structs.replace(ACTIVE.health, checks=checks),
        alerts=tuple(draw(st.lists(alerts(), max_size=4, unique_by=lambda one: one.key))),
    )


def test_a_success_rate_below_its_target_is_no_green_failure_rate_whatever_became_of_its_alert() -> None:
    low = Reading(value=SuccessRate(90, 10, timedelta(hours=24)), source=Source.LIVE, at=AT)
    found = msgspec.structs.replace(ACTIVE, tasks=msgspec.structs.replace(ACTIVE.tasks, success_24h=low), alerts=())
    for width, height in ((80, 24), (55, 9)):
        assert drawn(found, width, height)["failure_rate"] == 1
    row = next(one for one in check_rows(found) if one.check.name == "failure_rate")
    assert (row.level, row.why) == (Level.WARNING, "target ≤ 5 %")


def at_least(snapshot: Snapshot, name: str) -> int:
    """How bad a check's row has to look."""
    found = [RANK[next(one.level for one in snapshot.health.checks if one.name == name)]]
    for alert in snapshot.alerts:
        if MEASURED_BY.get(alert.rule) == name and alert.fires:
            bad = RANK[Severity(alert.severity).level]
            found.append(min(bad, 1) if alert.well else bad)
    return max(found)


def drawn(snapshot: Snapshot, width: int, height: int) -> dict[str, int]:
    """How bad the rows of the panel look, by the check; two of them may stand in one line."""
    found = dict[str, int]()
    for line in HealthPanel(SIGNS, palette("dark")).lines(snapshot, width, height):
        for n, (sign, role) in enumerate(line[:-1]):
            name = line[n + 1][0].strip().replace(" ", "_")
            if name in NAMES and sign.strip() in RANK_OF_SIGN:
                found[name] = RANK_OF_SIGN[sign.strip()]
                assert RANK_OF_SIGN[sign.strip()] == 0 or role in {"warning", "critical"}
    return found


@given(snapshots(), st.integers(20, 220), st.integers(1, 30))
def test_no_row_is_better_than_an_alert_about_the_same(snapshot: Snapshot, width: int, height: int) -> None:
    rows = drawn(snapshot, width, height)
    assert rows
    for name, rank in rows.items():
        assert rank >= at_least(snapshot, name), name
    if len(rows) < len(NAMES):  # those left out are no worse
        left_out = [at_least(snapshot, name) for name in NAMES if name not in rows]
        assert max(left_out) <= min(rows.values()) or not left_out
    listed = {row.key: RANK_OF_SIGN[str(row.cells[0][0])] for row in LIST.rows(snapshot)}
    assert all(listed[name] >= at_least(snapshot, name) for name in NAMES)
    for line in page(snapshot).splitlines():
        name = line[12:26].strip().replace(" ", "_")
        if line.startswith("  ") and name in NAMES:
            assert RANK[Level(line[2:12].strip().lower())] >= at_least(snapshot, name)


@given(snapshots())
def test_the_title_counts_the_signs_below_it(snapshot: Snapshot) -> None:
    panel = HealthPanel(SIGNS, palette("dark"))
    fine = [line for line in panel.lines(snapshot, 200, 20)[: len(NAMES)] if line[0][0].strip() == SIGNS.ok]
    assert f"{len(fine)} of {len(NAMES)} ok" in plain(panel.title(snapshot))


@given(snapshots())
def test_the_verdict_itself_stays_what_the_check_found(snapshot: Snapshot) -> None:
    told = {one["name"]: (one["verdict"], one["text"]) for one in as_json(snapshot)["checks"]}
    assert told == {one.name: (one.level, one.text) for one in snapshot.health.checks}


def test_every_rule_that_goes_by_a_check_is_shown_at_it() -> None:
    assert set(MEASURED_BY) <= {rule.name for rule in RULES}
    assert set(MEASURED_BY.values()) <= set(NAMES)
    beside = {rule.name for rule in RULES} - set(MEASURED_BY)
    assert beside == {
        *("emergency_stop", "config_rows", "healing_braked", "blind", "degraded", "fighting", "simulated_work"),
        *("review_waits", "health_rows", "set_aside", "clock_skew", "dry_run_on"),
    }  # a new rule: is what it is about what a check measures?


def test_a_row_says_why_it_is_worse_than_its_verdict_where_that_fits() -> None:
    rate = check("failure_rate", "49.7 % of 386 failed in 24 h", 0.05)
    low = AlertView(
        key="low", rule="success_rate_critical", subject="", severity="critical", state="acknowledged", title="rate low"
    )
    snapshot = msgspec.structs.replace(ACTIVE, health=looked(ACTIVE, rate), alerts=(low,))

    def row(width: int, of: Snapshot = snapshot) -> str:
        lines = map(plain, HealthPanel(SIGNS, palette("dark")).lines(of, width, 20))
        return next(line.rstrip() for line in lines if "failure rate" in line)

    assert row(75) == "✖ failure rate     50 ms 49.7 % of 386 failed in 24 h; alert: rate low"
    assert row(55) == "✖ failure rate     50 ms 49.7 % of 386 failed in 24 h"
    database = check("database", "answers", 0.05)
    down = msgspec.structs.replace(low, rule="database_down", title="database down")
    both = msgspec.structs.replace(ACTIVE, health=looked(ACTIVE, database), alerts=(down,))
    lines = map(plain, HealthPanel(SIGNS, palette("dark")).lines(both, 45, 20))
    assert (
        next(line.rstrip() for line in lines if "database" in line) == "✖ database         50 ms alert: database down"
    )
    over = msgspec.structs.replace(low, state="firing", well=True)
    assert row(75, msgspec.structs.replace(snapshot, alerts=(over,))).endswith("in 24 h; resolving: rate low")
    assert row(75, msgspec.structs.replace(snapshot, alerts=(over,))).startswith("▲")
    cached = msgspec.structs.replace(snapshot, link=msgspec.structs.replace(snapshot.link, word=LinkWord.STALE))
    assert row(60, cached).startswith("✖")
