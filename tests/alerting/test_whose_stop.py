"""Only who ordered the stop that stands has taken care of it: another hand's is told to somebody."""

import json
from pathlib import Path

from core.actions.emergency_stop import EMERGENCY_STOP
from core.alerting.settings import AlertRules
from core.domain.alert_view import AlertView
from tests.alerting.mail_server import Alarming, Mailbox, Server, lift, stop
from tests.running import ONE_SHAPE, Running


def alert_of(alarming: Alarming) -> AlertView:
    """The alert of the stop, as it is shown."""
    return next(one for one in alarming.driven.monitor.snapshot.alerts if one.rule == "emergency_stop")


@ONE_SHAPE
async def test_an_operators_stop_that_is_over_does_not_acknowledge_somebody_elses(
    sandbox: Running, tmp_path: Path
) -> None:
    """Lifted with SQL, as the documentation of the project has it, and set again by another hand."""
    with Server(Mailbox()) as server:
        alarming = await Alarming(sandbox, tmp_path, server.rules()).begin()
        assert (await alarming.driven.monitor.run(EMERGENCY_STOP, reason="maintenance")).done
        await alarming.minutes(2)
        assert alert_of(alarming).acked
        assert not any("emergency" in subject for subject in server.box.subjects())
        lift(sandbox)
        await alarming.minutes(15)
        stop(sandbox, "everything burns")
        await alarming.minutes(5)
        assert not alert_of(alarming).acked
        assert any("emergency" in subject for subject in server.box.subjects())
        await alarming.close()


@ONE_SHAPE
async def test_a_stop_that_was_refused_does_not_acknowledge_somebody_elses(sandbox: Running, tmp_path: Path) -> None:
    """An operator ordered one, and its closing row says that it failed."""
    order = {
        "order": "emergency_stop",
        "run": "6f0bb4c9-7b0c-4d4c-8e4f-5d6f0a2f9b11",
        "by": "operator",
        "who": "operator anna@h",
    }
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, output_data)"
        " VALUES ('watchdog_healing', 'failed', %s, %s)",
        json.dumps(order),
        json.dumps({"stopped": False}),
    )
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    stop(sandbox, "everything burns")
    await alarming.minutes(3)
    assert not alert_of(alarming).acked
    await alarming.close()
