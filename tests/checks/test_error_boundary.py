"""A check that fails in an unforeseen way is that check unknown; the other five, the loop and the alerts go on."""

import logging
from pathlib import Path
from typing import Any

import pytest

import core.checks.runner
import core.monitor.monitor
from core.alerting.settings import AlertRules
from core.checks import CHECKS
from core.domain.snapshot import State
from core.domain.status import Level, Verdict
from tests.actions.driving import Driven
from tests.alerting.mail_server import Alarming
from tests.running import ONE_SHAPE, Running

NAMES = tuple(check.__name__ for check in CHECKS)


def breaking(name: str) -> Any:
    """The checks, one of which raises what nobody foresaw."""

    async def broken(_: Any) -> Verdict:
        raise OverflowError("date value out of range")

    broken.__name__ = name
    return tuple(broken if check.__name__ == name else check for check in CHECKS)


@ONE_SHAPE
@pytest.mark.parametrize("name", NAMES)
async def test_one_check_that_fails_unforeseen_is_unknown_and_the_other_five_are_measured(
    name: str,
    sandbox: Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    monkeypatch.setattr(core.checks.runner, "CHECKS", breaking(name))
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            checkup, _ = await driven.round()
    assert {check.name for check in checkup.checks if check.level is Level.UNKNOWN} == {name}
    assert checkup.of(name).text == "failed (OverflowError); see the log file"
    assert "date value out of range" in caplog.text
    told = [event.text for event in driven.monitor.snapshot.events if "see the log file" in event.text]
    said = f"the check of {name.replace('_', ' ')} failed (OverflowError); see the log file"
    assert [text for text in told if text == said] == [said]  # once, however often it is looked at
    await driven.monitor.close()


@ONE_SHAPE
async def test_alerts_go_on_while_a_check_fails_unforeseen(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    monkeypatch.setattr(core.checks.runner, "CHECKS", breaking("stuck_tasks"))
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true")
    await alarming.minutes(2)
    assert "emergency_stop" in {alert.rule for alert in alarming.alarms.firing()}
    await alarming.close()


@ONE_SHAPE
async def test_a_listener_that_fails_leaves_the_others_with_the_picture(sandbox: Running, tmp_path: Path) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    heard: list[Any] = []

    def broken(_: Any) -> None:
        raise RuntimeError("nobody foresaw this")

    driven.monitor.subscribe(broken)
    driven.monitor.subscribe(heard.append)
    await driven.round()
    assert heard
    assert any("showing the snapshot" in event.text for event in driven.monitor.snapshot.events)
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_picture_that_cannot_be_made_is_said_in_the_last_one(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    before = driven.monitor.snapshot
    with monkeypatch.context() as patch:
        patch.setattr("core.monitor.monitor.compose", lambda *_: 1 // 0)
        await driven.round()
        now = driven.monitor.snapshot
        assert (now.state, now.at) == (State.UNKNOWN, before.at)
        assert now.state_why == "composing the snapshot failed (ZeroDivisionError); see the log file"
    await driven.round()
    assert driven.monitor.snapshot.state is not State.UNKNOWN
    await driven.monitor.close()


@ONE_SHAPE
async def test_last_known_data_that_cannot_be_painted_are_left_out(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, tries = core.monitor.monitor.compose, list[int]()

    def compose(*parts: Any) -> Any:
        tries.append(1)
        return whole(*parts) if len(tries) > 1 else 1 // 0

    monkeypatch.setattr(core.monitor.monitor, "compose", compose)
    driven = Driven(sandbox.url, sandbox.service_key, tmp_path)
    assert driven.monitor.snapshot.config.value is not None
    await driven.monitor.close()
