"""Every failure as one `Fault`, by the party at fault: the project, its platform, our rights, this machine.

Each party has a constructor of its own here, which also sets what the fault means to a breaker and proves about the
database: only the project and its platform can prove the database down. `answers` classifies answered refusals.
"""

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx
import msgspec

from core.base.errors import WatchdeskError
from core.base.text import clean, redacted
from core.resilience.fault import Counts, Evidence, Fault, Party


class Failed(WatchdeskError):
    """A call to the backend failed; `fault` says how. Never carries a secret."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """The proxy a request goes through. `variable`: the variable that names it; `address`: `host:port`, no password.

    `forwards`: it reads the requests and may answer them itself (http); else it only carries bytes it cannot read.
    """

    variable: str
    address: str
    forwards: bool

    def __str__(self) -> str:
        return f"this machine's proxy ({self.variable}, {self.address})"

    @property
    def remedy(self) -> str:
        """The remedy for a problem with the proxy."""
        return f"fix {self.variable}, or add the project's host to NO_PROXY"


class Trace(msgspec.Struct):
    """Facts about one request that the client's own errors do not carry. Filled in by the client's hooks."""

    proxy: Proxy | None = None
    table: str = ""
    """The table whose rows were asked for; empty for what is no table."""
    sent: bool = False
    asked_rows: int | None = None
    """The most rows the request wants; `None`: it does not say."""
    status: int | None = None
    retry_after_s: float | None = None
    date: str | None = None
    content_type: str = ""
    body: bytes = b""
    """The beginning of the answer, long enough to hold a message."""
    whole: bytes = b""

    def begin(self) -> None:
        """Forget an earlier request, for another is to be sent."""
        for field in self.__struct_fields__:
            setattr(self, field, getattr(_BEFORE, field))


_BEFORE: Final = Trace()
_URL_REMEDY: Final = "check that SUPABASE_URL is the project's URL"
_NETWORK_REMEDY: Final = "check this machine's network"

OF_A_PROXY: Final = frozenset({407, 511})
"""Statuses that no project answers with, only something in between: the text of its page does not matter."""

UNTOLD: Final = frozenset({"proxy_answers", "garbage", "http", "unforeseen"})
"""Kinds of answers that do not tell whether the request was carried out before they came."""

PROXY: Final = "proxy"
"""The kind of an answer by something in front of the API."""

NOT_REACHED: Final = frozenset({"no_dns", "no_route", "connect_timeout"})
"""Kinds that another address explains: where that can be reached, this machine's network is not at fault."""

_OUR_NETWORK: Final[dict[int, str]] = {
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no route to the host",
    errno.ENETDOWN: "no route to the host",
    errno.EHOSTDOWN: "no route to the host",
    errno.EACCES: "this machine lets no connection out",
    errno.EPERM: "this machine lets no connection out",
    errno.EADDRNOTAVAIL: "this machine has no address or port left to connect from",
    errno.EMFILE: "too many open files: this process has reached its limit",
    errno.ENFILE: "too many open files: this machine has reached its limit",
    errno.ENOBUFS: "this machine has no memory left for a connection",
    errno.ENOMEM: "this machine has no memory left for a connection",
}
_BEFORE_IT_LEFT: Final[dict[int, str]] = {
    errno.EAFNOSUPPORT: "this machine knows no address of that kind",
    errno.EPROTONOSUPPORT: "this machine knows no address of that kind",
    errno.EINVAL: "this machine cannot connect to that address",
    errno.ENODEV: "this machine has no such network",
    errno.ENETRESET: "this machine's network broke",
    getattr(errno, "ENONET", errno.ENETDOWN): "no route to the host",
}
"""Errors of connecting that name this machine; once a request was sent they say nothing of it."""

_REMEDIES: Final[dict[int, str]] = {
    errno.EMFILE: "raise the limit of open files (ulimit -n, LimitNOFILE=), or restart watchdesk",
    errno.ENFILE: "raise this machine's limit of open files (sysctl fs.file-max), or end what holds them",
    errno.ENOBUFS: "check this machine's memory",
    errno.ENOMEM: "check this machine's memory",
}
"""What helps where it is not the network that is at fault."""

_NO_ROUTE: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


