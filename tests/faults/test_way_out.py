"""This machine's way out: whatever is wrong with it is this machine's, names the variable, and proves nothing."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from core.actions.context import lost
from core.backend import proxies as way_out
from core.backend.client import Backend, RequestLimits
from core.backend.faults import Failed
from core.backend.heartbeat import answers
from core.backend.proxies import authorities, exempt, proxy_for
from core.backend.reads import Reads
from core.backend.schema import UNDISCOVERED
from core.backend.target import Target
from core.base.clock import SystemClock
from core.resilience import NotLive
from core.resilience.fault import Counts, Evidence, Fault, Party
from tests.faults.proxies import proxy
from tests.running import Running
from tests.wire import Act, answer, hang, reset, wire

FAST = RequestLimits(connect_s=0.4, request_s=0.6, slot_s=0.3, answer_mb=1)
PAGE = b"<html>blocked</html>"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    authorities.cache_clear()
    yield
    authorities.cache_clear()


async def asked(url: str) -> Fault | None:
    """The fault of one read of a project at `url`; `None` where it answered."""
    backend = Backend(Target(name="t", url=url, key="sb_secret_canary"), SystemClock(), FAST)
    try:
        await Reads(backend.calls, UNDISCOVERED).counts.exactly("pending")
    except Failed as failed:
        return failed.fault
    finally:
        await backend.close()
    return None


def is_this_machines(fault: Fault | None, variable: str) -> None:
    assert fault is not None
    assert (fault.party, fault.counts, fault.evidence) == (Party.MACHINE, Counts.NEUTRAL, Evidence.NONE), fault
    assert variable in fault.sentence(), fault.sentence()
    assert "secret" not in fault.sentence()
    assert not fault.person


EXEMPT = [
    ("::1", 443, "[::1]", True),
    ("::1", 443, "::1", True),
    ("::1", 443, "[::1]:443", True),
    ("::1", 443, "[::1]:80", False),
    ("fe80::7", 443, "fe80::/10", True),
    ("fe80::7", 443, "[fe80::]/10", True),
    ("2001:db8::7", 443, "2001:db8::/32, example.org", True),
    ("2001:db9::7", 443, "2001:db8::/32", False),
    ("10.1.2.3", 80, "10.0.0.0/8", True),
    ("11.1.2.3", 80, "10.0.0.0/8", False),
    ("10.1.2.3", 80, "10.1.2.3:80", True),
    ("10.1.2.3", 80, "10.1.2.3:81", False),
    ("p.supabase.co", 443, "supabase.co", True),
    ("p.supabase.co", 443, ".supabase.co", True),
    ("p.supabase.co", 443, "*.supabase.co", True),
    ("supabase.co", 443, ".supabase.co", True),
    ("psupabase.co", 443, "supabase.co", False),
    ("p.supabase.co", 443, "P.SUPABASE.CO:443", True),
    ("p.supabase.co", 443, "https://p.supabase.co", True),
    ("p.supabase.co", 443, "*", True),
    ("p.supabase.co", 443, "a b,p.supabase.co", True),
    ("p.supabase.co", 443, ",, ,", False),
    ("p.supabase.co", 443, "[::", False),
    ("localhost", 54321, "localhost,127.0.0.1", True),
    ("127.0.0.1", 54321, "127.0.0.1/33", False),
    ("bücher.example", 443, "xn--bcher-kva.example", True),
    ("xn--bcher-kva.example", 443, "bücher.example", True),
    ("::ffff:10.1.1.1", 443, "[::ffff:10.1.1.1]", True),
    ("::ffff:10.1.1.1", 443, "::ffff:0:0/96", True),
    ("::ffff:10.1.1.1", 443, "10.0.0.0/8", True),
    ("p.example", 8000, "*:8000", True),
    ("p.example", 8001, "*:8000", False),
    ("p.example", 443, "p.example/", True),
    ("p.example", 443, "p.example:" + "4" * 5000, False),
    ("p.example", 443, "[::1]:" + "4" * 5000, False),
]


@pytest.mark.parametrize(("host", "port", "no_proxy", "is_exempt"), EXEMPT)
def test_no_proxy_knows_names_addresses_networks_and_ports(
    host: str, port: int, no_proxy: str, is_exempt: bool
) -> None:
    assert exempt(host, port, no_proxy) is is_exempt


UNUSABLE = ["socks://127.0.0.1:1", "socks4://127.0.0.1:1", "http://", "http://:3128", "http://[::1", "ftp://x:1",
            "http://x:port", "http://x:99999999", "::::", "http://x y:1"]  # fmt: skip


@pytest.mark.parametrize("value", UNUSABLE)
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_proxy_variable_that_cannot_be_used(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    is_this_machines(await asked("http://127.0.0.1:9"), variable)


async def test_a_proxy_with_a_password_is_named_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://anna:secret@127.0.0.1:9")
    fault = await asked("http://p.example")
    is_this_machines(fault, "HTTP_PROXY")
    assert "127.0.0.1:9" in (fault.message if fault else "")


@pytest.mark.parametrize("mark", ["#", "/", "?"])
@pytest.mark.parametrize("scheme", ["http://", ""])
async def test_no_part_of_a_proxys_password_is_shown(scheme: str, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"{scheme}anna:12345{mark}6789@127.0.0.1:9")
    fault = await asked("http://p.example")
    is_this_machines(fault, "HTTP_PROXY")
    assert fault is not None
    assert "1234" not in fault.sentence()
    assert "anna" not in fault.sentence()


async def test_what_a_proxy_says_is_shown_without_secrets_and_without_control_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = "403 denied Basic dTpw sb_secret_abcdef eyJhbGciOiJ9.aaaaaa.bbb \x1b[2J"
    async with proxy(answer(b"", said)) as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        fault = await asked("https://p.example")
    assert fault is not None
    assert all(word not in fault.message for word in ("dTpw", "abcdef", "aaaaaa", "\x1b"))


PAGES: dict[str, Act] = {
    "packed as nobody asked": answer(PAGE, "200 OK", "text/html", headers="Content-Encoding: br\r\n"),
    "packed and broken": answer(PAGE, "200 OK", "text/html", headers="Content-Encoding: gzip\r\n"),
    "an error, packed and broken": answer(PAGE, "502 x", "text/html", headers="Content-Encoding: gzip\r\n"),
    "too long": answer(b"x" * 2_000_000, "200 OK", "text/html"),
    "a password, packed": answer(PAGE, "407 x", "text/html", headers="Content-Encoding: zstd\r\n"),
}


@pytest.mark.parametrize("page", PAGES)
async def test_a_proxys_page_is_its_own_however_it_is_packed(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxy(PAGES[page]) as between:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        is_this_machines(await asked("http://p.example"), "HTTP_PROXY")


@pytest.mark.parametrize("act", [answer(PAGE, "504 x", "text/html"), answer(PAGE, "200 OK", "text/html")])
async def test_what_a_proxy_answered_for_may_have_been_carried_out(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxy(act) as between:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        fault = await asked("http://p.example")
    assert fault is not None
    assert lost(NotLive(fault))


TEMPERS: dict[str, Act] = {
    "a password": answer(PAGE, "407 Proxy Authentication Required", "text/html"),
    "a refusal": answer(PAGE, "403 Forbidden", "text/html"),
    "a bad gateway": answer(PAGE, "502 Bad Gateway", "text/html"),
    "unavailable": answer(b"", "503 Service Unavailable", "text/plain"),
    "silence": hang,
    "a reset": reset,
    "a page of its own": answer(PAGE, "200 OK", "text/html"),
}


@pytest.mark.parametrize("temper", TEMPERS)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_of_any_temper_is_this_machines(
    scheme: str, temper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxy(TEMPERS[temper]) as between:
        variable = f"{scheme.upper()}_PROXY"
        monkeypatch.setenv(variable, between.url)
        is_this_machines(await asked(f"{scheme}://p.example"), variable)
        assert len(between.asked) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_dead_proxy_and_one_nobody_knows(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = f"{scheme.upper()}_PROXY"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        for url in (f"http://127.0.0.1:{taken.getsockname()[1]}", "http://nobody.invalid:3128"):
            monkeypatch.setenv(variable, url)
            is_this_machines(await asked(f"{scheme}://p.example"), variable)


async def test_what_a_silent_proxy_was_given_may_have_been_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme, sent in (("http", True), ("https", False)):
        async with proxy(hang) as between:
            monkeypatch.setenv(f"{scheme.upper()}_PROXY", between.url)
            fault = await asked(f"{scheme}://p.example")
            assert fault is not None
            assert lost(NotLive(fault)) is sent  # of a tunnel only the way was asked for


async def test_a_proxy_that_works_is_used_and_exempted_hosts_go_without(
    sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxy() as between:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        fault = await asked(sandbox.url)
        assert fault is not None  # the key is none of this project: the answer came through
        assert (fault.party, len(between.asked)) == (Party.RIGHTS, 1)
        monkeypatch.setenv("NO_PROXY", "[::1], 127.0.0.0/8")
        await asked(sandbox.url)
        assert len(between.asked) == 1


async def test_through_a_proxy_the_project_is_still_blamed_for_what_it_says_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with proxy() as between, wire() as project:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        project.acts["/"] = answer(b'{"code":"PGRST001","message":"lost"}', "503 x")
        fault = await asked(project.url)
        assert fault is not None
        assert (fault.party, fault.evidence) == (Party.PROJECT, Evidence.DOWN)


async def test_a_tunnel_reaches_the_project_and_its_silence_is_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = trustme.CA.issue_cert(authority, "127.0.0.1")
    context = _serving(server)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with proxy() as between, wire(tls=context) as project:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        project.acts["/"] = answer(b"[]", headers="Content-Range: */0\r\n")
        assert await asked(project.url) is None
        assert between.asked[0].startswith("CONNECT")
        project.acts["/"] = hang
        fault = await asked(project.url)
        assert fault is not None
        assert (fault.kind, fault.party, fault.evidence) == ("timeout", Party.PROJECT, Evidence.SILENT)


async def test_a_certificate_nobody_trusts_proves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = trustme.CA()
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    context = _serving(trustme.CA().issue_cert("127.0.0.1"))
    for given in (None, str(tmp_path / "other.pem")):
        if given is not None:
            monkeypatch.setenv("SSL_CERT_FILE", given)
            authorities.cache_clear()
        async with wire(tls=context) as project:
            fault = await asked(project.url)
        is_this_machines(fault, "SSL_CERT_FILE")
        assert fault is not None
        assert fault.kind == "tls"


def _serving(certificate: trustme.LeafCert) -> "way_out.ssl.SSLContext":
    context = way_out.ssl.SSLContext(way_out.ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


FILES = ["missing", "empty", "no certificate", "a directory", "a pipe", "endless"]


@pytest.mark.parametrize("what", FILES)
async def test_a_certificate_file_that_cannot_be_used(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", _made(what, tmp_path))
    is_this_machines(await asked("https://127.0.0.1:9"), "SSL_CERT_FILE")
    assert not await answers("https://127.0.0.1:9", 0.5)


@pytest.mark.parametrize("what", ["missing", "empty"])
async def test_a_directory_of_certificates_that_is_none(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", _made(what, tmp_path))
    is_this_machines(await asked("https://127.0.0.1:9"), "SSL_CERT_DIR")


@pytest.mark.parametrize("what", ["a directory", "a pipe", "nowhere"])
async def test_a_key_log_that_cannot_be_written(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", _made(what, tmp_path))
    is_this_machines(await asked("https://127.0.0.1:9"), "SSLKEYLOGFILE")


def _made(what: str, place: Path) -> str:
    path = place / "file"
    match what:
        case "empty":
            path.touch()
        case "no certificate":
            path.write_text("hello\n")
        case "a directory":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)
        case "endless":
            return "/dev/zero"
        case "nowhere":
            return str(place / "no" / "where")
    return str(path)


def test_the_variable_that_counts_is_the_one_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://all:1")
    monkeypatch.setenv("https_proxy", "http://low:2")
    named, through = proxy_for("https://p.example")
    assert named is not None
    assert (named.variable, named.address, named.forwards) == ("https_proxy", "low:2", False)
    assert through is not None
    monkeypatch.setenv("HTTP_PROXY", "http://low:2")  # the same value: the one that counts is named all the same
    named, _ = proxy_for("https://p.example")
    assert named is not None
    assert named.variable == "https_proxy"
    monkeypatch.delenv("HTTP_PROXY")
    named, _ = proxy_for("http://p.example")
    assert named is not None
    assert (named.variable, named.forwards) == ("ALL_PROXY", True)
