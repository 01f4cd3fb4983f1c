"""Sign-in: kept by `login`, ended by `logout`, renewed once however many ask, shared by processes, never leaked."""

import asyncio
import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from core.backend.client import Backend
from core.backend.faults import Failed
from core.backend.reads import Reads
from core.backend.schema import UNDISCOVERED, discover
from core.backend.sessions import SessionFile, StoredSession
from core.backend.target import Target
from core.base.clock import SystemClock
from core.base.text import redacted
from core.monitor import Config, Monitor, Places
from core.monitor.login import log_in, log_out
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.terminal import Terminal
from tests.wire import Wire, answer, wire

EXPIRED = answer(b'{"code":"PGRST303","message":"JWT expired"}', "401 Unauthorized")


def as_master(sandbox: Running) -> dict[str, str]:
    return {
        "SUPABASE_KEY": sandbox.publishable_key,
        "SUPABASE_EMAIL": sandbox.info["user"],
        "SUPABASE_PASSWORD": sandbox.info["password"],
    }


def sessions(command: Command) -> list[Path]:
    return list((command.home / "state").rglob("sessions/*.json"))


@ONE_SHAPE
def test_login_keeps_a_session_that_later_commands_use_and_logout_ends_it(sandbox: Running, command: Command) -> None:
    done = command("login", sandbox=sandbox, **as_master(sandbox))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("signed in to 127.0.0.1:")
    (file,) = sessions(command)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    sandbox.completed(3)
    status = command("status", sandbox=sandbox, SUPABASE_KEY=sandbox.publishable_key)
    assert status.returncode == 0, status.stdout + status.stderr
    assert f"as {sandbox.info['user']}" in status.stdout
    assert "3 completed" in status.stdout
    assert "renewed automatically" in status.stdout

    refresh = json.loads(file.read_text())["refresh_token"]
    out = command("logout", sandbox=sandbox, SUPABASE_KEY=sandbox.publishable_key)
    assert (out.returncode, sessions(command)) == (0, [])
    again = httpx.post(
        f"{sandbox.url}/auth/v1/token?grant_type=refresh_token",
        json={"refresh_token": refresh},
        headers={"apikey": sandbox.publishable_key},
    )
    assert again.status_code == 400
    assert "nobody is signed in" in command("logout", sandbox=sandbox, SUPABASE_KEY=sandbox.publishable_key).stdout


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "wrong password": ({"SUPABASE_PASSWORD": "no"}, "Invalid login credentials"),
    "nobody to ask": ({"SUPABASE_PASSWORD": ""}, "nobody is there to ask"),
    "a secret key": ({"SUPABASE_KEY": "sb_secret_x"}, "needs no sign-in"),
}


@ONE_SHAPE
@pytest.mark.parametrize("case", WRONG)
def test_a_login_that_cannot_be_is_one_sentence_and_two(case: str, sandbox: Running, command: Command) -> None:
    env, told = WRONG[case]
    done = command("login", sandbox=sandbox, **as_master(sandbox) | env)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sessions(command) == []


@ONE_SHAPE
def test_an_email_without_password_or_session_says_what_to_do(sandbox: Running, command: Command) -> None:
    env = as_master(sandbox) | {"SUPABASE_PASSWORD": ""}
    done = command("status", sandbox=sandbox, **env)
    assert done.returncode == 2
    assert "watchdesk login" in done.stderr


@ONE_SHAPE
def test_a_session_the_server_has_forgotten_says_what_to_do(sandbox: Running, command: Command) -> None:
    assert command("login", sandbox=sandbox, **as_master(sandbox)).returncode == 0
    (file,) = sessions(command)
    session = msgspec.json.decode(file.read_bytes(), type=StoredSession)
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(session, access_token="", refresh_token="gone")))
    done = command("status", sandbox=sandbox, SUPABASE_KEY=sandbox.publishable_key)
    assert done.returncode == 2
    assert "the stored session has expired: run: watchdesk login" in done.stderr


@ONE_SHAPE
def test_no_secret_is_written_anywhere(sandbox: Running, command: Command) -> None:
    env = as_master(sandbox)
    for words in (["login"], ["status"], ["status", "--json"], ["heal", "--dry-run"]):
        done = command(*words, sandbox=sandbox, **env)
        told = done.stdout + done.stderr
        assert env["SUPABASE_PASSWORD"] not in told
        assert env["SUPABASE_KEY"] not in told
    bad = command("status", sandbox=sandbox, SUPABASE_KEY="sb_secret_canary_1234567890")
    assert "canary" not in bad.stdout + bad.stderr
    (file,) = sessions(command)
    tokens = json.loads(file.read_text())
    canaries = [*env.values(), tokens["access_token"], tokens["refresh_token"], "canary"]
    canaries.remove(env["SUPABASE_EMAIL"])
    kept = [path for path in command.home.rglob("*") if path.is_file() and path != file]
    assert any(path.suffix == ".db" for path in kept)
    for path in kept:
        body = path.read_bytes()
        assert not [canary for canary in canaries if canary.encode() in body], path


