"""Maintenance on several machines, each with a disk and a clock of its own: real monitors on one project."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from core.actions.silence import END_SILENCE, SILENCE
from core.alerting.settings import AlertRules
from core.alerting.store import Evaluated
from core.domain.alerts import Silence
from core.domain.maintenance import WeeklyWindow
from tests.alerting.mail_server import Mailbox, Server, Sparing, stop
from tests.alerting.test_sync import STOP, alarm, pair
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running

HOUR = timedelta(hours=1)


def around(now: datetime, before: timedelta = HOUR, after: timedelta = 3 * HOUR) -> str:
    """A daily window that holds now, by UTC."""
    return f"daily {now - before:%H:%M}-{now + after:%H:%M}"


def kept(now: datetime, days: float, **more: object) -> Silence:
    """A weekly silence made so many days ago, that holds now."""
    at = now - timedelta(days=days)
    window = WeeklyWindow(text=around(now), zone="UTC")
    made = Silence(id="5a" * 16, matcher="emergency_*", reason="backup", who="w", at=at, until=at, window=window)
    return msgspec.structs.replace(made, **more)


@ONE_SHAPE
async def test_monitors_whose_clocks_differ_begin_and_end_a_window_alike(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        now = datetime.now(UTC)
        first = await Sparing(sandbox, tmp_path / "a", server.rules(), FakeClock(now), timed=False).begin()
        ahead = FakeClock(now + 5 * HOUR)
        second = await Sparing(sandbox, tmp_path / "b", server.rules(), ahead, timed=False).begin()
        await first.minute()
        await second.minute(0.0)
        monitor = second.driven.monitor
        made = await monitor.run(SILENCE, matcher="emergency_*", reason="backup", weekly=around(now), zone="UTC")
        assert made.done, made
        stop(sandbox)
        for _ in range(2):
            await first.minute()
            await second.minute(0.0)
        assert server.box.mails == []
        assert (alarm(first).state, alarm(second).state) == ("silenced", "silenced")
        held = [one.driven.monitor.snapshot.telling.silences[0].period for one in (first, second)]
        assert held[0] == held[1]
        (silence,) = first.driven.monitor.snapshot.telling.silences
        window = await first.driven.monitor.run(END_SILENCE, silence=silence.id[:8], once=True)
        assert window.done, window
        assert "is not silenced any more; daily" in window.text
        for _ in range(2):
            await second.minute(0.0)
            await first.minute()
        assert {alarm(first).state, alarm(second).state} == {"firing"}
        assert STOP in server.box.subjects()[0]
        assert [one.id for one in second.driven.monitor.snapshot.telling.planned] == [silence.id]  # it goes on
        assert (await second.driven.monitor.run(END_SILENCE, silence=silence.id[:8])).done
        await first.minute()
        assert first.driven.monitor.snapshot.telling.planned == ()
        await first.close()
        await second.close()


@ONE_SHAPE
async def test_a_window_is_edited_by_its_end_and_another_one(sandbox: Running, tmp_path: Path) -> None:
    first, second = await pair(sandbox, tmp_path, AlertRules())
    for weekly in (around(datetime.now(UTC)), "sun 02:00-04:00"):
        for one in first.driven.monitor.snapshot.telling.silences:
            assert (await first.driven.monitor.run(END_SILENCE, silence=one.id)).done
        made = await first.driven.monitor.run(SILENCE, matcher="*", reason="r", weekly=weekly, zone="Europe/Berlin")
        assert made.done
        await second.minute()
        first.driven.monitor._publish()
    for monitor in (first, second):
        telling = monitor.driven.monitor.snapshot.telling
        words = [one.window.words for one in (*telling.silences, *telling.planned) if one.window is not None]
        assert words == ["sun 02:00-04:00 Europe/Berlin"]
        await monitor.close()


@ONE_SHAPE
async def test_whose_row_is_lost_is_told_again_from_a_disk(sandbox: Running, tmp_path: Path) -> None:
    first, second = await pair(sandbox, tmp_path, AlertRules())
    await first.driven.parts.store.put("maintenance", "5a" * 16, kept(datetime.now(UTC), 20))
    await first.minutes(2)
    told = "SELECT count(*) FROM autonomous_execution_logs WHERE input_data->>'order' = 'silence'"
    assert sandbox.sql(told) == [(1,)]
    await second.minutes(2)
    assert sandbox.sql(told) == [(1,)]  # the second would tell it in the same row
    (silence,) = second.driven.monitor.snapshot.telling.silences
    assert silence.reason == "backup"
    await first.close()
    await second.close()


@ONE_SHAPE
async def test_one_that_was_ended_does_not_come_back_with_a_machine_that_was_away(
    sandbox: Running, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    first, second = await pair(sandbox, tmp_path, AlertRules())
    await first.driven.parts.store.put("maintenance", "5a" * 16, kept(now, 40, ended_at=now - timedelta(days=20)))
    await second.driven.parts.store.put("maintenance", "5a" * 16, kept(now, 40))
    await second.minute()
    assert len(second.driven.monitor.snapshot.telling.silences) == 1
    await first.minute()
    assert first.driven.monitor.snapshot.telling.silences == ()
    await second.minute()
    assert second.driven.monitor.snapshot.telling.silences == ()
    await first.close()
    await second.close()


@ONE_SHAPE
async def test_a_window_ends_without_the_project(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules()).begin()
        await alarming.minute()
        made = await alarming.driven.monitor.run(
            SILENCE, matcher="*", reason="moving", begins="now", lasts=timedelta(minutes=20), zone="UTC"
        )
        assert made.done, made
        stop(sandbox)
        await alarming.minutes(2)
        assert alarm(alarming).state == "silenced"
        sandbox.fault("database_down", True)
        await alarming.minutes(5)
        assert server.box.mails == []
        await alarming.minutes(25)
        assert server.box.subjects()
        sandbox.fault("database_down", False)
        await alarming.close()


@ONE_SHAPE
async def test_a_monitor_that_was_away_for_long_reads_back_what_it_missed_of_silences_alone(
    sandbox: Running, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    away = await Sparing(sandbox, tmp_path, AlertRules()).begin()
    store = away.driven.parts.store
    await store.put("maintenance", "5a" * 16, kept(now, 40))
    await store.put("alert_clock", "last", Evaluated(now - timedelta(days=20)))
    ended = kept(now, 40, ended_at=now - timedelta(days=15))
    fired = {"alert": "stuck_tasks", "subject": "stuck_tasks", "episode": "e", "phase": "firing", "severity": "high"}
    rows = (
        ("watchdog_healing", {"order": "silence", "plan": msgspec.to_builtins(ended)}),
        ("watchdog_alert_warning", {**fired, "at": (now - timedelta(days=15)).isoformat()}),
    )
    for step, told in rows:
        sandbox.sql(
            "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, "
            f"{sandbox.time_column}) VALUES (%s, 'completed', %s, now() - interval '15 days')",
            step,
            msgspec.json.encode(told).decode(),
        )
    await away.alarms.restore()
    assert len(away.alarms.silences()) == 1
    await away.minute()
    telling = away.driven.monitor.snapshot.telling
    assert (telling.silences, telling.planned) == ((), ())
    assert alarm(away, "stuck_tasks") is None
    await away.close()


@ONE_SHAPE
async def test_rows_without_end_are_windows_with_one(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Sparing(sandbox, tmp_path, AlertRules()).begin()
    now = datetime.now(UTC)
    many = [msgspec.structs.replace(kept(now, 1), id=f"w{n}") for n in range(300)]
    store = alarming.alarms.store
    for _ in range(2):
        await store.heard((), many, now)
    assert len(store.silences) == 100
    await alarming.close()