def of_machine(kind: str, message: str, remedy: str = _NETWORK_REMEDY) -> Fault:
    """Build the fault of this machine failing to reach the project: proves nothing, and no breaker counts it."""
    return Fault(
        kind=kind,
        counts=Counts.NEUTRAL,
        evidence=Evidence.NONE,
        message=message,
        remedy=remedy,
        party=Party.MACHINE,
    )


def lacking(error: BaseException) -> Fault | None:
    """Return the fault of this machine lacking something that is no network: open files, memory; `None`: it is not."""
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return None
    return of_machine("no_way_out", _OUR_NETWORK[error.errno], _REMEDIES[error.errno])


def refusal(kind: str, message: str, remedy: str = "", *, code: str | None = None, person: bool = False) -> Fault:
    """Build the fault of a request that the project answered and refused: it is alive, and its message matters."""
    return Fault(
        kind=kind,
        counts=Counts.SUCCESS,
        evidence=Evidence.ALIVE,
        message=message,
        remedy=remedy,
        code=code,
        person=person,
        party=Party.PROJECT,
    )


def of_rights(kind: str, message: str, remedy: str, *, code: str | None = None) -> Fault:
    """Build the fault of missing rights of our key or account: the project answered, and a person must act."""
    return msgspec.structs.replace(refusal(kind, message, remedy, code=code, person=True), party=Party.RIGHTS)


def down(  # noqa: PLR0913 - the parts of a fault
    kind: str,
    message: str,
    remedy: str = "",
    *,
    party: Party = Party.PROJECT,
    evidence: Evidence = Evidence.DOWN,
    code: str | None = None,
    person: bool = False,
) -> Fault:
    """Build a failure of the project or its platform, which proves it down unless `evidence` says less."""
    if party not in {Party.PROJECT, Party.PLATFORM}:
        raise ValueError("only the project or its platform can be proven down")
    return Fault(
        kind=kind,
        counts=Counts.FAILURE,
        evidence=evidence,
        message=message,
        remedy=remedy,
        code=code,
        person=person,
        party=party,
    )


def classify(error: BaseException) -> Fault:
    """Return any exception as a `Fault`: that of `Failed` as it is; anything unforeseen is named as such."""
    if isinstance(error, Failed):
        return error.fault
    return transport_fault(error, Trace())


def no_slot() -> Fault:
    """Build the fault of a request that was never sent: all connections were taken."""
    return Fault(
        kind="no_slot",
        counts=Counts.NEUTRAL,
        evidence=Evidence.NONE,
        message="no connection was free to send the request on",
    )


def garbage(what: str, trace: Trace | None = None) -> Fault:
    """Build the fault of an answer that is not what the API sends. A proxy that forwards may have written it itself."""
    if trace is not None and trace.proxy is not None and trace.proxy.forwards and "json" not in trace.content_type:
        return of_machine("proxy_answers", f"{trace.proxy} answers instead of the API: {what}", trace.proxy.remedy)
    return down("garbage", f"unexpected response: {what}", _URL_REMEDY)


def transport_fault(error: BaseException, trace: Trace) -> Fault:
    """Return the fault of a request without an answer: no connection, too late, cut off; and whether it was sent."""
    if isinstance(error, Failed):
        return error.fault
    return msgspec.structs.replace(_of_transport(error, trace), sent=trace.sent)


def _of_transport(error: BaseException, trace: Trace) -> Fault:
    if isinstance(error, httpx.PoolTimeout):
        return no_slot()
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes) and not trace.sent:
        return _untrusted(next(cause for cause in causes if isinstance(cause, ssl.SSLError)), trace.proxy)
    if (fault := _of_this_machine(causes, sent=trace.sent)) is not None and trace.proxy is None:
        return fault
    if trace.proxy is not None and isinstance(error, httpx.HTTPError | TimeoutError | OSError):
        fault = _of_proxy(error, trace, trace.proxy)
        if fault is not None:
            return fault
    late = isinstance(error, _LATE) or any(isinstance(cause, TimeoutError) for cause in causes)
    if isinstance(error, httpx.ConnectTimeout) or (late and not trace.sent):
        return msgspec.structs.replace(
            of_machine("connect_timeout", "connecting timed out"),
            counts=Counts.FAILURE,  # nobody knows whose fault it is: not even a refusal came back
        )
    if isinstance(error, _LATE):
        return down("timeout", "connected, but the request timed out", evidence=Evidence.SILENT)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return down("refused", "connection refused", _URL_REMEDY)
    return _by_kind(error)


