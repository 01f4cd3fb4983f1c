"""A second storm while the alert about the first still stands, on a real project: it is news, with its own numbers."""

from pathlib import Path

from core.actions.acknowledge import ACKNOWLEDGE
from core.domain.alert_view import AlertView
from core.domain.events import AlertChanged
from tests.actions.driving import failures
from tests.alerting.mail_server import ANNA, Alarming, Mailbox, Server
from tests.running import ONE_SHAPE, Running

RATE = "failure_rate_critical:failure rate"


def rate(alarming: Alarming) -> AlertView:
    return next(one for one in alarming.driven.monitor.snapshot.alerts if one.key == RATE)


def completed(sandbox: Running, count: int) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        f" SELECT 'c' || i, 'completed', now(), now() FROM generate_series(1, {count}) AS i"
    )


@ONE_SHAPE
async def test_it_is_an_event_a_mail_and_a_row_and_nobody_has_it(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        alarming = await Alarming(sandbox, tmp_path, server.rules(ANNA), autonomous=False).begin()
        failures(sandbox)
        await alarming.minute()
        assert (await alarming.driven.monitor.run(ACKNOWLEDGE, alert=RATE)).done
        completed(sandbox, 20)
        await alarming.minutes(3)
        assert (rate(alarming).state, rate(alarming).well, rate(alarming).course) == ("acknowledged", True, "resolving")
        failures(sandbox, 300)
        await alarming.minute()
        assert (rate(alarming).word, rate(alarming).acked, rate(alarming).course) == ("firing", "", "")
        assert [subject for subject in server.box.subjects() if "most tasks fail" in subject] == [
            "[probe] CRITICAL: most tasks fail",
            "[probe] CRITICAL: most tasks fail and 1 more",  # the end of the first is told with it
        ]
        said = [one.what.phase for one in alarming.driven.monitor.snapshot.events if isinstance(one.what, AlertChanged)]
        assert said[:2] == ["firing", "resolved"]
        rows = sandbox.sql(
            "SELECT input_data->>'phase', input_data->>'episode' FROM autonomous_execution_logs"
            " WHERE input_data->>'alert' = 'failure_rate_critical' AND input_data->>'phase' <> 'told'"
            " ORDER BY input_data->>'at', input_data->>'phase' DESC"
        )
        assert [phase for phase, _ in rows] == ["firing", "resolved", "firing"]
        assert rows[0][1] == rows[1][1] != rows[2][1] == rate(alarming).episode
        await alarming.close()


@ONE_SHAPE
async def test_the_text_of_an_alert_has_the_number_that_the_check_has(sandbox: Running, tmp_path: Path) -> None:
    with Server(Mailbox()) as server:
        alarming = await Alarming(sandbox, tmp_path, server.rules(ANNA), autonomous=False).begin()
        failures(sandbox)
        await alarming.minute()
        completed(sandbox, 1)
        await alarming.driven.monitor.check()  # and the alerts are not evaluated yet
        alarming.driven.monitor._publish()
        checks = {one.name: one.text for one in alarming.driven.monitor.snapshot.health.checks}
        assert rate(alarming).text == checks["failure_rate"]
        assert "of 21" in rate(alarming).text
        completed(sandbox, 20)
        await alarming.minutes(2)
        assert rate(alarming).well
        failures(sandbox, 300)
        await alarming.driven.monitor.check()
        alarming.driven.monitor._publish()
        assert (rate(alarming).well, "of 341" in rate(alarming).text) == (False, True)
        await alarming.close()
