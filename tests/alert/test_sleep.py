"""What the machine slept through is not held against it: blind is who looked and saw nothing."""

from pathlib import Path

from core.alert.settings import AlertRules
from tests.alert.post import Alarming
from tests.running import Running

NIGHT_S = 8 * 3600.0


def heard(sandbox: Running) -> list[tuple[str]]:
    return sandbox.sql(  # type: ignore[return-value]  # one text each
        "SELECT output_data->>'text' FROM autonomous_execution_logs"
        " WHERE execution_step LIKE 'watchdog_alert%' AND input_data->>'alert' = 'blind'"
    )


async def test_a_machine_that_slept_is_not_blind_before_it_has_looked(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(2)
    alarming.clock.advance(NIGHT_S)
    await alarming.alarms.evaluate()  # the loop of the alerts wakes first
    assert "blind" not in {alert.rule for alert in alarming.alarms.firing()}
    await alarming.minutes(2)
    await alarming.close()
    assert heard(sandbox) == []
