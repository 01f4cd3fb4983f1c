"""`doctor` against set-ups that are really broken: each is named at its step, with its remedy and the exit code."""

import asyncio
import contextlib
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import jwt
import pytest
import trustme

from core.backend.overview_sql import OVERVIEW_VERSION
from tests.alerting.mail_server import ANNA, BORIS, Mailbox, Server, free_port
from tests.faults.proxies import proxy
from tests.running import ONE_SHAPE, PROGRAM, Command, Running
from tests.tui.hand import Hand
from tests.wire import answer, hang, never_accepts, wire

STEPS = (
    *("settings", "proxy", "dns", "tcp", "tls", "answer", "clock", "key", "sign-in"),
    *("table autonomous_system_config", "table autonomous_tasks", "table autonomous_execution_logs"),
    *("table autonomous_safety_checks", "schema", "agents' function", "SQL function"),
    *("cache on disk", "state on disk", "alerts", "monitors", "lease", "terminal"),
)
MOST_S = 20.0


class Found(NamedTuple):
    """What the doctor said: its exit code, and each step."""

    code: int
    steps: Mapping[str, Mapping[str, str]]

    def says(self, name: str, state: str, *words: str) -> None:
        step = self.steps[name]
        assert step["state"] == state, step
        for word in words:
            assert word in f"{step['text']}: {step['remedy']}", step

    def all_ok_but(self, *names: str) -> None:
        assert [one for one, step in self.steps.items() if step["state"] != "ok" and one not in names] == []


def read(done: "subprocess.CompletedProcess[str]") -> Found:
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)
    assert (told["version"], told["exit_code"]) == (1, done.returncode), done.stderr
    for one in told["steps"]:
        if one["state"] == "failed":
            assert one["remedy"] or one["name"] in {"settings", "terminal"} or "; " in one["text"], one
        if one["state"] == "not tried":
            assert one["text"], one
    steps = {one["name"]: one for one in told["steps"]}
    assert set(steps) <= set(STEPS)
    return Found(done.returncode, steps)


def examine(command: Command, sandbox: Running | None = None, **env: str) -> Found:
    began = time.monotonic()
    found = read(command("doctor", "--json", sandbox=sandbox, **env))
    assert time.monotonic() - began < MOST_S + 5  # the start of the program is no step of it
    return found


async def examined(command: Command, sandbox: Running | None = None, **env: str) -> Found:
    return await asyncio.to_thread(examine, command, sandbox, **env)


@contextlib.contextmanager
def changed(sandbox: Running, change: str, back: str) -> Iterator[None]:
    """The schema or its rights changed, and then as they were."""
    sandbox.sql(f"{change}; NOTIFY pgrst, 'reload schema'")
    try:
        yield
    finally:
        sandbox.sql(f"{back}; NOTIFY pgrst, 'reload schema'")


# Well


def test_where_all_is_well_each_step_is_ok_and_nothing_is_written(sandbox: Running, command: Command) -> None:
    before = sandbox.functions()
    found = examine(command, sandbox)
    assert tuple(found.steps) == STEPS
    found.all_ok_but()
    assert found.code == 0
    found.says("settings", "ok", sandbox.url, "from SUPABASE_URL", "secret key from SUPABASE_KEY")
    found.says("schema", "ok", f"{sandbox.shape} shape")
    found.says("lease", "ok", "not held")
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]
    assert sandbox.functions() == before


@ONE_SHAPE
def test_a_person_gets_a_line_a_step_and_no_secret(sandbox: Running, command: Command) -> None:
    done = command("doctor", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [one.split("  ")[0].strip() for one in lines] == list(STEPS)
    assert all(" ok " in one for one in lines)
    assert sandbox.service_key not in done.stdout
    assert sandbox.function_key not in done.stdout


# Settings


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({}, "no project is configured: set SUPABASE_URL and SUPABASE_KEY"),
        ({"SUPABASE_URL": "https://example.invalid"}, "SUPABASE_URL is set but no key"),
        ({"SUPABASE_URL": "example", "SUPABASE_KEY": "sb_secret_x"}, "'example' is not a URL"),
        ({"SUPABASE_URL": "https://example.invalid", "SUPABASE_KEY": "sb_secret_“x”"}, "characters no key has"),
    ],
)
def test_without_a_project_only_this_machine_is_looked_at(command: Command, env: dict[str, str], told: str) -> None:
    found = examine(command, **env)
    assert found.code == 2
    found.says("settings", "failed", told)
    assert tuple(found.steps) != ()
    for name in STEPS[1:16]:
        found.says(name, "not tried", "settings failed")
    for name in ("cache on disk", "state on disk", "terminal"):
        found.says(name, "ok")


