"""Ways in which a project that worked does not any more: what its socket does, and what this machine does to itself."""

import errno
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.test_client import error, raw
from tests.wire import Act, answer, drip, hang, reset

PAGE = b"<html>no</html>"

Row = tuple[str, str, int, str, str, bool, str, int]
"""Who is at fault; of `status` the state (`-`: a sentence instead) and exit code; of a monitor the link, its check of
the database and whether that counts for the ten; of an action the phase and exit code."""

DOWN: Row = ("project", "unknown", 4, "OFFLINE", "critical", True, "unreachable", 4)
PLATFORM_DOWN: Row = ("platform", *DOWN[1:])
CLOSED: Row = ("platform", "-", 2, *DOWN[3:])
BUSY: Row = ("platform", "unknown", 4, "BLIND", "ok", False, "unreachable", 4)
FIREWALL: Row = ("platform", "unknown", 4, "BLIND", "unknown", False, "unreachable", 4)
HERE: Row = ("machine", *FIREWALL[1:])
RIGHTS: Row = ("rights", "-", 2, "BLIND", "ok", False, "refused", 2)
SCHEMA: Row = ("project", *RIGHTS[1:])
REFUSED: Row = ("project", "unknown", 4, *RIGHTS[3:])

ANSWERS: dict[str, Act] = {
    "500 of the API": error("500 x", code="XX000", message="oops"),
    "503 PGRST000": error("503 x", code="PGRST000", message="no connection"),
    "503 PGRST001": error("503 x", code="PGRST001", message="lost"),
    "503 PGRST002": error("503 x", code="PGRST002", message="no schema"),
    "504 PGRST003": error("504 x", code="PGRST003", message="pool"),
    "500 57014": error("500 x", code="57014", message="cancelled"),
    "503 53300": error("503 x", code="53300", message="too many"),
    "405 25006": error("405 x", code="25006", message="read-only"),
    "500 without a word": answer(b"", "500 x", "text/plain"),
    "520": answer(b"error code: 520", "520 x", "text/plain"),
    "502 with a page": answer(PAGE, "502 x", "text/html"),
    "503 with a page": answer(PAGE, "503 x", "text/html"),
    "522 with a page": answer(PAGE, "522 x", "text/html"),
    "544": answer(b"", "544 x", "text/plain"),
    "200 with a page": answer(PAGE, kind="text/html"),
    "200 with broken JSON": answer(b'[{"id": '),
    "200 with nothing": answer(b""),
    "200 with null": answer(b"null"),
    "200 with rows of nothing": answer(b"[{}]"),
    "a redirect": answer(b"", "302 x", headers="Location: http://127.0.0.1:9/\r\n"),
    "a truncated answer": answer(b"[", length=500),
    "no HTTP at all": raw(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "closed without a word": raw(b""),
    "a reset": reset,
    "silence": hang,
    "a drip": drip(),
    "too long an answer": answer(b"[" + b" " * 2_000_000 + b"]"),
    "packed twice": answer(b"[]", headers="Content-Encoding: gzip, gzip\r\n"),
    "402": error("402 x", message="exceed_egress_quota"),
    "540": answer(PAGE, "540 x", "text/html"),
    "429": error("429 x", message="slow down"),
    "429 with a page": answer(PAGE, "429 x", "text/html"),
    "403 with a firewall's page": answer(PAGE, "403 x", "text/html"),
    "404 with a page": answer(PAGE, "404 x", "text/html"),
    "407": answer(PAGE, "407 x", "text/html"),
    "511": answer(PAGE, "511 x", "text/html"),
    "401 of the gateway": error("401 x", message="Invalid API key"),
    "401 PGRST301": error("401 x", code="PGRST301", message="bad"),
    "401 PGRST303": error("401 x", code="PGRST303", message="expired"),
    "403 42501": error("403 x", code="42501", message="permission denied for table", hint="GRANT SELECT ON t TO r"),
    "404 PGRST205": error("404 x", code="PGRST205", message="no such table"),
    "400 42703": error("400 x", code="42703", message="no such column"),
    "406 PGRST106": error("406 x", code="PGRST106", message="not exposed"),
    "500 42P17": error("500 x", code="42P17", message="infinite recursion in policy"),
    "500 P0001": error("500 x", code="P0001", message="raised"),
    "500 22012": error("500 x", code="22012", message="division by zero"),
    "500 23514": error("500 x", code="23514", message="check"),
    "402 PT402": error("402 x", code="PT402", message="raised"),
    "400 of a new code": error("400 x", code="P9999", message="new"),
}

TEMPERS: dict[str, Act] = {
    "a proxy that wants a password": answer(PAGE, "407 x", "text/html"),
    "a proxy that refuses": answer(PAGE, "403 x", "text/html"),
    "a proxy that finds nobody": answer(PAGE, "503 x", "text/html"),
    "a proxy that is silent": hang,
    "a proxy that breaks off": reset,
}

VARIABLES: dict[str, dict[str, str]] = {
    "a dead proxy": {"HTTP_PROXY": "http://127.0.0.1:9"},
    "a proxy nobody knows": {"HTTP_PROXY": "http://nobody.invalid:3128"},
    "a SOCKS proxy": {"ALL_PROXY": "socks://127.0.0.1:9"},
    "a proxy that is no address": {"HTTP_PROXY": "http://[::"},
    "certificates that are not there": {"SSL_CERT_FILE": "/nowhere/ca.pem"},
    "certificates that are none": {"SSL_CERT_FILE": "/etc/hostname"},
    "a key log that cannot be": {"SSLKEYLOGFILE": "/nowhere/keys"},
}

NETWORK: dict[str, Callable[[], BaseException]] = {
    "no name server": lambda: socket.gaierror(socket.EAI_AGAIN, "no"),
    "no route": lambda: OSError(errno.EHOSTUNREACH, "no"),
    "no network": lambda: OSError(errno.ENETUNREACH, "no"),
    "a firewall here": lambda: OSError(errno.EPERM, "no"),
    "no file left": lambda: OSError(errno.EMFILE, "no"),
    "no addresses of that kind": lambda: OSError(errno.EAFNOSUPPORT, "no"),
    "the system gave up": lambda: OSError(errno.ETIMEDOUT, "no"),
    "no port left": lambda: OSError(errno.EADDRNOTAVAIL, "no"),
    "nobody lets us in": TimeoutError,
    "refused": lambda: ConnectionRefusedError(errno.ECONNREFUSED, "no"),
    "one address refuses, one has no route": lambda: OSError(
        "All connection attempts failed",
        ExceptionGroup("m", [OSError(errno.ENETUNREACH, "no"), ConnectionRefusedError(errno.ECONNREFUSED, "no")]),
    ),
}
"""What connecting ends with: the one thing here that a machine with a network cannot be made to do."""


SAID: dict[str, Row] = {
    "500 of the API": DOWN,
    "503 PGRST000": DOWN,
    "503 PGRST001": DOWN,
    "503 PGRST002": DOWN,
    "504 PGRST003": DOWN,
    "500 57014": DOWN,
    "503 53300": DOWN,
    "405 25006": DOWN,
    "500 without a word": DOWN,
    "520": DOWN,
    "502 with a page": PLATFORM_DOWN,
    "503 with a page": PLATFORM_DOWN,
    "522 with a page": PLATFORM_DOWN,
    "544": DOWN,
    "200 with a page": DOWN,
    "200 with broken JSON": DOWN,
    "200 with nothing": DOWN,
    "200 with null": DOWN,
    "200 with rows of nothing": DOWN,
    "a redirect": DOWN,
    "a truncated answer": DOWN,
    "no HTTP at all": DOWN,
    "closed without a word": DOWN,
    "a reset": DOWN,
    "silence": DOWN,
    "a drip": DOWN,
    "too long an answer": DOWN,
    "packed twice": DOWN,
    "402": CLOSED,
    "540": CLOSED,
    "429": BUSY,
    "429 with a page": BUSY,
    "403 with a firewall's page": FIREWALL,
    "404 with a page": FIREWALL,
    "407": HERE,
    "511": HERE,
    "401 of the gateway": RIGHTS,
    "401 PGRST301": RIGHTS,
    "401 PGRST303": RIGHTS,
    "403 42501": RIGHTS,
    "404 PGRST205": SCHEMA,
    "400 42703": SCHEMA,
    "406 PGRST106": SCHEMA,
    "500 42P17": SCHEMA,
    "500 P0001": REFUSED,
    "500 22012": REFUSED,
    "500 23514": REFUSED,
    "402 PT402": REFUSED,
    "400 of a new code": REFUSED,
    "a proxy that wants a password": HERE,
    "a proxy that refuses": HERE,
    "a proxy that finds nobody": HERE,
    "a proxy that is silent": HERE,
    "a proxy that breaks off": HERE,
    "a dead proxy": HERE,
    "a proxy nobody knows": HERE,
    "a SOCKS proxy": HERE,
    "a proxy that is no address": HERE,
    "certificates that are not there": HERE,
    "certificates that are none": HERE,
    "a key log that cannot be": HERE,
    "no name server": HERE,
    "no route": HERE,
    "no network": HERE,
    "a firewall here": HERE,
    "no file left": HERE,
    "no addresses of that kind": HERE,
    "the system gave up": HERE,
    "no port left": HERE,
    "nobody lets us in": HERE,
    "refused": DOWN,
    "one address refuses, one has no route": DOWN,
}
"""What is said in each situation."""


def no_way(patch: pytest.MonkeyPatch, ends: Callable[[], BaseException]) -> None:
    """From now on each connection ends so."""

    async def connect(*_: Any, **__: Any) -> None:
        error = ends()
        if len(error.args) > 1 and isinstance(error.args[1], BaseException):
            raise OSError(error.args[0]) from error.args[1]
        raise error

    patch.setattr("anyio.connect_tcp", connect)
