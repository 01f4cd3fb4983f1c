"""Somebody is told of every alert that fires, whoever holds the lease and whatever becomes of it; and of its end."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from core.alerting.settings import AlertRules
from core.alerting.state_machine import Turn
from core.domain.alerts import Alert, AlertState, Severity
from tests.alerting.mail_server import ANNA, Alarming, Mailbox, Server, Sparing, lift, stop
from tests.alerting.test_sync import OVER, STOP, alarm, rows
from tests.running import ONE_SHAPE, Running


def heard(server: Server) -> list[str]:
    """What the mailbox was told, without who told it."""
    return [subject.split(" (from")[0] for subject in server.box.subjects()]


async def both(first: Alarming, second: Alarming, minutes: int) -> None:
    for _ in range(minutes):
        await first.minute()
        await second.minute(0.0)


async def begun(sandbox: Running, tmp_path: Path, holder: AlertRules, other: AlertRules) -> tuple[Alarming, Alarming]:
    """Two monitors on two machines; the first one holds the lease."""
    first = await Sparing(sandbox, tmp_path / "a", holder).begin()
    second = await Sparing(sandbox, tmp_path / "b", other, first.clock).begin()
    assert first.driven.parts.lease.valid()
    assert second.driven.parts.lease.anothers()
    return first, second


async def closed(*ones: Alarming) -> None:
    for one in ones:
        await one.close()


def phases(sandbox: Running, rule: str = "emergency_stop") -> list[str]:
    found = sandbox.sql(
        "SELECT input_data->>'phase' FROM autonomous_execution_logs WHERE input_data->>'alert' = %s ORDER BY 1", rule
    )
    return [phase for (phase,) in found]


@ONE_SHAPE
async def test_a_holder_without_contacts_keeps_nobody_from_telling(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        first, second = await begun(sandbox, tmp_path, AlertRules(), server.rules())
        await both(first, second, 1)
        stop(sandbox)
        await both(first, second, 3)
        assert heard(server) == [STOP]
        assert alarm(first).episode == alarm(second).episode
        assert any("cannot deliver alerts" in notice for notice in second.driven.monitor.snapshot.notices)
        lift(sandbox)
        await both(first, second, 3)
        assert heard(server) == [STOP, OVER]
        await closed(first, second)


@ONE_SHAPE
async def test_a_holder_whose_mail_server_refuses_keeps_nobody_from_telling(sandbox: Running, tmp_path: Path) -> None:
    refusing = Mailbox()
    refusing.refused = {ANNA}
    with Server(refusing) as bad, Server(Mailbox()) as good:
        first, second = await begun(sandbox, tmp_path, bad.rules(), good.rules())
        stop(sandbox)
        await both(first, second, 3)
        assert heard(good) == [STOP]
        assert heard(bad) == []
        assert any("cannot deliver alerts" in notice for notice in second.driven.monitor.snapshot.notices)
        assert any("not delivered" in notice for notice in first.driven.monitor.snapshot.notices)
        refusing.refused = set()
        await both(first, second, 6)
        assert first.driven.parts.lease.view().tells is True
        await closed(first, second)


@ONE_SHAPE
async def test_a_holder_that_renews_its_lease_and_tells_nothing_is_waited_for_no_longer_than_its_bound(
    sandbox: Running, tmp_path: Path
) -> None:
    with Server(Mailbox()) as server:
        first, second = await begun(sandbox, tmp_path, server.rules(), server.rules())
        stop(sandbox)
        for seconds in (0.0, 60.0, 120.0):
            assert heard(server) == [], seconds
            first.clock.advance(60.0)
            await first.driven.parts.lease.round()
            await second.minute(0.0)
        assert heard(server) == [STOP]
        (mail,) = server.box.to(ANNA)
        assert f"(from {second.driven.parts.itself.host})" in " ".join(str(mail["Subject"]).split())
        await first.minute()  # it is back, and hears that somebody was told
        assert heard(server) == [STOP]
        lift(sandbox)
        await both(first, second, 3)
        assert set(heard(server)[1:]) == {OVER}
        await closed(first, second)


@ONE_SHAPE
async def test_a_holder_that_tells_in_time_is_the_only_one(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        first, second = await begun(sandbox, tmp_path, server.rules(), server.rules())
        stop(sandbox)
        await both(first, second, 10)
        assert heard(server) == [STOP]
        assert phases(sandbox) == ["firing", "told"]
        lift(sandbox)
        await both(first, second, 4)
        assert heard(server) == [STOP, OVER]
        assert phases(sandbox) == ["firing", "resolved", "told"]
        await closed(first, second)


@ONE_SHAPE
async def test_a_holder_killed_before_its_message_was_taken_is_not_believed(sandbox: Running, tmp_path: Path) -> None:
    refusing = Mailbox()
    refusing.refused = {ANNA}
    with Server(refusing) as bad, Server(Mailbox()) as good:
        first, second = await begun(sandbox, tmp_path, bad.rules(), good.rules())
        stop(sandbox)
        await first.minute()
        await first.driven.kill()
        assert phases(sandbox) == ["firing"]
        await second.minutes(4)
        assert heard(good) == [STOP]
        lift(sandbox)
        await second.minutes(3)
        assert heard(good) == [STOP, OVER]
        await second.close()


class Forged:
    """A hand that renews the lease every ten seconds, and does nothing else of what its holder does."""

    def __init__(self, sandbox: Running, lease_id: str) -> None:
        self._sandbox = sandbox
        self._id = lease_id

    def renew(self, **more: Any) -> None:
        row = {"holder": "eve", "host": "elsewhere", "term": 7, "token": str(uuid.uuid4()), "acts": True} | more
        self._sandbox.sql(
            "INSERT INTO autonomous_execution_logs (id, execution_step, step_status, input_data)"
            " VALUES (%s, 'lease', 'started', %s) ON CONFLICT (id) DO UPDATE SET input_data = excluded.input_data",
            self._id,
            json.dumps(row),
        )


@ONE_SHAPE
@pytest.mark.parametrize("says", [{}, {"tells": True}, {"tells": False}], ids=["nothing", "that it tells", "it cannot"])
async def test_a_forged_lease_silences_nobody(says: dict[str, bool], sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        alarming = Sparing(sandbox, tmp_path, server.rules())
        eve = Forged(sandbox, alarming.driven.parts.lease._id)
        eve.renew(**says)
        await alarming.begin()
        stop(sandbox)
        for _ in range(4):
            eve.renew(**says)
            await alarming.minute()
        assert alarming.driven.parts.lease.anothers()
        assert heard(server) == [STOP]
        assert phases(sandbox) == ["firing", "told"]
        lift(sandbox)
        for _ in range(3):
            eve.renew(**says)
            await alarming.minute()
        assert heard(server) == [STOP, OVER]
        assert phases(sandbox) == ["firing", "resolved", "told"]
        await alarming.close()


@ONE_SHAPE
async def test_a_lease_that_is_renewed_by_somebody_who_never_reports_is_suspect_and_said(
    sandbox: Running, tmp_path: Path
) -> None:
    with Server(Mailbox()) as server:
        alarming = Sparing(sandbox, tmp_path, server.rules())
        eve = Forged(sandbox, alarming.driven.parts.lease._id)
        eve.renew(tells=True)
        await alarming.begin()
        for _ in range(15):
            eve.renew(tells=True)
            await alarming.minute()
        notices = alarming.driven.monitor.snapshot.notices
        assert any("eve on elsewhere" in notice for notice in notices)
        stop(sandbox)
        eve.renew(tells=True)
        await alarming.minute()
        assert STOP in heard(server)  # at once: nobody keeps silent for it
        await alarming.close()


@ONE_SHAPE
async def test_an_observing_holder_of_nothing_tells_late_and_writes_no_row(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        alarming = Sparing(sandbox, tmp_path, server.rules(), observe=True)
        eve = Forged(sandbox, alarming.driven.parts.lease._id)
        eve.renew()
        await alarming.begin()
        stop(sandbox)
        for _ in range(4):
            eve.renew()
            await alarming.driven.parts.lease.look_on()
            await alarming.minute()
        assert heard(server) == [STOP]
        assert phases(sandbox) == []
        await alarming.close()


@ONE_SHAPE
async def test_what_fires_while_the_old_lease_still_counts_and_ends_meanwhile_is_ended(
    sandbox: Running, tmp_path: Path
) -> None:
    """A ghost: its firing row came, and nobody wrote that it is over."""
    sandbox.stuck(1)
    first = await Alarming(sandbox, tmp_path / "a", AlertRules(), autonomous=False).begin()
    await first.minutes(3)
    assert phases(sandbox, "stuck_tasks") == ["firing"]
    await first.driven.kill()
    again = await Alarming(sandbox, tmp_path / "a", AlertRules(), first.clock, autonomous=False).begin()
    assert again.driven.parts.lease.anothers()
    sandbox.sql("UPDATE autonomous_tasks SET status = 'completed', completed_at = now()")
    await again.minute(10.0)
    await again.minute(60.0)
    assert alarm(again, "stuck_tasks").state == "resolved"
    await again.minutes(3)
    assert again.driven.parts.lease.valid()
    assert phases(sandbox, "stuck_tasks") == ["firing", "resolved"]
    new = await Alarming(sandbox, tmp_path / "c", AlertRules(), first.clock, autonomous=False).begin()
    await new.minute()
    assert alarm(new, "stuck_tasks") is None
    await closed(again, new)


@ONE_SHAPE
async def test_an_adopted_alert_that_is_not_so_here_is_resolving_and_goes(sandbox: Running, tmp_path: Path) -> None:
    first = await Alarming(sandbox, tmp_path / "a", AlertRules(), autonomous=False).begin()
    sandbox.stuck(1)
    await first.minutes(3)
    await first.driven.kill()
    sandbox.sql("UPDATE autonomous_tasks SET status = 'completed', completed_at = now()")
    second = await Alarming(sandbox, tmp_path / "b", AlertRules(), first.clock, autonomous=False).begin()
    await second.minute()
    ghost = alarm(second, "stuck_tasks")
    assert (ghost.fires, ghost.resolving) == (True, True)
    assert (second.driven.monitor.snapshot.state, second.driven.monitor.snapshot.state_why) == (
        "warning",
        "tasks are stuck (resolving)",
    )
    await second.minutes(3)
    assert alarm(second, "stuck_tasks").state == "resolved"
    assert phases(sandbox, "stuck_tasks") == ["firing", "resolved"]
    assert rows(sandbox)
    await second.close()


@ONE_SHAPE
@pytest.mark.parametrize("logged", [True, False])
async def test_what_ends_while_it_is_hidden_is_owed_its_end_where_a_row_says_that_it_fires(
    logged: bool, sandbox: Running, tmp_path: Path
) -> None:
    alarming = Sparing(sandbox, tmp_path, AlertRules())
    ended = Alert(
        rule="degraded",
        subject="degraded",
        severity=Severity.MEDIUM,
        title="degraded mode",
        stage=AlertState.RESOLVED,
        hidden="this monitor is blind",
        logged=logged,
    )
    after, one = alarming.alarms._followed(ended, Turn.RESOLVED)
    assert (after.owed, one is not None) == (logged, logged)
    await alarming.driven.monitor.close()