@ONE_SHAPE
def test_a_setting_that_cannot_be_used_keeps_nobody_from_looking_at_the_project(
    sandbox: Running, command: Command
) -> None:
    found = examine(command, sandbox, WATCHDESK_ALERTS_CONTACTS="nobody")
    assert found.code == 2
    found.says("settings", "failed", "[alerts] contacts: entry 1 is not an e-mail address")
    found.says("alerts", "not tried", "settings failed")
    found.all_ok_but("settings", "alerts")


# The way


@pytest.mark.parametrize(
    ("url", "step", "words"),
    [
        ("https://nowhere.invalid", "dns", ("the host name could not be resolved", "DNS settings, and SUPABASE_URL")),
        ("http://127.0.0.1:{port}", "tcp", ("connection refused", "check that SUPABASE_URL is")),
    ],
)
def test_a_name_that_is_not_known_and_a_port_where_nobody_is(
    command: Command, url: str, step: str, words: tuple[str, ...]
) -> None:
    found = examine(command, SUPABASE_URL=url.format(port=free_port()), SUPABASE_KEY="sb_secret_x")
    assert found.code == 4
    found.says(step, "failed", *words)
    found.says("key", "not tried", f"{step} failed")
    found.says("state on disk", "ok")


def test_a_name_server_that_is_silent_holds_up_nothing(command: Command) -> None:
    servers = command.home / "resolv.conf"
    servers.write_text("nameserver 127.0.0.53\noptions timeout:30 attempts:3\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind(("127.0.0.53", 53))
        except OSError:
            pytest.skip("no name server can be made here")
        env = command.environment(SUPABASE_URL="https://project.example", SUPABASE_KEY="sb_secret_x")
        shell = f'mount --bind {servers} /etc/resolv.conf || exit 99; exec "$@"'
        run = ("unshare", "--mount", "sh", "-c", shell, "sh", *PROGRAM, "doctor", "--json")
        began = time.monotonic()
        done = subprocess.run(
            run, cwd=command.home, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode not in range(5):
            pytest.skip("no other name server can be named here")
        assert time.monotonic() - began < MOST_S + 5
    found = read(done)
    assert found.code == 4
    found.says("dns", "failed", "no result after 6 s")


def test_a_port_that_lets_nobody_in_and_says_nothing(command: Command) -> None:
    with never_accepts() as url:
        found = examine(command, SUPABASE_URL=url, SUPABASE_KEY="sb_secret_x")
    assert found.code == 4
    found.says("tcp", "failed", "no result after 6 s", "network")


async def test_a_project_that_connects_and_is_silent(command: Command) -> None:
    async with wire() as there:
        there.acts["/"] = hang
        found = await examined(command, SUPABASE_URL=there.url, SUPABASE_KEY="sb_secret_x")
    assert found.code == 4
    found.says("answer", "failed", "connected, but the request timed out", "wait and try again")
    found.says("lease", "not tried", "answer failed")


@ONE_SHAPE
def test_a_project_that_takes_three_seconds_for_each_answer(sandbox: Running, command: Command) -> None:
    sandbox.fault("slow", True)
    found = examine(command, sandbox)  # which is over in time
    found.says("key", "ok")
    found.says("table autonomous_tasks", "ok")


async def test_a_project_that_is_paused(command: Command) -> None:
    async with wire() as there:
        there.acts["/"] = answer(b"{}", "540 Project paused")
        found = await examined(command, SUPABASE_URL=there.url, SUPABASE_KEY="sb_secret_x")
    assert found.code == 2
    found.says("key", "failed", "the project is paused", "restore the project in its dashboard")


async def test_a_web_page_in_place_of_the_api(command: Command) -> None:
    async with wire() as there:
        there.acts["/"] = answer(b"<html>", "403 Forbidden", "text/html")
        found = await examined(command, SUPABASE_URL=there.url, SUPABASE_KEY="sb_secret_x")
    assert found.code == 4
    found.says("key", "failed", "a firewall or proxy answered 403", "network restrictions")


# TLS


def served(authority: trustme.CA, *names: str, **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **more).configure_cert(context)
    return context


NOW = datetime.now(UTC)
AGO, SOON = NOW - timedelta(days=30), NOW + timedelta(days=5)


class Shown(NamedTuple):
    """A certificate, whether its authority is trusted, and what the doctor says of it."""

    code: int
    state: str
    words: tuple[str, ...]
    trusted: bool = True
    name: str = "127.0.0.1"
    dates: Mapping[str, datetime] = {}


CERTIFICATES = {
    "own authority": Shown(0, "ok", ("certificate from", "trusted by SSL_CERT_FILE, valid until")),
    "not trusted": Shown(
        4, "failed", ("the TLS certificate is not trusted", "set SSL_CERT_FILE to that CA's file"), trusted=False
    ),
    "another name": Shown(
        4, "failed", ("not valid for", "the host name that the certificate is for"), name="elsewhere.example"
    ),
    "expired": Shown(
        *(4, "failed", ("expired", "if this machine's date (", f"{NOW:%Y}) is right", "must be renewed")),
        dates={"not_before": AGO - timedelta(days=9), "not_after": AGO},
    ),
    "ends soon": Shown(1, "warning", ("valid until", "have it renewed before that"), dates={"not_after": SOON}),
}


@ONE_SHAPE
@pytest.mark.parametrize("shown", CERTIFICATES.values(), ids=list(CERTIFICATES))
async def test_certificates(sandbox: Running, command: Command, shown: Shown) -> None:
    code, state, words, trusted, name, dates = shown
    authority = trustme.CA()
    file = command.home / "ca.pem"
    authority.cert_pem.write_to_path(file)
    env = {"SSL_CERT_FILE": str(file)} if trusted else {}
    async with wire(sandbox.url, tls=served(authority, name, **dates)) as there:
        found = await examined(command, sandbox, SUPABASE_URL=there.url, **env)
    assert found.code == code
    found.says("tls", state, *words)
    if state == "failed":
        found.says("key", "not tried", "tls failed")
    else:
        found.all_ok_but("tls")


@ONE_SHAPE
def test_tls_where_none_is_spoken(sandbox: Running, command: Command) -> None:
    found = examine(command, sandbox, SUPABASE_URL=sandbox.url.replace("http:", "https:"))
    assert found.code == 4
    found.says("tls", "failed", "that port does not speak TLS: check https:// and the port")


@ONE_SHAPE
async def test_authorities_that_cannot_be_read(sandbox: Running, command: Command) -> None:
    async with wire(sandbox.url, tls=served(trustme.CA(), "127.0.0.1")) as there:
        found = await examined(command, sandbox, SUPABASE_URL=there.url, SSL_CERT_FILE="/nowhere/ca.pem")
    assert found.code == 4
    found.says("tls", "failed", "this machine's SSL_CERT_FILE cannot be used", "fix SSL_CERT_FILE, or unset it")


# The proxy


@ONE_SHAPE
async def test_a_proxy_that_works_is_named_and_connects_in_our_place(sandbox: Running, command: Command) -> None:
    async with proxy() as there:
        found = await examined(command, sandbox, HTTP_PROXY=there.url)
    assert found.code == 0
    found.says(
        "proxy", "ok", f"this machine's proxy (HTTP_PROXY, {there.url.removeprefix('http://')}) accepts connections"
    )
    found.says("dns", "ok", "done by the proxy")


@ONE_SHAPE
async def test_tls_through_a_proxy(sandbox: Running, command: Command) -> None:
    authority, file = trustme.CA(), command.home / "ca.pem"
    authority.cert_pem.write_to_path(file)
    async with wire(sandbox.url, tls=served(authority, "127.0.0.1")) as there, proxy() as between:
        env = {"SUPABASE_URL": there.url, "HTTPS_PROXY": between.url}
        found = await examined(command, sandbox, **env, SSL_CERT_FILE=str(file))
        assert found.code == 0
        found.says("tls", "ok", "trusted by SSL_CERT_FILE")
        found = await examined(command, sandbox, **env)
        assert found.code == 4
        found.says("tls", "failed", "through this machine's proxy (HTTPS_PROXY", "SSL_CERT_FILE")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("ftp://proxy.example", ("HTTP_PROXY cannot be used: it is not a proxy address", "fix HTTP_PROXY")),
        ("http://nowhere.invalid:3128", ("cannot be reached: the host name could not be resolved", "NO_PROXY")),
        ("http://127.0.0.1:{port}", ("cannot be reached: connection refused", "fix HTTP_PROXY, or add the project")),
    ],
)
def test_a_proxy_that_cannot_be_reached_or_used(command: Command, value: str, words: tuple[str, ...]) -> None:
    env = {"SUPABASE_URL": "http://project.example", "SUPABASE_KEY": "sb_secret_x"}
    found = examine(command, **env, HTTP_PROXY=value.format(port=free_port()))
    assert found.code == 4
    found.says("proxy", "failed", *words)
    found.says("dns", "not tried", "proxy failed")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("407 Proxy Authentication Required", ("asks for a password", "put it into HTTPS_PROXY")),
        ("403 Forbidden", ("refuses: 403 Forbidden", "fix HTTPS_PROXY, or add the project's host to NO_PROXY")),
    ],
)
async def test_a_proxy_that_refuses(command: Command, status: str, words: tuple[str, ...]) -> None:
    async with proxy(answer(b"", status)) as between:
        env = {"SUPABASE_URL": "https://project.example", "SUPABASE_KEY": "sb_secret_x"}
        found = await examined(command, **env, HTTPS_PROXY=between.url)
    assert found.code == 4
    found.says("tls", "failed", *words)


