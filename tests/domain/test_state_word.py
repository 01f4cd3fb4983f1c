"""The state word is never better than the worst that is read live, or than an alert that is not over."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.alert_view import AlertView
from core.domain.checks import Check
from core.domain.counts import SuccessRate, TaskCounts
from core.domain.low_success import LowSuccess
from core.domain.records import SystemConfig
from core.domain.snapshot import CALM, Degradation, Health, Link, LinkWord, Project, Snapshot, State, Tasks
from core.domain.state_word import as_readings_show, state_of
from core.domain.status import Level
from core.resilience import DegradationLevel
from core.resilience.reading import Reading, Source

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
RANK: Final = {
    **dict.fromkeys((State.STOPPED, State.UNKNOWN, State.CRITICAL), 2),
    **dict.fromkeys((State.DISABLED, State.WARNING), 1),
}
SEVERITY: Final = {"critical": 2, "high": 1, "medium": 1, "low": 0}
RULES: Final = (
    "emergency_stop",
    "database_down",
    "failure_rate_critical",
    "success_rate_critical",
    "degraded",
    "blind",
)


@st.composite
def alarms(draw: st.DrawFn) -> AlertView:
    state = draw(st.sampled_from(["pending", "firing", "acknowledged", "silenced", "hidden", "resolved"]))
    rule = draw(st.sampled_from(RULES))
    return AlertView(
        key=rule,
        rule=rule,
        subject=rule,
        severity=draw(st.sampled_from(sorted(SEVERITY))),
        state=state,
        title=rule,
        well=draw(st.booleans()),
        behind=draw(st.sampled_from([one for one in (*RULES, "disabled") if one != rule])) if state == "hidden" else "",
    )


snapshots = st.builds(
    lambda levels, config, word, alerts, counts, completed, stuck: Snapshot(
        at=NOW,
        project=Project(name="p", url="u", user="x"),
        link=Link(word=word, why="refused"),
        config=Reading(value=config, source=Source.LIVE, at=NOW),
        health=Health(checks=tuple(Check(name=f"c{n}", level=level) for n, level in enumerate(levels))),
        alerts=tuple(alerts),
        tasks=Tasks(
            counts=Reading(value=TaskCounts(counts), source=Source.LIVE, at=NOW),
            last_completed_at=Reading(value=completed, source=Source.LIVE, at=NOW),
            stuck=tuple(stuck),
        ),
        degradation=Degradation(level=DegradationLevel.NORMAL),
    ),
    st.lists(st.sampled_from(list(Level)), max_size=6),
    st.builds(SystemConfig, enabled=st.booleans(), emergency_stop=st.booleans()),
    st.sampled_from(list(LinkWord)),
    st.lists(alarms(), max_size=4, unique_by=lambda one: one.rule),
    st.dictionaries(st.sampled_from(["pending", "in_progress", "awaiting_review"]), st.integers(0, 3)),
    st.sampled_from([None, NOW - timedelta(minutes=5)]),
    st.sampled_from([(), ("t1",), ("t1", "t2")]),
)


def by_config(rule: str) -> bool:
    """Whether the config row says so itself, newer than any alert."""
    return rule == "emergency_stop"


def so(snapshot: Snapshot, rule: str) -> bool:
    """Whether what an alert may hide behind is so now."""
    config = snapshot.config.value
    assert config is not None
    if rule == "disabled":
        return not config.enabled
    if by_config(rule):
        return config.emergency_stop
    return any(one.rule == rule and one.state in FIRES and not one.well for one in snapshot.alerts)


FIRES: Final = {"firing", "acknowledged", "silenced"}


@given(snapshots)
def test_the_word_is_never_better_than_what_is_wrong(snapshot: Snapshot) -> None:
    word, why = state_of(snapshot, blind_for_s=None)
    rank = RANK.get(word, 0)
    worst = max((2 if check.level is Level.CRITICAL else 1 for check in snapshot.health.checks if check.level
                 in {Level.CRITICAL, Level.WARNING}), default=0)  # fmt: skip
    if snapshot.link.word is LinkWord.OFFLINE:
        worst = 2
    if snapshot.tasks.stuck:
        worst = max(worst, 1)
    assert rank >= worst, (word, why)
    for alarm in snapshot.alerts:
        if by_config(alarm.rule):
            continue
        bad = SEVERITY[alarm.severity]
        if alarm.state in FIRES and not alarm.well:
            assert rank >= bad, (word, alarm)
        if alarm.state in FIRES and alarm.well:
            assert rank >= min(bad, 1), (word, alarm)
        if alarm.state == "hidden" and not alarm.well and not so(snapshot, alarm.behind):
            assert rank >= bad, (word, alarm)


@given(snapshots)
def test_nothing_wrong_is_never_said_to_be(snapshot: Snapshot) -> None:
    fine = msgspec.structs.replace(
        snapshot,
        health=Health(),
        tasks=msgspec.structs.replace(snapshot.tasks, stuck=()),
        link=Link(word=LinkWord.LIVE),
        alerts=(),
        config=Reading(value=SystemConfig(), at=NOW),
    )
    assert RANK.get(state_of(fine, blind_for_s=None)[0], 0) == 0


@given(snapshots)
def test_what_is_named_is_the_worst(snapshot: Snapshot) -> None:
    """Among what makes it a warning, no check of a lesser kind is named before an alert that should be seen soon."""
    word, why = state_of(snapshot, blind_for_s=None)
    high = [one.rule for one in snapshot.alerts if one.severity == "high" and one.state in FIRES and not one.well]
    if word is State.WARNING and any(not by_config(rule) for rule in high):
        assert any(one in why for one in high) or "stuck" in why or "most" in why, why


@pytest.mark.parametrize("name", ["activity", "breakers", "edge_function", "stuck_tasks", "failure_rate"])
def test_a_check_is_named_before_an_alert_of_its_own_kind_alone(name: str) -> None:
    check = Check(name=name, level=Level.WARNING, text="so it is")
    alert = AlertView(key="x", rule="x", subject="", severity="high", state="firing", title="worse")
    quiet = Snapshot(
        at=NOW,
        project=Project(name="p", url="u", user="x"),
        config=Reading(value=SystemConfig(), source=Source.LIVE, at=NOW),
        tasks=Tasks(counts=Reading(value=TaskCounts({}), source=Source.LIVE, at=NOW)),
        health=Health(checks=(check,)),
        degradation=Degradation(level=DegradationLevel.NORMAL),
    )
    said = state_of(msgspec.structs.replace(quiet, alerts=(alert,)), blind_for_s=None)[1]
    assert (said == "worse") == (name in {"activity", "breakers", "edge_function"})
    low = msgspec.structs.replace(alert, severity="medium")
    beside = state_of(msgspec.structs.replace(quiet, alerts=(low,)), blind_for_s=None)[1]
    assert (beside == "worse") == (name == "activity")


@given(snapshots, st.sampled_from(["critical", "high", "medium", "low"]))
def test_an_alert_that_is_pending_makes_a_warning_at_least(snapshot: Snapshot, severity: str) -> None:
    pending = AlertView(key="x", rule="success", subject="", severity=severity, state="pending", title="success is low")
    state, _ = state_of(msgspec.structs.replace(snapshot, alerts=(pending,)), blind_for_s=None)
    assert severity == "low" or state not in CALM


@given(st.lists(alarms()), st.booleans(), st.sampled_from(LinkWord))
def test_an_alert_resolves_as_newer_readings_show(alerts: list[AlertView], stopped: bool, link: LinkWord) -> None:
    config = Reading(value=SystemConfig(emergency_stop=stopped), source=Source.LIVE, at=NOW)
    so = {"config_rows": False, "emergency_stop": stopped}
    so |= {LinkWord.LIVE: {"database_down": False}, LinkWord.OFFLINE: {"database_down": True}}.get(link, {})
    for before, after in zip(alerts, as_readings_show(alerts, config, link), strict=True):
        known = before.fires and before.rule in so
        assert after == (msgspec.structs.replace(before, well=not so[before.rule]) if known else before)
    assert as_readings_show(alerts, Reading(), LinkWord.STALE) == tuple(alerts)


@given(st.integers(0, 400), st.integers(0, 400), st.sampled_from([Source.LIVE, Source.CACHED]), st.booleans())
def test_no_green_word_over_a_live_success_rate_below_its_target(
    completed: int, failed: int, source: Source, enabled: bool
) -> None:
    rate = SuccessRate(completed=completed, failed=failed, window=timedelta(days=1))
    counts = Reading(value=TaskCounts({"in_progress": 1}), source=Source.LIVE, at=NOW)
    snapshot = Snapshot(
        at=NOW,
        project=Project(name="p", url="u", user="x"),
        link=Link(word=LinkWord.LIVE),
        config=Reading(value=SystemConfig(enabled=enabled), source=Source.LIVE, at=NOW),
        tasks=Tasks(counts=counts, success_24h=Reading(value=rate, source=source, at=NOW)),
        degradation=Degradation(level=DegradationLevel.NORMAL),
    )
    word, why = state_of(snapshot, blind_for_s=None)
    low = source is Source.LIVE and completed + failed >= 5 and completed / (completed + failed) < 0.95
    assert word is (State.DISABLED if not enabled else State.WARNING if low else State.ACTIVE)
    if word is State.WARNING:
        assert why == "success rate is below its target"
    snapshot = msgspec.structs.replace(snapshot, low_success=LowSuccess(0.0))
    assert state_of(snapshot, blind_for_s=None)[0] is not State.WARNING
