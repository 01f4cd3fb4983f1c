"""Alerts of several monitors, processes and channels: shared, adopted, killed, never in each other's way."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.actions.acknowledge import ACKNOWLEDGE
from core.actions.lease import LeaseRules
from core.actions.silence import END_SILENCE, SILENCE
from core.alerting.settings import AlertRules
from core.checks.settings import WatchRules
from core.domain.records import LogEntry
from tests.alerting.mail_server import ANNA, BORIS, Alarming, Mailbox, Server, Sparing, body, lift, stop
from tests.running import ONE_SHAPE, ROOT, Running
from tests.wire import answer, hang, wire

STOP = "[probe] CRITICAL: emergency stop is set"
OVER = "[probe] RESOLVED: emergency stop is set"


def rows(sandbox: Running, *rules: str) -> list[tuple[str, str, str]]:
    """Step, status and phase of each alert's row, of these rules or of all, the oldest first.

    Our clock runs ahead, and one of them says so, which is left out.
    """
    return sandbox.sql(  # type: ignore[return-value]  # three texts each
        "SELECT execution_step, step_status, input_data->>'phase' FROM autonomous_execution_logs"
        " WHERE execution_step LIKE 'watchdog_alert_%%' AND input_data->>'alert' <> 'clock_skew'"
        " AND (%s::text[] = '{}' OR input_data->>'alert' = ANY(%s))"
        f" ORDER BY {sandbox.time_column}, step_status DESC",
        list(rules),
        list(rules),
    )


async def newest(alarming: Alarming) -> tuple[LogEntry, ...]:
    return await alarming.driven.monitor._parts.context.reads.logs.newest(50)


def alarm(alarming: Alarming, rule: str = "emergency_stop") -> Any:
    return next((one for one in alarming.driven.monitor.snapshot.alerts if one.rule == rule), None)


async def pair(
    sandbox: Running, tmp_path: Path, rules: AlertRules, kind: type[Alarming] = Sparing, **more: Any
) -> tuple[Alarming, Alarming]:
    """Two monitors on two machines, as far as their disks go, and one clock."""
    first = await kind(sandbox, tmp_path / "a", rules, **more).begin()
    second = await kind(sandbox, tmp_path / "b", rules, first.clock, **more).begin()
    return first, second


async def test_each_alert_is_a_row_of_the_log_under_its_severity(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules(), account=account).begin()
    stop(sandbox)
    sandbox.stuck(1)
    await alarming.minutes(2)
    sandbox.sql("UPDATE autonomous_tasks SET status = 'completed', completed_at = now()")
    lift(sandbox)
    await alarming.minutes(3)
    assert sorted(rows(sandbox, "emergency_stop", "stuck_tasks")) == [
        ("watchdog_alert_critical", "completed", "resolved"),
        ("watchdog_alert_critical", "started", "firing"),
        ("watchdog_alert_warning", "completed", "resolved"),
        ("watchdog_alert_warning", "started", "firing"),
    ]
    await alarming.close()


async def test_who_may_write_nothing_still_tells_and_says_that_it_is_not_shared(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.fault("edge_down", True)
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules(), account="viewer").begin()
        await alarming.minutes(3)
        fired = [one.rule for one in alarming.driven.monitor.snapshot.alerts if one.fires]
        assert fired
        said = " ".join(event.text for event in alarming.driven.monitor.snapshot.events)
        written = sandbox.sql("SELECT count(*) FROM autonomous_execution_logs")
        assert ("alerts are not shared with other monitors" in said) is (written == [(0,)])
        await alarming.close()


@ONE_SHAPE
@pytest.mark.parametrize(("hours", "state"), [(1, "firing"), (24 * 8, None), (0, None)])
async def test_a_watchdog_that_went_silent_is_an_alert_and_one_that_never_was_is_not(
    hours: int, state: str | None, sandbox: Running, tmp_path: Path
) -> None:
    if hours:
        sandbox.sql(
            f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
            " VALUES ('watchdog_health_check', 'completed', now() - make_interval(hours => %s))",
            hours,
        )
    alarming = await Sparing(sandbox, tmp_path, AlertRules(), observe=True).begin()
    await alarming.minutes(3)
    found = alarm(alarming, "health_rows")
    assert (found.state if found is not None else None) == state
    await alarming.close()


@ONE_SHAPE
async def test_an_observing_monitor_writes_no_row(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules(), observe=True).begin()
        stop(sandbox)
        await alarming.minutes(3)
        assert server.box.subjects()[0].startswith(STOP)  # nobody else is there to tell it
        assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]
        result = await alarming.driven.monitor.run(ACKNOWLEDGE, alert="emergency_stop")
        assert "--observe" in result.text
        await alarming.close()


@ONE_SHAPE
async def test_the_lease_holder_tells_and_the_other_only_shows(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        first, second = await pair(sandbox, tmp_path, server.rules())
        stop(sandbox)
        for _ in range(3):
            await second.minute()  # the one that must not tell sees it first
            await first.minute(0.0)
        assert server.box.subjects() == [STOP]
        assert alarm(first).episode == alarm(second).episode
        assert alarm(second).state == "firing"
        assert [phase for *_, phase in rows(sandbox)] == ["firing", "told"]
        await first.close()
        await second.close()


@ONE_SHAPE
async def test_without_any_valid_lease_everybody_tells_with_the_host_in_the_subject(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.fault("database_down", True)
    with Server(Mailbox()) as server:
        first, second = await pair(sandbox, tmp_path, server.rules(), kind=Alarming)
        for _ in range(12):
            await first.minute()
            await second.minute(0.0)
        host = first.driven.parts.itself.host
        assert server.box.subjects() == [f"[probe] CRITICAL: database down (from {host})"] * 2
        assert "no monitor holds the lease" in body(server.box.to(ANNA)[0])
        await first.close()
        await second.close()
    sandbox.fault("database_down", False)


@ONE_SHAPE
async def test_a_later_lease_holder_adopts_the_episode_tells_nothing_again_and_says_its_end(
    sandbox: Running, tmp_path: Path
) -> None:
    with Server(Mailbox()) as server:
        quick = LeaseRules(take_over_s=90.0)
        first, second = await pair(sandbox, tmp_path, server.rules(ANNA, BORIS), lease=quick)
        stop(sandbox)
        for _ in range(7):
            await first.minute()
            await second.minute(0.0)
        told = len(server.box.mails)
        assert told == 2
        await first.driven.kill()
        await second.minutes(3)
        assert second.driven.parts.lease.valid()
        assert len(server.box.mails) == told
        lift(sandbox)
        await second.minutes(3)
        assert (server.box.subjects(ANNA)[-1], server.box.subjects(BORIS)[-1]) == (OVER, OVER)
        await second.close()


@ONE_SHAPE
async def test_what_ends_while_the_holder_is_dying_is_said_by_the_next_one(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        first, second = await pair(sandbox, tmp_path, server.rules())
        stop(sandbox)
        await first.minute()
        await second.minute(0.0)
        await first.driven.kill()
        lift(sandbox)
        await second.minute(10.0)
        await second.minute(60.0)
        assert alarm(second).state == "resolved"
        assert second.driven.parts.lease.anothers()
        assert server.box.subjects() == [STOP]
        await second.minutes(3)
        assert server.box.subjects() == [STOP, OVER]
        await second.close()


async def test_an_acknowledgement_on_one_screen_shows_on_the_other_and_ends_the_telling(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    with Server(Mailbox()) as server:
        first, second = await pair(sandbox, tmp_path, server.rules(ANNA, BORIS), account=account)
        stop(sandbox)
        await first.minute()
        await second.minute(0.0)
        result = await second.driven.monitor.run(ACKNOWLEDGE, alert="emergency_stop", note="on it")
        assert result.done
        assert alarm(second).state == "acknowledged"
        await first.minutes(10)
        who = str(second.driven.parts.operator)
        assert (alarm(first).state, alarm(first).acked) == ("acknowledged", who)
        assert server.box.to(BORIS) == []
        told = sandbox.sql(
            "SELECT step_status, input_data->>'who', input_data->'plan'->>'note' FROM autonomous_execution_logs"
            " WHERE input_data->>'order' = 'acknowledge'"
        )
        assert told == [("completed", who, "on it")]
        again = await first.driven.monitor.run(ACKNOWLEDGE, alert="emergency_stop")
        assert again.already
        await first.close()
        await second.close()


@ONE_SHAPE
async def test_who_saw_it_first_and_does_not_tell_speaks_of_the_tellers_episode(
    sandbox: Running, tmp_path: Path
) -> None:
    with Server(Mailbox()) as server:
        first, second = await pair(sandbox, tmp_path, server.rules(ANNA, BORIS))
        stop(sandbox)
        await second.minute()
        sandbox.sql("UPDATE autonomous_system_config SET updated_at = now()")  # it reads as another stop
        await first.minute(10.0)
        mine = alarm(second).episode
        assert mine != alarm(first).episode
        assert (await second.driven.monitor.run(ACKNOWLEDGE, alert=mine[:8])).done  # as its own screen still called it
        await first.minutes(8)
        assert alarm(first).state == "acknowledged"
        assert server.box.to(BORIS) == []
        await first.close()
        await second.close()


@ONE_SHAPE
async def test_an_acknowledgement_while_the_database_is_away_is_shared_when_it_is_back(
    sandbox: Running, tmp_path: Path
) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    sandbox.fault("database_down", True)
    await alarming.minutes(12)
    alarm_down = alarm(alarming, "database_down")
    assert (await alarming.driven.monitor.run(ACKNOWLEDGE, alert="database_down")).done
    await alarming.minutes(2)
    sandbox.fault("database_down", False)
    await alarming.minutes(2)
    orders = sandbox.sql("SELECT count(*) FROM autonomous_execution_logs WHERE input_data->>'order' = 'acknowledge'")
    assert orders == [(1,)]
    assert ("watchdog_alert_critical", "started", "firing") in rows(sandbox)
    told = {row.order or row.summary: row.late_s for row in await newest(alarming)}
    assert 120 <= (told["acknowledge"] or 0) <= 240  # two minutes until the project answered, and until it was asked
    assert (told[f"firing: {alarm_down.title}: {alarm_down.text}"] or 0) > 120
    await alarming.close()


@ONE_SHAPE
async def test_a_silence_is_shared_and_taken_back(sandbox: Running, tmp_path: Path) -> None:
    from datetime import timedelta

    with Server(Mailbox()) as server:
        first, second = await pair(sandbox, tmp_path, server.rules())
        monitor = second.driven.monitor
        assert (await monitor.run(SILENCE, matcher="emergency_*", lasts=timedelta(hours=2), reason="maintenance")).done
        stop(sandbox)
        await first.minutes(2)
        assert server.box.mails == []
        assert alarm(first).state == "silenced"
        (silence,) = monitor.snapshot.telling.silences
        assert (await monitor.run(END_SILENCE, silence=silence.id[:8])).done
        await first.minute()
        assert server.box.subjects() == [STOP]
        assert {row.late_s for row in await newest(second)} == {None}, "each was written when it happened"
        for wrong, words in (
            (("x", timedelta(days=8), "r"), "no silence is longer than 7 days"),
            (("x", timedelta(hours=1), " "), "a reason is required"),
            ((" ", timedelta(hours=1), "r"), "say what to silence"),
            (("x", timedelta(0), "r"), "must be longer than 0"),
        ):
            assert (
                words
                in (await monitor.run(SILENCE, **dict(zip(("matcher", "lasts", "reason"), wrong, strict=True)))).text
            )
        await first.close()
        await second.close()


async def test_rows_that_are_not_ours_to_understand_disturb_nothing(sandbox: Running, tmp_path: Path) -> None:
    evil = '{"alert": "emergency_stop", "subject": "emergency_stop", "episode": "\\u001b[2Jx", "phase": "firing"}'
    for told in ("null", "[]", '"x"', evil, '{"order": "acknowledge", "plan": {"id": 7}}', '{"order": "silence"}'):
        sandbox.sql(
            "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data)"
            " VALUES ('watchdog_alert_critical', 'started', %s), ('watchdog_healing', 'completed', %s)",
            told,
            told,
        )
    alarming = await Sparing(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(2)
    assert alarm(alarming) is None
    await alarming.close()


@ONE_SHAPE
async def test_killed_between_acceptance_and_record_it_sends_again_under_the_same_id(
    sandbox: Running, tmp_path: Path
) -> None:
    stop(sandbox)
    box = Mailbox()
    with Server(box) as server:
        rules = msgspec.json.encode(server.rules()).decode()
        call = [sys.executable, "-m", "tests.alerting.sender", sandbox.url, sandbox.service_key, str(tmp_path), rules]
        process = await asyncio.create_subprocess_exec(*call, "5", cwd=ROOT)
        box.before_answer = lambda: os.kill(process.pid, signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        box.before_answer = None
        assert box.subjects() == [STOP]
        again = await Sparing(sandbox, tmp_path, server.rules()).begin()
        await again.minutes(3)
        await again.driven.kill()
        assert [s.split(" (from")[0] for s in box.subjects()] == [STOP, STOP]
        first, second = box.to(ANNA)
        assert first["X-Watchdesk-Id"] == second["X-Watchdesk-Id"]
        assert body(first) == body(second)
        third = await Sparing(sandbox, tmp_path, server.rules(), again.clock).begin()
        await third.minutes(3)
        await third.close()
        assert len(box.mails) == 2


@ONE_SHAPE
async def test_a_dead_channel_blocks_no_other_and_no_address_is_shown(sandbox: Running, tmp_path: Path) -> None:
    async with wire() as dead, wire() as alive:
        dead.acts["/secret-path"] = hang
        alive.acts["/hook"] = answer(b"ok")
        with Server(Mailbox()) as server:
            rules = server.rules(
                channels=(
                    f"json://user:hunter2@{dead.url.partition('://')[2]}/secret-path?cto=60&rto=60",
                    f"json://{alive.url.partition('://')[2]}/hook",
                )
            )
            alarming = await Sparing(sandbox, tmp_path, rules).begin()
            stop(sandbox)
            alarming.clock.advance(60)
            await alarming.driven._look_around()
            await alarming.alarms.evaluate()
            for _ in range(100):
                await asyncio.sleep(0.05)
                if server.box.mails and alive.seen and len(alarming.queue.messages) == 1:
                    break
            assert server.box.subjects() == [STOP]
            assert alive.seen == ["POST /hook"]
            assert [post.to.split("-")[0] for post in alarming.queue.messages] == ["json"]
            alarming.driven.monitor._publish()
            shown = str(alarming.driven.monitor.snapshot) + repr(alarming.alarms.notifications.recipients())
            await alarming.close()
            kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
            for text in (shown, kept.decode(errors="replace"), repr(rules)):
                assert "hunter2" not in text
                assert "secret-path" not in text


@ONE_SHAPE
@pytest.mark.parametrize("down", [False, True])
async def test_the_projects_own_function_is_a_channel(down: bool, sandbox: Running, tmp_path: Path) -> None:
    before = len(sandbox.functions()["emails"])
    sandbox.limits(lenient_mail=True)
    rules = AlertRules(contacts=(ANNA,), email_template="alert")
    alarming = await Sparing(sandbox, tmp_path, rules).begin()
    stop(sandbox)
    sandbox.fault("edge_down", down)
    await alarming.minute()
    sent = sandbox.functions()["emails"][before:]
    if down:
        assert sent == []
        assert alarming.driven.monitor.snapshot.telling.retrying
        sandbox.fault("edge_down", False)
        await alarming.minutes(2)
        sent = sandbox.functions()["emails"][before:]
    (mail,) = sent
    assert (mail["to"], mail["template"], mail["data"]["subject"]) == (ANNA, "alert", STOP)
    assert mail["data"]["severity"] == "critical"
    await alarming.close()


@ONE_SHAPE
async def test_a_contact_no_way_leads_to_is_said(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Sparing(sandbox, tmp_path, AlertRules(contacts=(ANNA,))).begin()
    await alarming.minute()
    notices = alarming.driven.monitor.snapshot.notices
    assert any(f"cannot mail {ANNA}" in notice for notice in notices)
    await alarming.close()


@ONE_SHAPE
async def test_a_database_really_down_for_half_an_hour_is_one_mail_and_one_when_it_is_over(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(3)
    sandbox.completed(20)
    with Server(Mailbox()) as server:
        every = WatchRules(interval_s=300.0)
        alarming = await Alarming(sandbox, tmp_path, server.rules(), autonomous=False, watch=every).begin()
        sandbox.fault("database_down", True)
        for number in range(31):
            await alarming.minute(check=number % 5 == 0)
        pending = {one.rule for one in alarming.driven.monitor.snapshot.alerts}
        assert {"database_down", "breakers", "degraded"} <= pending
        assert [subject.split(" (from")[0] for subject in server.box.subjects()] == ["[probe] CRITICAL: database down"]
        sandbox.fault("database_down", False)
        await alarming.minutes(10)
        subjects = [subject.split(" (from")[0] for subject in server.box.subjects()]
        assert subjects == ["[probe] CRITICAL: database down", "[probe] RESOLVED: database down"]
        await alarming.close()


@ONE_SHAPE
async def test_a_row_that_could_not_be_written_for_now_is_written_later(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'too slow' USING ERRCODE = '57014'; END $$;"
        "CREATE TRIGGER late BEFORE INSERT ON autonomous_execution_logs FOR EACH ROW"
        " WHEN (NEW.execution_step LIKE 'watchdog_alert_%%') EXECUTE FUNCTION late()"
    )
    alarming = await Sparing(sandbox, tmp_path, AlertRules()).begin()
    try:
        stop(sandbox)
        await alarming.minutes(2)
        assert rows(sandbox) == []
    finally:
        sandbox.sql("DROP TRIGGER late ON autonomous_execution_logs; DROP FUNCTION late()")
    await alarming.minute()
    assert rows(sandbox) == [("watchdog_alert_critical", "started", "firing")]
    await alarming.close()
