"""One rule, one row, one message that fails unforeseen: that one, and alerting goes on."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.actions.silence import END_SILENCE
from core.alerting.outbox import OutgoingMessage
from core.alerting.settings import AlertRules
from core.alerting.sync import heard
from core.backend.answers import answer_fault
from core.backend.faults import Failed, Trace
from core.domain.alerts import Ack, Severity, Silence
from core.resilience.fault import Fault
from tests.alerting.mail_server import ANNA, Alarming, Mailbox, Server, Sparing, stop
from tests.alerting.timeline import Lives
from tests.running import ONE_SHAPE, Running

NAIVE = "2026-01-01T00:00:00"


def broken(*_: Any, **__: Any) -> Any:
    raise OverflowError("nobody foresaw this")


def spoilt(lives: Lives, name: str) -> None:
    """Let the rule of that name fail."""
    lives.state_machine._rules = tuple(
        msgspec.structs.replace(rule, judge=broken) if rule.name == name else rule
        for rule in lives.state_machine._rules
    )


@pytest.mark.parametrize("name", sorted({rule.name for rule in Lives().rules}))
def test_a_rule_that_fails_unforeseen_is_frozen_and_the_others_are_judged(name: str) -> None:
    lives = Lives()
    spoilt(lives, name)
    lives.minutes(3, stopped=True, braked="so much is stuck")
    firing = {alert.rule for alert in lives.state_machine.alerts.values() if alert.firing}
    assert firing == {"emergency_stop", "healing_braked"} - {name}


def test_a_firing_alert_whose_rule_fails_unforeseen_neither_resolves_nor_is_it_forgotten() -> None:
    lives = Lives()
    lives.minutes(2, stopped=True)
    spoilt(lives, "emergency_stop")
    lives.minutes(30)
    assert lives.stage("emergency_stop") == "firing"
    assert lives.alert("emergency_stop").truth.value == "unknown"


def _row(**more: Any) -> dict[str, Any]:
    told = {
        "alert": "stuck_tasks",
        "subject": "stuck_tasks",
        "episode": "e",
        "phase": "firing",
        "severity": "high",
        "at": "2026-03-01T03:00:00Z",
    }
    return told | more


NOW = datetime(2026, 3, 1, 3, 5, tzinfo=UTC)


def _heard_at(at: str) -> list[datetime | None]:
    found = heard([_row(at=at)], Lives().rules, NOW)
    return [alert.fired_at for alert in found.alerts]


def test_a_naive_time_is_read_as_utc() -> None:
    assert _heard_at("2026-03-01T03:00:00") == [datetime(2026, 3, 1, 3, 0, tzinfo=UTC)]


def test_a_time_of_the_next_ten_minutes_counts_as_now_and_a_later_one_is_left_out() -> None:
    assert _heard_at("2026-03-01T03:14:00Z") == [NOW]
    assert _heard_at("2026-03-01T03:16:00Z") == []
    assert _heard_at("9999-12-31T23:59:59-12:00") == []


def test_a_time_more_than_two_years_ago_is_left_out() -> None:
    assert _heard_at("2024-03-02T00:00:00Z") != []
    assert _heard_at("2024-02-01T00:00:00Z") == []
    assert _heard_at("0001-01-01T00:00:00+14:00") == []


@pytest.mark.parametrize("column", ["began_at", "fired_at"])
@pytest.mark.parametrize("value", [NAIVE, "0001-01-01T00:00:00", "9999-12-31T00:00:00Z"])
def test_every_time_of_an_alert_row_is_bounded(column: str, value: str) -> None:
    found = heard([_row(**{column: value}), _row(alert="health_rows", subject="health_rows")], Lives().rules, NOW)
    assert "health_rows" in {alert.rule for alert in found.alerts}
    for alert in found.alerts:
        times = [at for at in (alert.began_at, alert.fired_at) if at is not None]
        assert all(at.tzinfo is not None and timedelta(0) <= NOW - at < timedelta(days=731) for at in times)


def test_absurd_counts_and_endless_names_are_bounded() -> None:
    rows = [_row(messages=2**62, told=2**62), _row(episode="e" * 500, alert="health_rows", subject="health_rows")]
    (alert,) = heard(rows, Lives().rules, NOW).alerts
    assert alert.rule == "stuck_tasks"
    assert (alert.told, alert.messages) == (100, 10_000)


def _order(order: str, **plan: Any) -> dict[str, Any]:
    return {"order": order, "plan": {"id": "i", "who": "w", "at": NAIVE, **plan}}


def test_a_naive_acknowledgement_and_a_naive_silence_are_utc() -> None:
    rows = [
        _order("acknowledge", episode="x", severity="high"),
        _order("silence", matcher="x", reason="r", until="2026-03-01T04:00:00"),
    ]
    found = heard(rows, Lives().rules, NOW)
    assert [ack.at for ack in found.acks] == [datetime(2026, 1, 1, tzinfo=UTC)]
    assert [one.until for one in found.silences] == [datetime(2026, 1, 8, tzinfo=UTC)]


ABSURD: dict[str, dict[str, Any]] = {
    "no plan": {"order": "silence", "plan": None},
    "a silence that never ends": _order(
        "silence", matcher="*", reason="r", at=datetime.now(UTC).isoformat(), until="9999-12-31T00:00:00-12:00"
    ),
    "one taken back in the year 9999": _order(
        "silence", matcher="*", reason="r", at=NOW.isoformat(), until=NOW.isoformat(), ended_at="9999-12-31T00:00:00Z"
    ),
    "an endless matcher": _order("silence", matcher="*a" * 5000, reason="r", until=NAIVE),
    "an acknowledgement of the year 1": _order(
        "acknowledge", episode="x", severity="high", at="0001-01-01T00:00:00+14:00"
    ),
    "an alert of wrong types": _row(told="many", messages=[], at=5),
    "an alert without a time zone": _row(at=NAIVE),
    "a silence without a time zone": _order("silence", matcher="x", reason="r", until=NAIVE),
    "an acknowledgement without a time zone": _order("acknowledge", episode="x", severity="high"),
    "a phase nobody knows": _row(phase="exploding"),
    "an alert nobody knows": _row(alert="x" * 100),
}


@ONE_SHAPE
@pytest.mark.parametrize("case", ABSURD)
async def test_an_absurd_row_leaves_alerting_as_it_is(case: str, sandbox: Running, tmp_path: Path) -> None:
    step = "watchdog_healing" if "order" in ABSURD[case] else "watchdog_alert_critical"
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data) VALUES (%s, 'completed', %s)",
        step,
        msgspec.json.encode(ABSURD[case]).decode(),
    )
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules()).begin()
        stop(sandbox)
        await alarming.minutes(2)
        alarming.driven.monitor._publish()
        assert server.box.subjects() or case == "a silence that never ends"
        assert "emergency_stop" in {alert.rule for alert in alarming.alarms.firing()}
        assert "composing the snapshot" not in alarming.driven.monitor.snapshot.state_why
        await alarming.close()


@ONE_SHAPE
async def test_a_silence_under_a_foreign_name_can_be_taken_back(sandbox: Running, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    until = now + timedelta(hours=1)
    row = _order("silence", matcher="x", reason="r", at=now.isoformat(), until=until.isoformat())
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data)"
        " VALUES ('watchdog_healing', 'completed', %s)",
        msgspec.json.encode(row).decode(),
    )
    alarming = await Sparing(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(1)
    result = await alarming.driven.monitor.run(END_SILENCE, silence="i")
    assert result.done, result
    await alarming.close()


@ONE_SHAPE
async def test_naive_times_kept_by_an_earlier_version_are_utc(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Sparing(sandbox, tmp_path, AlertRules()).begin()
    state, naive = alarming.driven.parts.store, datetime.fromisoformat(NAIVE)
    await state.put("ack", "a", Ack(id="a", episode="e", severity=Severity.HIGH, who="w", at=naive))
    await state.put("silence", "s", Silence(id="s", matcher="*", reason="r", who="w", at=naive, until=naive))
    stop(sandbox)
    await alarming.minutes(2)
    assert "emergency_stop" in {alert.rule for alert in alarming.alarms.firing()}
    await alarming.close()


@ONE_SHAPE
async def test_a_channel_that_fails_unforeseen_keeps_nobody_else_from_hearing(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules(ANNA, channels=("json://127.0.0.1:9",))).begin()
        whole: Callable[[OutgoingMessage], Any] = alarming.queue._deliver

        async def deliver(post: OutgoingMessage) -> Fault | None:
            if post.to != ANNA:
                raise KeyError("nobody foresaw this")
            return await whole(post)

        alarming.queue._deliver = deliver
        stop(sandbox)
        await alarming.minutes(2)
        assert len(server.box.to(ANNA)) == 1
        (kept,) = alarming.queue.messages
        assert kept.why == "sending failed (KeyError); see the log file"
        await alarming.close()


@ONE_SHAPE
@pytest.mark.parametrize(
    ("subject", "question"),
    [("outcomes", "success_rate"), ("logs", "newest_health_at"), ("audit", "ended"), ("audit", "stop_trail")],
)
async def test_a_question_that_fails_unforeseen_is_unknown_and_the_other_alerts_are_judged(
    subject: str, question: str, sandbox: Running, tmp_path: Path
) -> None:
    alarming = await Sparing(sandbox, tmp_path, AlertRules()).begin()
    setattr(getattr(alarming.driven.parts.reads, subject), question, broken)
    stop(sandbox)
    await alarming.minutes(2)
    assert "emergency_stop" in {alert.rule for alert in alarming.alarms.firing()}
    await alarming.close()


@ONE_SHAPE
async def test_a_row_that_is_refused_blocks_none_behind_it(sandbox: Running, tmp_path: Path) -> None:
    """It never will be there; the next one may."""
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    commands = alarming.driven.parts.writes
    whole = commands.insert_log

    async def insert(row: dict[str, Any]) -> None:
        if row["input_data"].get("alert") == "emergency_stop":
            fault = answer_fault(Trace(status=403), code="42501", message="not yours to write")
            assert fault is not None
            raise Failed(fault)
        await whole(row)

    commands.insert_log = insert  # type: ignore[method-assign]  # refuses the rows of one alert
    stop(sandbox)
    await alarming.minutes(1)
    sandbox.stuck(1)
    await alarming.minutes(3)
    alerts = sandbox.sql(
        "SELECT input_data->>'alert' FROM autonomous_execution_logs WHERE execution_step LIKE 'watchdog_alert%'"
    )
    assert ("stuck_tasks",) in alerts
    assert ("emergency_stop",) not in alerts
    assert not any(row.told["alert"] == "emergency_stop" for row in alarming.alarms.store.rows)
    await alarming.close()


ENDED = [
    (-(2**31), "now()"),
    (2**31 - 1, "now()"),
    (-5, "'9999-12-31'"),
    (0, "'infinity'"),
    (None, "now() + interval '3 years'"),
]


@ONE_SHAPE
async def test_odd_rows_of_orders_end_no_question_about_fights(sandbox: Running, tmp_path: Path) -> None:
    for (took_ms, at), order in itertools.product(ENDED, ("heal", "dry_run_off")):
        sandbox.sql(
            "INSERT INTO autonomous_execution_logs (execution_step, step_status, duration_ms, input_data, output_data,"
            f" {sandbox.time_column}) VALUES ('watchdog_healing', 'completed', %s, %s, '[]', {at})",
            took_ms,
            msgspec.json.encode({"order": order, "run": f"{order}1", "by": "watchdog", "who": 5}).decode(),
        )
    alarming = await Sparing(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(2)
    parts = alarming.driven.parts
    assert alarming.alarms._state_machine.alerts["fighting"].truth.value == "false"
    assert all(ms >= 0 for ms in await parts.reads.audit.heal_durations(datetime(2020, 1, 1, tzinfo=UTC)))
    assert not any("see the log file" in event.text for event in alarming.driven.monitor.snapshot.events)
    await alarming.close()