# The clock


@ONE_SHAPE
async def test_a_clock_that_is_off(sandbox: Running, command: Command) -> None:
    async with wire(sandbox.url) as there:
        there.once.append(("/rest/v1/", answer(b"{}", headers="Date: Mon, 05 Jan 2026 10:00:00 GMT\r\n")))
        found = await examined(command, sandbox, SUPABASE_URL=there.url)
    assert found.code == 1
    found.says("clock", "warning", "ahead of the project's", "NTP")
    found.all_ok_but("clock")


# Keys and sign-ins


def token(role: str, ends: datetime = NOW + timedelta(days=900), **more: str) -> str:
    return str(jwt.encode({"role": role, "exp": ends, **more}, "x" * 40, algorithm="HS256"))


@ONE_SHAPE
@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sb_secret_wrong", ("Invalid API key", "set SUPABASE_KEY to an API key of this project")),
        ("sb_other_x", ("an unknown kind of key", "copy an API key")),
        ("postgres", ("not an API key", "copy an API key of this project")),
        (token("authenticated"), ("a user's access token", "set the token as SUPABASE_ACCESS_TOKEN")),
        (token("anon", AGO), (f"a legacy anon key that expired on {AGO:%d %b %Y}", "copy an API key")),
        (token("service_role"), ("Invalid API key", "set SUPABASE_KEY to an API key")),
    ],
)
def test_keys_that_are_none(sandbox: Running, command: Command, key: str, words: tuple[str, ...]) -> None:
    found = examine(command, sandbox, SUPABASE_KEY=key)
    assert found.code == 2
    found.says("key", "failed", *words)
    found.says("sign-in", "not tried", "key failed")