_LATE: Final = (httpx.TimeoutException, TimeoutError)


def _untrusted(error: ssl.SSLError, proxy: Proxy | None) -> Fault:
    """Build the fault of an untrusted certificate: whoever answered may stand between us and the project."""
    told = getattr(error, "verify_message", "") or (error.reason or "").replace("_", " ").lower()
    through = f" through {proxy}" if proxy is not None else ""
    return of_machine(
        "tls",
        f"the TLS certificate is not trusted{through}" + (f" ({told})" if told else ""),
        f"{_URL_REMEDY}, and this machine's clock and certificates (SSL_CERT_FILE, SSL_CERT_DIR)",
    )


def _of_this_machine(causes: tuple[BaseException, ...], *, sent: bool) -> Fault | None:
    """Return the fault that keeps any connection from leaving; `None` where the other end refused one."""
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return None
    if fault := next(filter(None, map(lacking, causes)), None):
        return fault
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return of_machine(
                "no_dns",
                "the host name could not be resolved (DNS)",
                "check this machine's DNS settings, and SUPABASE_URL",
            )
        known = _OUR_NETWORK if sent else _OUR_NETWORK | _BEFORE_IT_LEFT
        if isinstance(cause, OSError) and cause.errno in known:
            kind = "no_route" if cause.errno in _NO_ROUTE else "no_way_out"
            return of_machine(kind, known[cause.errno])
    return None


def _of_proxy(error: BaseException, trace: Trace, proxy: Proxy) -> Fault | None:
    """Return the fault of the proxy; `None` where the project itself, beyond it, is at fault."""
    if isinstance(error, httpx.ProxyError):
        said = clean(redacted(re.sub(r"\bBasic \S+", "Basic …", str(error).strip())), 80)
        if said.startswith("407"):
            return of_machine("proxy_password", f"{proxy} asks for a password", f"put it into {proxy.variable}")
        return of_machine("proxy_refuses", f"{proxy} refuses" + (f": {said}" if said else ""), proxy.remedy)
    if not trace.sent:
        late = isinstance(error, _LATE)
        return of_machine(
            "proxy_unreachable", f"{proxy} " + ("is silent" if late else "cannot be reached"), proxy.remedy
        )
    if proxy.forwards and isinstance(error, _LATE):
        return of_machine("proxy_silent", f"{proxy} gave no answer in time", proxy.remedy)
    if isinstance(error, httpx.NetworkError | httpx.ProtocolError) or (
        proxy.forwards and isinstance(error, httpx.DecodingError)
    ):
        return of_machine("proxy_broke", f"the connection through {proxy} broke", proxy.remedy)
    return None


def _by_kind(error: BaseException) -> Fault:
    """Return the fault that follows from the exception's class alone."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return msgspec.structs.replace(of_machine("bad_url", "the URL cannot be used", _URL_REMEDY), person=True)
    if isinstance(error, httpx.ConnectError):
        return down("refused", "no connection to the URL", _URL_REMEDY)
    if isinstance(error, httpx.NetworkError):
        return down("reset", "the connection broke")
    if isinstance(error, httpx.RemoteProtocolError):
        return down("broken_answer", "the answer broke off")
    if isinstance(error, httpx.DecodingError):
        return garbage("it cannot be decompressed")
    if isinstance(error, httpx.HTTPError):
        return down("http", f"the request failed ({type(error).__name__})")
    if isinstance(error, UnicodeError | ValueError):
        return garbage("it cannot be decoded")
    return Fault(
        kind="unforeseen",
        counts=Counts.FAILURE,
        evidence=Evidence.NONE,
        message=f"unexpected error {type(error).__name__}",
        remedy="see the log file",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all its causes, within exception groups too (a dual-stack connect fails as one)."""
    todo, seen = [error], set[int]()
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            todo.extend(current.exceptions)
        todo.extend(nested for nested in (current.__cause__, current.__context__) if nested is not None)
