"""The way to a project taken step by step, for who asks where it breaks off: its name, its port, its first answer.

The first answer is asked for without a key: whatever answers shows the certificate and the time of the other side.
"""

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import msgspec

from core.backend.faults import OF_A_PROXY, Failed, Proxy, Trace, of_machine, transport_fault
from core.backend.proxies import authorities, proxy_for, way_out
from core.backend.tracing import trace_head, trace_request
from core.base.daemon_thread import in_daemon_thread
from core.base.text import clean
from core.base.version import AGENT

_NAMES: Final = 5
"""The most names of a certificate that are kept."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate of whoever answered. `issuer`: the organisation that vouches for it."""

    expires_at: datetime | None
    issuer: str
    names: tuple[str, ...] = ()


class FirstAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The head of an answer to a request without a key. `date`: the server's clock, `at`: ours at that moment."""

    status: int
    certificate: Certificate | None
    date: datetime | None
    at: datetime


async def addresses(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a name. Raises Failed."""

    def ask() -> list[Any]:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

    try:
        found = await in_daemon_thread(ask, "resolver")  # a resolver that hangs must not hold up our end
    except (OSError, UnicodeError) as error:
        raise Failed(transport_fault(error, Trace())) from error
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


async def connect(hosts: tuple[str, ...], port: int) -> str:
    """Connect to the first of these addresses that lets us in, and return it. Raises Failed, with the last refusal."""
    failed: OSError | None = None
    for host in hosts:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            failed = error
        else:
            writer.close()
            return host
    raise Failed(transport_fault(failed or OSError("no address"), Trace())) from failed


async def handshake(address: str, port: int, host: str) -> Certificate | None:
    """Return the certificate shown at an address to who asks for `host`. Raises Failed where it is not to be trusted.

    Its fault is told as that of any request: nothing was sent.
    """
    trusted = await in_daemon_thread(authorities, "certificates")
    try:
        _, writer = await asyncio.open_connection(address, port, ssl=trusted, server_hostname=host)
    except OSError as error:  # that of TLS is one, too
        raise Failed(transport_fault(error, Trace())) from error
    found = _certificate(writer.get_extra_info("ssl_object"))
    writer.close()
    return found


async def connect_to_proxy(url: str) -> Proxy | None:
    """Connect to the proxy for a URL, and return it; `None` where none applies. Raises Failed."""
    proxy, through = await in_daemon_thread(lambda: proxy_for(url), "proxy")
    if proxy is None or through is None:
        return None
    port = through.url.port or {"https": 443, "http": 80}.get(through.url.scheme, 1080)
    try:
        await connect(await addresses(through.url.host, port), port)
    except Failed as failed:
        told = f"{proxy} cannot be reached: {failed.fault.message}"
        raise Failed(of_machine("proxy_unreachable", told, proxy.remedy)) from failed
    return proxy


async def first_answer(url: str, timeout_s: float) -> FirstAnswer:
    """Ask the API without a key. Raises Failed; its fault's `sent` says whether a connection stood before."""
    way = await in_daemon_thread(lambda: way_out(url), "certificates")
    trace = Trace(proxy=way.proxy)

    async def note(request: httpx.Request) -> None:
        trace_request(request, trace)

    transport = httpx.AsyncHTTPTransport(verify=way.trusted, proxy=way.through, trust_env=False)
    try:
        async with (
            httpx.AsyncClient(
                transport=transport,
                timeout=timeout_s,
                headers={"User-Agent": AGENT},
                trust_env=False,
                event_hooks={"request": [note]},
            ) as client,
            asyncio.timeout(timeout_s),
            client.stream("GET", f"{url}/rest/v1/") as response,
        ):
            trace_head(response, trace)
            if way.proxy is not None and response.status_code in OF_A_PROXY:
                told = f"{way.proxy} answers {response.status_code}"
                raise Failed(of_machine("proxy_refuses", told, way.proxy.remedy))
            stream = response.extensions.get("network_stream")
            return FirstAnswer(
                status=response.status_code,
                certificate=_certificate(stream.get_extra_info("ssl_object")) if stream is not None else None,
                date=_moment(trace.date),
                at=datetime.now(UTC),
            )
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:  # a timeout is an OSError
        raise Failed(transport_fault(error, trace)) from error


def _certificate(connection: Any) -> Certificate | None:
    shown: dict[str, Any] = (connection.getpeercert() or {}) if connection is not None else {}
    if not shown:
        return None
    issuer = {name: value for part in shown.get("issuer", ()) for name, value in part}
    expires = shown.get("notAfter")
    return Certificate(
        expires_at=datetime.fromtimestamp(ssl.cert_time_to_seconds(expires), UTC) if expires else None,
        issuer=clean(str(issuer.get("organizationName") or issuer.get("commonName") or "—"), 60),
        names=tuple(clean(str(value), 80) for _, value in shown.get("subjectAltName", ())[:_NAMES]),
    )


def _moment(date: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(date or "")
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, TypeError, OverflowError):
        return None