def test_what_looks_like_a_secret_is_not_logged() -> None:
    text = "key sb_secret_abc-DEF_1 token eyJhbGciOi.eyJzdWI.sig and Bearer abc123 and hunter2"
    assert redacted(text, ("hunter2",)) == "key sb_secret_… token eyJ… and Bearer … and …"


def backend_at(between: Wire, sandbox: Running, stored: SessionFile | None = None, **more: str) -> Backend:
    target = Target(name="t", url=between.url, key=sandbox.publishable_key, email=sandbox.info["user"], **more)
    return Backend(target, SystemClock(), stored=stored)


def renewals(between: Wire) -> int:
    return len([line for line in between.seen if "grant_type=refresh_token" in line])


@ONE_SHAPE
async def test_a_token_that_was_refused_is_renewed_once_however_many_call(sandbox: Running) -> None:
    async with wire(sandbox.url) as between:
        backend = backend_at(between, sandbox, password=sandbox.info["password"])
        reads = Reads(backend.calls, UNDISCOVERED)
        await reads.config.fetch()
        between.once = [("/rest/", EXPIRED)] * 8
        counts = await asyncio.gather(*(reads.counts.exactly("pending") for _ in range(8)))
        assert counts == [0] * 8
        assert renewals(between) == 1
        assert len([line for line in between.seen if "grant_type=password" in line]) == 1
        sign_in = next(head for head in between.heads if "grant_type=refresh_token" in head)
        assert f"Bearer {sandbox.publishable_key}" not in sign_in
        await backend.close()


@ONE_SHAPE
async def test_while_a_token_is_renewed_no_request_goes_out_as_somebody_else(sandbox: Running) -> None:
    async with wire(sandbox.url) as between:
        backend = backend_at(between, sandbox, password=sandbox.info["password"])
        reads = Reads(backend.calls, UNDISCOVERED)
        await reads.config.fetch()
        between.once = [("/rest/", EXPIRED)]
        between.delays["/auth/"] = 0.3
        renewing = asyncio.ensure_future(reads.counts.exactly("pending"))
        await asyncio.sleep(0.15)
        await reads.counts.exactly("failed")
        await renewing
        rest = [head for head in between.heads if " /rest/" in head]
        assert all("authorization: bearer eyj" in head.lower() for head in rest)
        await backend.close()


@ONE_SHAPE
async def test_a_token_refused_twice_is_a_fault_and_not_a_loop(sandbox: Running) -> None:
    async with wire(sandbox.url) as between:
        backend = backend_at(between, sandbox, password=sandbox.info["password"])
        reads = Reads(backend.calls, UNDISCOVERED)
        between.acts["/rest/"] = EXPIRED
        with pytest.raises(Failed) as caught:
            await reads.config.fetch()
        assert caught.value.fault.kind == "expired_token"
        assert caught.value.fault.person
        assert len([line for line in between.seen if "/rest/" in line]) == 2
        await backend.close()


