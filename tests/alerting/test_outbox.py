"""Alerts as mail on a real server: the right words to the right people, none lost, copies recognisable."""

from pathlib import Path
from typing import Any

import pytest

from tests.alerting.mail_server import ANNA, BORIS, Mailbox, Server, Sparing, body, lift, stop
from tests.running import ONE_SHAPE, Running


@ONE_SHAPE
async def test_fired_escalated_repeated_and_resolved_arrive_with_the_right_words(
    sandbox: Running, tmp_path: Path
) -> None:
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules(ANNA, BORIS)).begin()
        stop(sandbox, "agents delete\x1b[2J what they should not")
        await alarming.minute()
        assert server.box.subjects() == ["[probe] CRITICAL: emergency stop is set"]
        text = body(server.box.to(ANNA)[0])
        for words in (
            "What:       agents delete",
            "Since:      ",
            "Severity:   critical: somebody must act now",
            "What to do: find out why it was set",
            f"Project:    probe ({sandbox.url.partition('://')[2]})",
            "Auto-heal:  no monitor does; a person must act (an emergency stop is set)",
            "watchdesk ack ",
        ):
            assert words in text
        assert "\x1b" not in text
        assert server.box.to(BORIS) == []
        await alarming.minutes(5, check=False)
        assert server.box.subjects(BORIS) == ["[probe] CRITICAL, not acknowledged: emergency stop is set"]
        assert alarming.driven.monitor.snapshot.telling.nobody_left == ()
        await alarming.minutes(5, check=False)
        assert alarming.driven.monitor.snapshot.telling.nobody_left == ("emergency stop is set",)
        assert any("every contact was notified" in notice for notice in alarming.driven.monitor.snapshot.notices)
        alarming.clock.advance(4 * 3600)
        await alarming.minute(check=False)
        assert server.box.subjects()[1:] == ["[probe] CRITICAL, still: emergency stop is set"]
        lift(sandbox)
        await alarming.minutes(2, check=False)
        for who in (ANNA, BORIS):
            assert server.box.subjects(who)[-1] == "[probe] RESOLVED: emergency stop is set"
        assert " to 2" in body(server.box.to(ANNA)[-1])
        episode = {mail["References"] for _, mail in server.box.mails}
        assert len(episode) == 1  # one thread in a mail program
        assert len({mail["X-Watchdesk-Id"] for _, mail in server.box.mails}) == len(server.box.mails)
        assert {mail["X-Watchdesk-Severity"] for _, mail in server.box.mails} == {"critical"}
        phases = [mail["X-Watchdesk-Phase"] for mail in server.box.to(ANNA)]
        assert phases == ["firing", "repeated", "resolved"]
        assert {mail["From"] for _, mail in server.box.mails} == {"watchdesk <watchdesk@example.org>"}
        assert {mail["Auto-Submitted"] for _, mail in server.box.mails} == {"auto-generated"}
        await alarming.close()


@ONE_SHAPE
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_encrypted_and_with_a_login_and_never_to_a_server_nobody_vouches_for(
    security: str, sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(Mailbox(), security=security, place=tmp_path) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules()).begin()
        stop(sandbox)
        await alarming.minute()
        assert server.box.mails == []
        (why,) = alarming.driven.monitor.snapshot.telling.retrying
        assert "certificate verify failed" in why
        assert "p@ss" not in why
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
        await alarming.minute()
        assert len(server.box.mails) == 1
        # One that begins in plain text went over; the other understands nothing that is not encrypted.
        assert server.box.tls == [security == "starttls"]
        await alarming.close()


@pytest.mark.parametrize(
    ("security", "remedy"),
    [
        ("starttls", "offers no STARTTLS; set [alerts] smtp_security to tls or none"),
        ("tls", "does not begin with TLS; set [alerts] smtp_security to starttls or none"),
    ],
)
@ONE_SHAPE
async def test_a_server_that_encrypts_nothing_is_told_with_the_setting(
    security: str, remedy: str, sandbox: Running, tmp_path: Path
) -> None:
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules(smtp_security=security)).begin()
        stop(sandbox)
        await alarming.minute()
        (why,) = alarming.driven.monitor.snapshot.telling.retrying
        assert remedy in why
        await alarming.close()


