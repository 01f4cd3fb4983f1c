"""A sign-in service that is down, throttled or behind an error page: the session is kept, and nobody else is blamed."""

from pathlib import Path

import pytest

from core.backend.client import Backend
from core.backend.sessions import SessionFile
from core.backend.target import Target
from core.base.clock import SystemClock
from core.monitor import Config, Monitor, Places
from core.resilience import BreakerState
from core.resilience.fault import Counts, Evidence
from tests.actions.driving import Driven
from tests.backend.test_login import EXPIRED
from tests.running import ONE_SHAPE, Running
from tests.wire import Act, answer, reset, wire

PAGE = b"<html>blocked by policy</html>"
DOWN: dict[str, Act] = {
    "a server error": answer(b'{"msg":"boom"}', "500 Internal Server Error"),
    "a bad gateway's page": answer(PAGE, "502 Bad Gateway", "text/html"),
    "throttled": answer(b'{"msg":"slow down"}', "429 Too Many Requests"),
    "a firewall's page": answer(PAGE, "403 Forbidden", "text/html"),
    "a firewall's page that looks fine": answer(PAGE, "200 OK", "text/html"),
    "a text that is refused": answer(b"no", "401 Unauthorized", "text/plain"),
    "a connection that breaks": reset,
}


def target(url: str, sandbox: Running) -> Target:
    return Target(name="t", url=url, key=sandbox.publishable_key, email=sandbox.info["user"])


async def signed_in(url: str, sandbox: Running, places: Places) -> SessionFile:
    """As `login` leaves it."""
    file = SessionFile(places.sessions, url)
    told = Target(
        name="t",
        url=url,
        key=sandbox.publishable_key,
        email=sandbox.info["user"],
        password=sandbox.info["password"],
    )
    backend = Backend(told, SystemClock())
    await backend.sign_in.fresh()
    file.save(backend.sign_in.session())
    await backend.close()
    return file


@ONE_SHAPE
@pytest.mark.parametrize("what", DOWN)
async def test_no_request_goes_out_with_a_dead_token_and_the_session_is_kept(
    what: str, sandbox: Running, tmp_path: Path
) -> None:
    places = Places.within(tmp_path)
    async with wire(sandbox.url) as between:
        file = await signed_in(between.url, sandbox, places)
        before = file.load()
        monitor = Monitor(Config(target=target(between.url, sandbox)), places=places)
        await monitor.refresh(everything=True)
        assert monitor.snapshot.link.word == "LIVE"
        between.acts["/rest/"] = EXPIRED
        between.acts["/auth/"] = DOWN[what]
        between.seen.clear()
        await monitor.refresh(everything=True)
        first = [line for line in between.seen if "/rest/" in line]
        between.seen.clear()
        for _ in range(3):
            await monitor.refresh(everything=True)
        after = [line for line in between.seen if "/rest/" in line]
        snapshot = monitor.snapshot
        faults = monitor._parts.readings.faults()
        await monitor.close()
    assert len(first) <= 16  # those that were under way together
    assert after == []
    assert {fault.evidence for fault in faults} == {Evidence.NONE}
    assert {fault.counts for fault in faults} == {Counts.NEUTRAL}
    assert all("sign-in service" in fault.message for fault in faults), faults
    assert not any("login" in fault.remedy for fault in faults)
    assert file.load() == before
    database = [one for one in snapshot.breakers if one.component == "db"]
    assert {one.state for one in database} == {BreakerState.CLOSED}
    assert [one.key for one in snapshot.breakers if one.component == "auth"] == ["auth:refresh"]


@ONE_SHAPE
async def test_the_sign_in_has_a_breaker_and_the_breaker_an_alert(sandbox: Running, tmp_path: Path) -> None:
    places = Places.within(tmp_path / "t")
    async with wire(sandbox.url) as between:
        await signed_in(between.url, sandbox, places)
        driven = Driven(
            between.url,
            sandbox.publishable_key,
            tmp_path / "t",
            email=sandbox.info["user"],
            autonomous=False,
        )
        await driven.begin()
        between.acts["/rest/"] = EXPIRED
        between.acts["/auth/"] = DOWN["a server error"]
        for _ in range(14):
            driven.clock.advance(60.0)
            await driven._look_around()
            await driven.parts.alerts.evaluate()
        fires = {(one.rule, one.subject) for one in driven.parts.alerts.firing()}
        states = {one.key: one.state for one in driven.parts.breakers.all() if one.component == "auth"}
        between.acts.clear()
        driven.clock.advance(120.0)
        await driven._look_around()
        word = driven.monitor.snapshot.link.word
        await driven.monitor.close()
    assert ("breakers", "auth") in fires
    assert ("database_down", "db") not in fires
    assert states["auth:refresh"] in {BreakerState.OPEN, BreakerState.DUE}
    assert word == "LIVE"