@ONE_SHAPE
async def test_a_renewal_counts_for_no_breaker(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        target = Target(
            name="t",
            url=between.url,
            key=sandbox.publishable_key,
            email=sandbox.info["user"],
            password=sandbox.info["password"],
        )
        monitor = Monitor(Config(target=target), places=Places.within(tmp_path))
        await monitor.refresh(everything=True)
        between.once = [("/rest/", EXPIRED)] * 5
        await monitor.refresh(everything=True)
        assert monitor.snapshot.link.word == "LIVE"
        assert [record.failures for record in monitor.snapshot.breakers if record.failures] == []
        assert monitor.snapshot.project.session_renews
        await monitor.close()


@ONE_SHAPE
async def test_processes_that_share_a_session_take_turns(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        file = SessionFile(tmp_path, between.url)
        first = backend_at(between, sandbox, password=sandbox.info["password"])
        await first.sign_in.fresh()
        file.save(first.sign_in.session())
        pair = [backend_at(between, sandbox, file), backend_at(between, sandbox, file)]
        numbers = [await one.sign_in.fresh() for one in pair]
        assert renewals(between) == 0
        await asyncio.gather(*(one.sign_in.renew(n) for one, n in zip(pair, numbers, strict=True)))
        assert renewals(between) == 1  # the second read what the first had put there
        session: Any = file.load()
        assert session.access_token == pair[0].sign_in.token == pair[1].sign_in.token
        for one in (first, *pair):
            await one.close()


def test_the_session_of_another_project_is_never_used(tmp_path: Path) -> None:
    file = SessionFile(tmp_path, "https://a.example")
    file.save(StoredSession(url="https://a.example", email="e", access_token="a", refresh_token="r", expires_at=0))
    assert SessionFile(tmp_path, "https://b.example").load() is None
    assert "a.example" in repr(file.load())
    assert "access_token" not in repr(file.load())
    (path,) = tmp_path.glob("*.json")
    path.write_text("{broken")
    assert file.load() is None


@ONE_SHAPE
def test_login_asks_on_a_terminal_and_shows_no_password(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, None, "login", SUPABASE_URL=sandbox.url, SUPABASE_KEY=sandbox.publishable_key)
    terminal.await_text("E-mail")
    os.write(terminal.master, sandbox.info["user"].encode() + b"\n")
    terminal.await_text(f"Password of {sandbox.info['user']}")
    os.write(terminal.master, sandbox.info["password"].encode() + b"\n")
    terminal.await_text("signed in to")
    assert terminal.ended() == 0
    assert sandbox.info["password"].encode() not in terminal.raw
    assert len(sessions(command)) == 1
    os.close(terminal.master)


@ONE_SHAPE
async def test_a_new_token_goes_out_with_the_next_request(sandbox: Running) -> None:
    async with wire(sandbox.url) as between:
        backend = backend_at(between, sandbox, password=sandbox.info["password"])
        reads = Reads(backend.calls, await discover(backend))
        between.heads.clear()
        await reads.config.fetch()
        between.once = [("/rest/", EXPIRED)]
        await reads.config.fetch()
        tokens = [line for head in between.heads for line in head.splitlines() if line.lower().startswith("authoriz")]
        rest = [token for token in tokens if "eyJ" in token]
        assert rest[0] == rest[1] != rest[2]
        await backend.close()


@ONE_SHAPE
async def test_a_renewal_that_fails_is_told_as_it_is_and_tried_again(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        file = SessionFile(tmp_path, between.url)
        first = backend_at(between, sandbox, password=sandbox.info["password"])
        await first.sign_in.fresh()
        file.save(first.sign_in.session())
        backend = backend_at(between, sandbox, file)
        reads = Reads(backend.calls, UNDISCOVERED)
        busy = answer(b'{"msg":"slow down"}', "429 Too Many", headers="Retry-After: 9\r\n")
        between.once = [("/rest/", EXPIRED), ("/auth/", busy)]
        with pytest.raises(Failed) as caught:
            await reads.config.fetch()
        assert (caught.value.fault.kind, caught.value.fault.retry_after_s) == ("rate_limited", 9.0)
        between.once = [("/rest/", EXPIRED)]
        assert await reads.config.fetch() is not None  # the refresh token was not thrown away
        for one in (first, backend):
            await one.close()


@ONE_SHAPE
async def test_signing_out_ends_this_session_only(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        places = Places.within(tmp_path)
        target = Target(
            name="t",
            url=between.url,
            key=sandbox.publishable_key,
            email=sandbox.info["user"],
            password=sandbox.info["password"],
        )
        elsewhere = backend_at(between, sandbox, password=sandbox.info["password"])
        await elsewhere.sign_in.fresh()
        await log_in(target, places)
        assert (await log_out(target, places)).email == sandbox.info["user"]
        assert [line for line in between.seen if "/logout" in line] == ["POST /auth/v1/logout?scope=local"]
        await elsewhere.sign_in.renew(await elsewhere.sign_in.fresh())
        assert len([line for line in between.seen if "grant_type=password" in line]) == 2  # by its refresh token
        await elsewhere.close()


@ONE_SHAPE
async def test_not_even_debug_logs_show_a_secret(sandbox: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with wire(sandbox.url) as between:
        backend = backend_at(between, sandbox, password=sandbox.info["password"])
        await Reads(backend.calls, UNDISCOVERED).config.fetch()
        between.acts["/rest/"] = answer(b"<html>", "502 x", "text/html")
        with pytest.raises(Failed):
            await Reads(backend.calls, UNDISCOVERED).config.fetch()
        for secret in (sandbox.publishable_key, sandbox.info["password"], backend.sign_in.token):
            assert secret not in caplog.text
        await backend.close()


async def test_who_is_cancelled_while_waiting_for_his_turn_holds_nothing(tmp_path: Path) -> None:
    file, other = SessionFile(tmp_path, "https://a.example"), SessionFile(tmp_path, "https://a.example")

    async def wait_for_it() -> None:
        async with other.turn():
            raise AssertionError("it was not free")

    async with file.turn():
        waiting = asyncio.create_task(wait_for_it())
        await asyncio.sleep(0.12)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
    async with asyncio.timeout(1), other.turn():
        pass