@ONE_SHAPE
async def test_a_wrong_password_is_said_without_it_and_shown_nowhere(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Server(Mailbox(), security="starttls", place=tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
        rules = server.rules(smtp_password="hunter2-wrong")
        alarming = await Sparing(sandbox, tmp_path, rules).begin()
        stop(sandbox)
        await alarming.minute()
        snapshot = alarming.driven.monitor.snapshot
        assert "Authentication" in snapshot.telling.retrying[0]
        await alarming.close()
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        for shown in (str(snapshot), caplog.text, repr(rules), kept.decode(errors="replace")):
            assert "hunter2" not in shown


@ONE_SHAPE
async def test_a_refused_recipient_keeps_no_other_from_being_told(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        server.box.refused = {ANNA}
        alarming = await Sparing(sandbox, tmp_path, server.rules(ANNA, BORIS)).begin()
        stop(sandbox)
        await alarming.minutes(6)
        assert server.box.to(ANNA) == []
        assert len(server.box.to(BORIS)) == 1
        telling = alarming.driven.monitor.snapshot.telling
        (why,) = telling.retrying
        assert why.startswith(f"{ANNA}: ")
        assert "no such person here" in why
        for _ in range(25):  # a day of it
            await alarming.minute(3600.0, check=False)
        telling = alarming.driven.monitor.snapshot.telling
        assert [one.partition(":")[0] for one in telling.undelivered] == [ANNA]
        assert any("not delivered" in notice for notice in alarming.driven.monitor.snapshot.notices)
        await alarming.close()


@ONE_SHAPE
async def test_while_the_server_is_down_nothing_is_lost_and_it_is_tried_ever_more_seldom(
    sandbox: Running, tmp_path: Path
) -> None:
    box = Mailbox()
    with Server(box) as server:
        rules, port = server.rules(), server.port
    alarming = await Sparing(sandbox, tmp_path, rules).begin()
    stop(sandbox)
    await alarming.minute()
    tries = [post.tries for post in alarming.queue.messages]
    for after_s in (*[60.0] * 15, *[300.0] * 9):
        await alarming.minute(after_s, check=False)
    assert tries == [1]
    (post,) = alarming.queue.messages
    assert 6 <= post.tries <= 8  # 30 s, 1, 2, 4, 8, 15, 15 min
    lift(sandbox)
    await alarming.minutes(2, check=False)
    assert len(alarming.queue.messages) == 2
    with Server(box, port=port):
        for _ in range(4):
            await alarming.minute(300.0, check=False)
    assert box.subjects() == ["[probe] CRITICAL: emergency stop is set", "[probe] RESOLVED: emergency stop is set"]
    assert alarming.queue.messages == ()
    await alarming.close()


@ONE_SHAPE
async def test_a_restart_sends_what_was_not_delivered_and_nothing_twice(sandbox: Running, tmp_path: Path) -> None:
    box = Mailbox()
    with Server(box) as server:
        rules, port = server.rules(), server.port
    first = await Sparing(sandbox, tmp_path, rules).begin()
    stop(sandbox)
    await first.minute()
    await first.driven.kill()
    with Server(box, port=port):
        second = await Sparing(sandbox, tmp_path, rules, first.clock).begin()
        assert [post.tries for post in second.queue.messages] == [1]
        await second.minutes(3)
        assert box.subjects() == ["[probe] CRITICAL: emergency stop is set"]
        await second.close()
        third = await Sparing(sandbox, tmp_path, rules, first.clock).begin()
        await third.minutes(3)
        assert len(box.mails) == 1
        await third.close()


@ONE_SHAPE
async def test_the_disk_cache_set_aside_loses_no_message(sandbox: Running, tmp_path: Path) -> None:
    box = Mailbox()
    with Server(box) as server:
        rules, port = server.rules(), server.port
    first = await Sparing(sandbox, tmp_path, rules).begin()
    stop(sandbox)
    await first.minute()
    await first.driven.kill()
    for path in (tmp_path / "cache").rglob("cache.db"):
        path.write_bytes(b"no database at all" * 500)
    with Server(box, port=port):
        second = await Sparing(sandbox, tmp_path, rules, first.clock).begin()
        await second.minutes(2)
        assert box.subjects() == ["[probe] CRITICAL: emergency stop is set"]
        await second.close()


@ONE_SHAPE
async def test_what_cannot_be_kept_is_sent_all_the_same(sandbox: Running, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules()).begin()
        stop(sandbox)
        await alarming.minutes(3)
        assert server.box.subjects() == ["[probe] CRITICAL: emergency stop is set"]
        assert any("state not" in notice for notice in alarming.driven.monitor.snapshot.notices)
        await alarming.close()


@ONE_SHAPE
async def test_what_begins_in_one_evaluation_is_one_message_the_worst_first(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        " SELECT 'f' || i, 'failed', now(), now() FROM generate_series(1, 20) AS i"
    )
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules(), autonomous=False).begin()
        stop(sandbox)
        await alarming.minute()
        assert server.box.subjects() == ["[probe] CRITICAL: emergency stop is set and 1 more"]
        text = body(server.box.to(ANNA)[0])
        assert "CRITICAL: most tasks fail" in text
        assert "100.0 % of 20 failed in 24 h" in text
        await alarming.close()


async def test_the_config_rows_address_is_told_where_no_contact_is_configured(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET notification_email = %s", BORIS)
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules(contacts=())).begin()
        stop(sandbox)
        await alarming.minute()
        assert len(server.box.to(BORIS)) == 1
        await alarming.close()


async def test_a_column_that_says_no_mutes_its_kind(sandbox: Running, tmp_path: Path) -> None:
    bad, end = ("high_risk", "completion") if sandbox.shape == "deployed" else ("error", "success")
    sandbox.sql(f"UPDATE autonomous_system_config SET notify_on_{bad} = false")
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules()).begin()
        stop(sandbox)
        await alarming.minutes(3)
        assert server.box.mails == []
        (alarm,) = [one for one in alarming.driven.monitor.snapshot.alerts if one.rule == "emergency_stop"]
        assert (alarm.state, alarm.muted) == ("silenced", f"muted by notify_on_{bad}")
        sandbox.sql(f"UPDATE autonomous_system_config SET notify_on_{bad} = true, notify_on_{end} = false")
        await alarming.minute()
        assert len(server.box.mails) == 1
        lift(sandbox)
        await alarming.minutes(3)
        assert len(server.box.mails) == 1  # its end is of the kind that is not wanted
        await alarming.close()


@ONE_SHAPE
async def test_nothing_is_sent_before_it_is_on_the_disk(sandbox: Running, tmp_path: Path) -> None:
    """Killed in between it would tell the same under another id."""
    with Server(Mailbox()) as server:
        alarming = await Sparing(sandbox, tmp_path, server.rules()).begin()
        whole, sent = alarming.alarms.store.evaluated, []

        async def late(*told: Any) -> None:
            await alarming.queue.settled()
            sent.append(len(server.box.mails))
            await whole(*told)

        alarming.alarms.store.evaluated = late  # type: ignore[method-assign]  # the disk takes its time
        stop(sandbox)
        await alarming.minute()
        await alarming.close()
        assert (sent, len(server.box.mails)) == ([0], 1)
