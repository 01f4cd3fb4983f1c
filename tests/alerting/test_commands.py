"""`watchdesk alerts`, `ack`, `silence`, `notify --test` and what `status` says of alerts, as a person calls them."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.alerting.settings import AlertRules
from tests.alerting.mail_server import ANNA, Alarming, Mailbox, Server, Sparing, body, lift, stop
from tests.running import ONE_SHAPE, Command, Running

SUNDAY = f"{(datetime.now(UTC) + timedelta(days=3)):%a} 02:00-04:00"
"""A window that neither holds nor comes soon."""


def home_of(command: Command) -> Path:
    """Where the command keeps its state: a monitor there and the command are one user of one machine."""
    return command.home / "state" / "watchdesk"


def test_of_a_project_that_is_not_reached_it_is_not_known_what_fires(command: Command) -> None:
    listed = command("alerts", SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_x")
    assert listed.returncode == 4
    assert "other alerts may be firing" in listed.stderr


@ONE_SHAPE
async def test_what_another_machine_fired_is_listed_acknowledged_and_seen_there(
    sandbox: Running, command: Command, tmp_path: Path
) -> None:
    assert command("alerts", sandbox=sandbox).stdout == "none\n"
    alarming = await Sparing(sandbox, tmp_path / "elsewhere", AlertRules()).begin()
    stop(sandbox, "reason \x1b[2J [red]")
    await alarming.minutes(2)
    listed = command("alerts", sandbox=sandbox)
    assert listed.returncode == 3
    assert "firing       critical" in listed.stdout
    assert "emergency stop is set: reason ␛[2J [red]" in listed.stdout
    assert "watchdesk resume" in listed.stdout  # what to do
    told = json.loads(command("alerts", "--json", sandbox=sandbox).stdout)
    (alert,) = [one for one in told["alerts"] if one["rule"] == "emergency_stop"]
    assert (alert["state"], alert["severity"], alert["acknowledged_by"]) == ("firing", "critical", None)
    acked = command("ack", alert["episode"][:8], "--note", "on it", sandbox=sandbox)
    assert (acked.returncode, acked.stderr) == (0, "")
    assert "acknowledged by" in acked.stdout
    await alarming.minute()
    (there,) = [one for one in alarming.driven.monitor.snapshot.alerts if one.rule == "emergency_stop"]
    assert there.state == "acknowledged"
    told = json.loads(command("status", "--json", sandbox=sandbox).stdout)
    (alert,) = [one for one in told["alerts"] if one["rule"] == "emergency_stop"]
    assert alert["state"] == "acknowledged"
    lift(sandbox)
    assert json.loads(command("status", "--json", sandbox=sandbox).stdout)["alerts"] == [
        one for one in told["alerts"] if one["rule"] != "emergency_stop"
    ]  # it is not so any more, whoever has not noticed yet
    await alarming.close()


@ONE_SHAPE
async def test_what_no_monitor_has_told_of_yet_has_no_id_by_which_nobody_would_find_it(
    sandbox: Running, command: Command, tmp_path: Path
) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        " SELECT 't' || i, 'failed', now(), now() FROM generate_series(1, 10) AS i"
    )

    def failures() -> Any:
        told = json.loads(command("alerts", "--json", sandbox=sandbox).stdout)["alerts"]
        return next(one for one in told if one["rule"] == "failure_rate_critical")

    assert (failures()["state"], failures()["episode"]) == ("firing", None)
    assert "critical -  failure_rate" in command("alerts", sandbox=sandbox).stdout
    early = command("ack", failures()["rule"], sandbox=sandbox)
    assert early.returncode != 0
    assert "no monitor has told of it yet; try again in a minute" in early.stdout + early.stderr
    alarming = await Sparing(sandbox, tmp_path / "elsewhere", AlertRules()).begin()
    await alarming.minutes(2)
    assert command("ack", failures()["episode"][:8], sandbox=sandbox).returncode == 0
    await alarming.close()


@ONE_SHAPE
async def test_an_acknowledgement_needs_no_database(sandbox: Running, command: Command) -> None:
    alarming = await Alarming(sandbox, home_of(command), AlertRules()).begin()
    sandbox.fault("database_down", True)
    await alarming.minutes(12)
    acked = command("ack", "database_down", sandbox=sandbox)
    assert (acked.returncode, acked.stderr) == (0, "")
    alarming.clock.advance(60)
    await alarming.alarms.refreshed()
    alarming.driven.monitor._publish()
    (there,) = [one for one in alarming.driven.monitor.snapshot.alerts if one.rule == "database_down"]
    assert there.state == "acknowledged"
    assert command("alerts", sandbox=sandbox).returncode == 3
    sandbox.fault("database_down", False)
    await alarming.close()


@ONE_SHAPE
async def test_status_is_critical_by_an_alert_alone(sandbox: Running, command: Command, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        " SELECT 't' || i, CASE WHEN i <= 7 THEN 'completed' ELSE 'failed' END, now(), now()"
        " FROM generate_series(1, 10) AS i"
    )
    alarming = await Sparing(sandbox, tmp_path / "elsewhere", AlertRules()).begin()
    await alarming.minutes(2)
    assert alarming.driven.monitor.snapshot.state == "critical"
    assert alarming.driven.monitor.snapshot.state_why == "success rate is low"
    page = command("status", sandbox=sandbox)
    assert page.returncode == 3
    assert "ALERT     critical" in page.stdout
    await alarming.close()


@ONE_SHAPE
def test_a_silence_is_asked_for_listed_and_ended(sandbox: Running, command: Command) -> None:
    refused = command("silence", "emergency_*", "--reason", "maintenance", sandbox=sandbox)
    assert refused.returncode == 2
    assert "add --yes" in refused.stderr
    made = command("silence", "emergency_*", "--for", "3h", "--reason", "maintenance", "--yes", sandbox=sandbox)
    assert (made.returncode, made.stdout) == (0, "emergency_* silenced for 3 h: maintenance (0 alerts now)\n")
    listed = command("silence", "--list", sandbox=sandbox)
    assert "emergency_* until" in listed.stdout
    assert "silenced: emergency_* for 3 h by" in command("alerts", sandbox=sandbox).stdout
    elsewhere = {"XDG_STATE_HOME": str(command.home / "another")}  # a machine that knows only what the log says
    assert command("silence", "--list", sandbox=sandbox, **elsewhere).stdout == listed.stdout
    ended = command("silence", "--end", listed.stdout.split()[0], sandbox=sandbox, **elsewhere)
    assert (ended.returncode, ended.stdout) == (0, "emergency_* is not silenced any more\n")
    assert command("silence", "--list", sandbox=sandbox).stdout == "none\n"
    assert command("silence", "--list", sandbox=sandbox, **elsewhere).stdout == "none\n"
    orders = sandbox.sql(
        "SELECT count(*) FROM autonomous_execution_logs WHERE input_data->>'order' = 'silence'"
        " AND step_status = 'completed'"
    )
    assert orders == [(2,)]


@ONE_SHAPE
def test_a_silence_of_one_alert_calls_it_by_its_title_and_its_name_stands_where_it_is_typed(
    sandbox: Running, command: Command
) -> None:
    name = "success_rate_critical:success rate"
    given = ("silence", name, "--reason", "a deployment")
    planned = command(*given, "--dry-run", sandbox=sandbox)
    assert '"success rate is low": no notifications for 2 h.' in planned.stdout
    made = command(*given, "--yes", sandbox=sandbox)
    assert made.stdout == '"success rate is low" silenced for 2 h: a deployment (0 alerts now)\n'
    assert 'silenced: "success rate is low" for 2 h by' in command("alerts", sandbox=sandbox).stdout
    listed = command("silence", "--list", sandbox=sandbox).stdout
    assert f"{name} until" in listed
    (told,) = json.loads(command("silence", "--list", "--json", sandbox=sandbox).stdout)["silences"]
    assert told["matcher"] == name
    ended = command("silence", "--end", listed.split()[0], sandbox=sandbox)
    assert ended.stdout == '"success rate is low" is not silenced any more\n'
    for said in (planned, made, ended):
        assert "success_rate" not in said.stdout.lower()


@ONE_SHAPE
def test_a_weekly_silence_is_planned_listed_and_ended_by_the_window_or_for_good(
    sandbox: Running, command: Command
) -> None:
    now = datetime.now(UTC)
    hours = f"daily {now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    given = ("--weekly", hours, "--zone", "UTC", "--reason", "backup \x1b[2J [red]", "--yes")
    planned = command("silence", "*", *given[:-1], "--dry-run", sandbox=sandbox)
    assert planned.returncode == 1
    assert f"*: no notifications {hours} UTC every week until it is ended, now until" in planned.stdout
    made = command("silence", "*", *given, sandbox=sandbox)
    assert made.returncode == 0
    assert "backup ␛[2J [red] (0 alerts now)" in made.stdout
    elsewhere = {"XDG_STATE_HOME": str(command.home / "another")}
    listed = command("silence", "--list", sandbox=sandbox, **elsewhere).stdout
    assert listed == command("silence", "--list", sandbox=sandbox).stdout
    assert f"Z, {hours} UTC every week until ended by operator" in listed
    for page in (command("alerts", sandbox=sandbox), command("status", sandbox=sandbox)):
        assert re.search(rf"maintenance until (\S+ )?\d\d:\d\d \({hours} UTC\): backup", page.stdout)
    told = json.loads(command("silence", "--list", "--json", sandbox=sandbox).stdout)
    (silence,) = told["silences"]
    assert (silence["weekly"], silence["zone"], silence["weekly_until"]) == (hours, "UTC", None)
    (also,) = json.loads(command("alerts", "--json", sandbox=sandbox).stdout)["silences"]
    made_at = {"since": silence["since"]}  # not before a clock's own time, and each command puts the project's anew
    assert also | made_at == silence
    ended = command("silence", "--end", listed.split()[0], "--once", sandbox=sandbox, **elsewhere)
    assert ended.returncode == 0
    assert f"* is not silenced any more; {hours} UTC: next" in ended.stdout
    listed = command("silence", "--list", sandbox=sandbox).stdout
    assert f"* {hours} UTC every week until ended, next" in listed
    assert f"planned: maintenance {hours} UTC, next" in command("alerts", sandbox=sandbox).stdout
    for place in ({}, elsewhere):
        ended = command("silence", "--end", listed.split()[0], sandbox=sandbox, **place)
        assert (ended.returncode, ended.stdout) == (0, "* is not silenced any more\n")
    assert command("silence", "--list", sandbox=sandbox, **elsewhere).stdout == "none\n"


@ONE_SHAPE
def test_a_silence_is_planned_once(sandbox: Running, command: Command) -> None:
    given = ("silence", "stuck_tasks", "--reason", "repair", "--for", "3h", "--yes", "--zone", "Europe/Berlin")
    begins = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT12:00Z")
    made = command(*given, "--from", begins, sandbox=sandbox)
    assert made.returncode == 0, made.stderr
    assert re.match(r'"tasks are stuck" silenced from \S+ 1[34]:00 to 1[67]:00 Europe/Berlin \(3 h\), in ', made.stdout)
    listed = command("silence", "--list", sandbox=sandbox).stdout
    assert re.search(r"stuck_tasks \S+ 1[34]:00 to 1[67]:00 Europe/Berlin by operator \S+: repair", listed)
    name = listed.split()[0]
    refused = command("silence", "--end", name, "--once", sandbox=sandbox)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "only a weekly silence has further windows; end it without --once" in refused.stderr
    assert command("silence", "--end", name, sandbox=sandbox).returncode == 0
    soon = command(*given, "--from", "2h", sandbox=sandbox)
    assert soon.returncode == 0, soon.stderr


@ONE_SHAPE
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("ack", "nothing"), "no firing alert is called nothing"),
        (("ack", ""), "no firing alert is called"),
        (("ack",), "Missing argument"),
        (("silence",), "say what to silence and why"),
        (("silence", "x"), "say what to silence and why"),
        (("silence", "x", "--reason", "r", "--for", "8d", "--yes"), "at most 7 d"),
        (("silence", "x", "--reason", "r", "--for", "soon"), "a time such as 30min or 2h"),
        (("silence", "--end", "x"), "no silence is called x"),
        (("silence", "--once"), "--once goes with --end"),
        (("silence", "", "--reason", "r", "--yes"), "MATCHER is empty"),
        (("silence", "x", "--reason", "r", "--weekly", "", "--yes"), "--weekly is empty"),
        (("silence", "x", "--reason", "r", "--from", "", "--yes"), "--from is empty"),
        (("silence", "x", "--reason", "r", "--weekly", "sun"), "must be days and times such as sun 02:00-04:00"),
        (("silence", "x", "--reason", "r", "--weekly", "sun 02:00-02:00"), "must begin and end at different times"),
        (("silence", "x", "--reason", "r", "--weekly", SUNDAY, "--for", "2h"), "a weekly silence takes no --for"),
        (("silence", "x", "--reason", "r", "--weekly", SUNDAY, "--from", "2h", "--yes"), "takes no --from"),
        (("silence", "x", "--reason", "r", "--weekly", SUNDAY, "--zone", "+02:00"), "a time zone's name such as"),
        (("silence", "x", "--reason", "r", "--weekly", SUNDAY, "--until", "soon", "--yes"), "--until takes a time"),
        (("silence", "x", "--reason", "r", "--weekly", SUNDAY, "--until", "2020-01-01", "--yes"), "--until is over"),
        (("silence", "x", "--reason", "r", "--weekly", SUNDAY, "--until", "1min", "--yes"), "no window begins before"),
        (("silence", "x", "--reason", "r", "--until", "2099-01-01", "--yes"), "--until is the end of a weekly silence"),
        (("silence", "x", "--reason", "r", "--zone", "UTC", "--yes"), "--zone is for the times of"),
        (("silence", "x", "--reason", "r", "--from", "whenever", "--yes"), "--from takes a time such as sun 02:00"),
        (("silence", "x", "--reason", "r", "--from", "2020-01-01 02:00", "--yes"), "--from is over"),
        (("silence", "x", "--reason", "r", "--from", "31d", "--yes"), "at most 30 days ahead"),
        (("silence", "x", "--reason", "r", "--from", "2h\x00" + "9" * 99, "--yes"), "at most 60 characters"),
        (("notify",), "Missing option '--test'"),
        (("notify", "--test"), "nobody to notify; set [alerts] contacts"),
        (("--observe", "silence", "x", "--reason", "r", "--yes"), "--observe"),
    ],
)
def test_wrong_use_is_one_sentence_and_two(
    args: tuple[str, ...], words: str, sandbox: Running, command: Command
) -> None:
    result = command(*args, sandbox=sandbox)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]


@ONE_SHAPE
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CONTACTS", "anna", "contacts: entry 1 is not an e-mail address or a URL"),
        ("CHANNELS", "ntfy://x hunter2:secret", "channels: entry 2 is not a URL"),
        ("SMTP_SECURITY", "maybe", "smtp_security must be one of starttls, tls, none"),
        ("SMTP_HOST", "mail.example.org", "smtp_from must be the e-mail address"),
        ("DESKTOP", "popup", "desktop must be osc9 or osc777"),
        ("SMTP_PORT", "many", "WATCHDESK_ALERTS_SMTP_PORT is not usable"),
    ],
)
def test_a_setting_that_cannot_be_right_is_named_without_its_secrets(
    name: str, value: str, words: str, sandbox: Running, command: Command
) -> None:
    result = command("alerts", sandbox=sandbox, **{f"WATCHDESK_ALERTS_{name}": value})
    assert result.returncode == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "hunter2" not in result.stderr


@ONE_SHAPE
def test_a_test_message_goes_to_everybody_and_each_answer_is_said(sandbox: Running, command: Command) -> None:
    with Server(Mailbox()) as server:
        env = {
            "WATCHDESK_ALERTS_CONTACTS": f"{ANNA} json://user:hunter2@127.0.0.1:9/secret-path",
            "WATCHDESK_ALERTS_SMTP_HOST": "127.0.0.1",
            "WATCHDESK_ALERTS_SMTP_PORT": str(server.port),
            "WATCHDESK_ALERTS_SMTP_SECURITY": "none",
            "WATCHDESK_ALERTS_SMTP_FROM": "watchdesk@example.org",
        }
        result = command("notify", "--test", sandbox=sandbox, **env)
        assert result.returncode == 1
        assert f"{ANNA}: accepted" in result.stdout
        assert "json-" in result.stderr
        assert "not accepted" in result.stderr
        assert "hunter2" not in result.stdout + result.stderr
        assert "secret-path" not in result.stdout + result.stderr
        (mail,) = server.box.to(ANNA)
        assert "test message" in str(mail["Subject"])
        assert "nothing is wrong" in body(mail)
        server.box.refused = {ANNA}
        assert command("notify", "--test", sandbox=sandbox, **env).returncode == 4
        only = {**env, "WATCHDESK_ALERTS_CONTACTS": ANNA}
        server.box.refused = set()
        assert command("notify", "--test", sandbox=sandbox, **only).returncode == 0
        kept = b"".join(path.read_bytes() for path in command.home.rglob("*") if path.is_file())
        assert b"hunter2" not in kept
        assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]
