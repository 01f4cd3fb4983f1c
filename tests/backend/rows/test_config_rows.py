"""Several config rows: a critical fault of its own, said everywhere, with its remedy. Only a uuid lets there be two."""

import json
from pathlib import Path

from core.actions.emergency_stop import EMERGENCY_STOP
from core.alerting.settings import AlertRules
from core.domain.actions import ResultPhase
from core.domain.snapshot import State
from tests.actions.driving import Driven
from tests.alerting.mail_server import Alarming
from tests.running import ONE_SHAPE, Command, Running

TWO = "INSERT INTO autonomous_system_config (enabled, dry_run_mode) VALUES (true, {})"


@ONE_SHAPE
def test_status_says_so_and_ends_as_critical(sandbox: Running, command: Command) -> None:
    sandbox.sql(TWO.format("false"))
    done = command("status", sandbox=sandbox)
    assert done.returncode == 3
    assert done.stdout.startswith("CRITICAL  2 config rows")
    assert "DELETE FROM autonomous_system_config" in done.stdout
    report = json.loads(command("status", "--json", sandbox=sandbox).stdout)
    assert (report["state"], report["config_rows"]) == ("critical", 2)
    assert [notice for notice in report["notices"] if notice.startswith("2 config rows")]


def test_one_is_as_it_should_be(sandbox: Running, command: Command) -> None:
    report = json.loads(command("status", "--json", sandbox=sandbox).stdout)
    assert (report["state"], report["config_rows"]) == ("idle", 1)


@ONE_SHAPE
async def test_an_alert_says_so_at_once_until_one_is_left(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minute()
    assert "config_rows" not in {alert.rule for alert in alarming.alarms.firing()}
    sandbox.sql(TWO.format("true"))
    await alarming.minute()
    alert = alarming.alarms.firing()[0]  # the worst; that this clock runs ahead is another one
    assert (alert.rule, alert.severity.value) == ("config_rows", "critical")
    shown = next(one for one in alarming.driven.monitor.snapshot.alerts if one.rule == "config_rows")
    assert "2 config rows" in shown.text
    assert "DELETE FROM" in shown.runbook
    sandbox.sql("DELETE FROM autonomous_system_config; INSERT INTO autonomous_system_config DEFAULT VALUES")
    await alarming.minutes(3)
    snapshot = alarming.driven.monitor.snapshot
    await alarming.close()
    assert "config_rows" not in {alert.rule for alert in alarming.alarms.firing()}
    assert snapshot.state is not State.CRITICAL


@ONE_SHAPE
async def test_any_of_them_stops_and_dry_run_is_on_only_if_all_say_so(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(TWO.format("false"))
    for (name,) in sandbox.sql("SELECT id FROM autonomous_system_config"):
        sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = (id = %s), emergency_stop_reason = 'r'", name)
        home = tmp_path / str(name)
        alarming = await Alarming(sandbox, home, AlertRules()).begin()
        snapshot = alarming.driven.monitor.snapshot
        await alarming.close()
        config = snapshot.config.value
        assert config is not None
        assert (config.emergency_stop, config.stop_reason, config.dry_run) == (True, "r", False)
        assert len(config.ids) == 2
        assert snapshot.state is State.STOPPED


@ONE_SHAPE
def test_a_stop_stops_all_of_them(sandbox: Running, command: Command) -> None:
    """A migration that is run twice leaves two: no agent may go by the other one."""
    sandbox.sql(TWO.format("true"))
    done = command("stop", "--reason", "r", "--yes", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(True,)] * 2


@ONE_SHAPE
async def test_a_stop_that_one_of_two_rows_does_not_take_is_done_in_part(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(TWO.format("true"))
    (first, *_) = [str(name) for (name,) in sandbox.sql("SELECT id FROM autonomous_system_config ORDER BY id")]
    sandbox.sql(
        "CREATE FUNCTION keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        "CREATE TRIGGER keeps BEFORE UPDATE ON autonomous_system_config FOR EACH ROW"
        f" WHEN (OLD.id::text = '{first}') EXECUTE FUNCTION keeps()"
    )
    try:
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        result = await driven.monitor.run(EMERGENCY_STOP, reason="fire")
        await driven.monitor.close()
    finally:
        sandbox.sql("DROP TRIGGER keeps ON autonomous_system_config; DROP FUNCTION keeps()")
    assert (result.phase, result.done) == (ResultPhase.PARTLY, False)
    assert "NOT set on every config row" in result.text