@ONE_SHAPE
@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"SUPABASE_EMAIL": "anna@example.org", "SUPABASE_PASSWORD": "wrong"}, ("SUPABASE_EMAIL", "SUPABASE_PASSWORD")),
        ({"SUPABASE_ACCESS_TOKEN": token("authenticated", AGO)}, ("the access token expired on", "watchdesk login")),
        ({"SUPABASE_ACCESS_TOKEN": token("authenticated")}, ("access token",)),
    ],
)
def test_sign_ins_that_are_refused(
    sandbox: Running, command: Command, env: dict[str, str], words: tuple[str, ...]
) -> None:
    found = examine(command, sandbox, SUPABASE_KEY=sandbox.publishable_key, **env)
    assert found.code == 2
    found.says("key", "ok", "publishable, accepted")
    found.says("sign-in", "failed", *words)
    found.says("schema", "not tried", "sign-in failed")


def test_the_master_account(sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    account = {"SUPABASE_EMAIL": sandbox.info["user"], "SUPABASE_PASSWORD": sandbox.info["password"]}
    found = examine(command, sandbox, SUPABASE_KEY=sandbox.publishable_key, **account)
    found.says("sign-in", "ok", f"as {sandbox.info['user']}")
    found.says("table autonomous_tasks", "ok", "readable")
    assert found.code in {0, 1}  # what the other tables hold is nothing, which proves nothing


# Rights and schema


def test_rows_that_are_hidden(sandbox: Running, command: Command) -> None:
    found = examine(command, sandbox, SUPABASE_KEY=sandbox.publishable_key)
    assert found.code == 1
    found.says("table autonomous_tasks", "warning", "no row of autonomous_tasks is visible", "sign in as the master")


def test_a_grant_that_is_missing(sandbox: Running, command: Command) -> None:
    rights = "SELECT ON autonomous_tasks"
    with changed(sandbox, f"REVOKE {rights} FROM service_role", f"GRANT {rights} TO service_role"):
        found = examine(command, sandbox)
    assert found.code == 2
    found.says("table autonomous_tasks", "failed", "permission denied", "rant")
    found.says("table autonomous_execution_logs", "ok")
    found.says("schema", "not tried", "some tables cannot be read")


def test_a_table_that_is_missing(sandbox: Running, command: Command) -> None:
    table = "autonomous_execution_logs"
    with changed(sandbox, f"ALTER TABLE {table} RENAME TO gone", f"ALTER TABLE gone RENAME TO {table}"):
        found = examine(command, sandbox)
    assert found.code == 2
    found.says(f"table {table}", "failed", table, "run the project's migrations")
    found.says("schema", "failed", table, "run the project's migrations")


def test_columns_that_are_missing(sandbox: Running, command: Command) -> None:
    table = "ALTER TABLE autonomous_tasks RENAME COLUMN"
    with changed(sandbox, f"{table} priority TO gone", f"{table} gone TO priority"):
        found = examine(command, sandbox)
    assert found.code == 1
    found.says("schema", "warning", "but autonomous_tasks has no priority", "shown as —")
    with changed(sandbox, f"{table} status TO gone", f"{table} gone TO status"):
        found = examine(command, sandbox)
    assert found.code == 2
    found.says("schema", "failed", "status", "differs from both known shapes")


# Functions


@ONE_SHAPE
async def test_an_agents_function_that_is_not_deployed(sandbox: Running, command: Command) -> None:
    async with wire(sandbox.url) as there:
        there.acts["/functions/v1/"] = answer(b'{"code":"NOT_FOUND"}', "404 Not Found")
        found = await examined(command, sandbox, SUPABASE_URL=there.url)
    assert found.code == 1
    found.says("agents' function", "warning", "not deployed")


def test_our_function_as_it_is_and_as_another_version(sandbox: Running, command: Command) -> None:
    script = command("sql", "stats", "--shape", sandbox.shape).stdout
    with changed(sandbox, script, "DROP FUNCTION watchdesk_overview"):
        examine(command, sandbox).says("SQL function", "ok", "is installed")
        sandbox.sql(script.replace(f"'version', {OVERVIEW_VERSION}", "'version', 1"))
        found = examine(command, sandbox)
        found.says("SQL function", "warning", "in another version", "watchdesk sql stats")
        assert found.code == 1


# This machine


@ONE_SHAPE
def test_a_directory_that_is_not_ours_to_use(sandbox: Running, command: Command) -> None:
    place = command.home / "cache"
    place.mkdir()
    (place / "watchdesk").symlink_to(command.home)
    found = examine(command, sandbox)
    assert found.code == 2
    found.says("cache on disk", "failed", "is a symbolic link, not a directory", "move it away")


@ONE_SHAPE
def test_a_full_disk(sandbox: Running, command: Command, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", small], check=False).returncode:
        pytest.skip("no small disk can be made here")
    try:
        found = examine(command, sandbox, XDG_STATE_HOME=str(small))
    finally:
        subprocess.run(["umount", small], check=True)
    assert found.code == 2
    found.says("state on disk", "failed", "No space left on device", "free some space")


def test_a_config_file_that_cannot_be_parsed(command: Command) -> None:
    place = command.home / "config" / "watchdesk"
    place.mkdir(parents=True)
    (place / "config.toml").write_text("[[[")
    found = examine(command)
    assert found.code == 2
    found.says("settings", "failed", f"{place / 'config.toml'} cannot be read", "fix or remove it")


@ONE_SHAPE
def test_a_terminal_on_which_nothing_can_be_drawn(sandbox: Running, command: Command) -> None:
    found = examine(command, sandbox, TERM="dumb")
    assert found.code == 1
    found.says("terminal", "warning", "TERM is dumb", "set TERM=xterm-256color")
    found = examine(command, sandbox, TEXTUAL_COLOR_SYSTEM="many")
    assert found.code == 2
    found.says("terminal", "failed", "unset it, or set it to")


@ONE_SHAPE
def test_on_a_terminal_it_is_described(sandbox: Running, command: Command) -> None:
    terminal = Hand(command, sandbox, "doctor", size=(160, 50))
    try:
        terminal.await_text("xterm-256color, 160×50, colours: 256, UTF-8")
        assert terminal.ended() == 0
    finally:
        terminal.dispose()


# Who is told, and who runs


@ONE_SHAPE
def test_who_would_be_told(sandbox: Running, command: Command) -> None:
    box = Mailbox()
    with Server(box) as server:
        env = {
            "WATCHDESK_ALERTS_CONTACTS": f"{ANNA} {BORIS}",
            "WATCHDESK_ALERTS_SMTP_HOST": "127.0.0.1",
            "WATCHDESK_ALERTS_SMTP_PORT": str(server.port),
            "WATCHDESK_ALERTS_SMTP_FROM": "watchdesk@example.org",
            "WATCHDESK_ALERTS_SMTP_SECURITY": "none",
        }
        found = examine(command, sandbox, **env)
        found.says("alerts", "ok", "2 addresses accepted, nothing sent")
        box.refused.add(BORIS)
        found = examine(command, sandbox, **env)
        assert found.code == 1
        found.says("alerts", "warning", f"not accepted: {BORIS} (550 no such person here)", "notify --test")
    assert box.mails == []
    found = examine(command, sandbox, **env)
    found.says("alerts", "warning", f"127.0.0.1:{server.port} refuses connections")
    found = examine(command, sandbox, WATCHDESK_ALERTS_CONTACTS=ANNA)
    found.says("alerts", "warning", f"no way to deliver to {ANNA}", "set [alerts] smtp_host and smtp_from")
    found = examine(command, sandbox, WATCHDESK_ALERTS_CONTACTS="nonsense://x")
    found.says("alerts", "warning", "not a URL that can be sent to")


def test_an_address_in_the_config_row_that_is_none(sandbox: Running, command: Command) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET notification_email = 'nobody at all'")
    found = examine(command, sandbox)
    assert found.code == 1
    found.says("alerts", "warning", "notification_email", "correct it in the config row")


@ONE_SHAPE
def test_a_monitor_that_runs_here_and_holds_the_lease(sandbox: Running, command: Command) -> None:
    hand = Hand(command, sandbox, VITE_AUTONOMOUS_MODE="true", VITE_AUTONOMOUS_DRY_RUN="false", size=(160, 50))
    try:
        until = time.monotonic() + 100
        while not sandbox.sql("SELECT 1 FROM autonomous_execution_logs WHERE execution_step LIKE '%lease%'"):
            assert time.monotonic() < until
            hand.read(0.5)
        while "pid" not in (found := examine(command, sandbox)).steps["monitors"]["text"]:
            assert time.monotonic() < until  # it tells of itself a moment after its start
            hand.read(0.5)
    finally:
        hand.dispose()
    found.says("monitors", "ok", f"pid {hand.process.pid}")
    found.says("lease", "ok", "held by", "which acts")
