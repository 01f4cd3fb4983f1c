"""The fault taxonomy: every way the backend and its client can fail, as one `Fault` with a name and a remedy."""

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx
import msgspec

from core.facts import Counts, Evidence, Fault
from core.text import clean, redacted


class Failed(Exception):
    """A call to the backend did not give what it should; `fault` says how. Never carries a secret."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Trace(msgspec.Struct):
    """What one request left behind that the client's own errors do not carry. Filled in by the client's hooks."""

    sent: bool = False
    status: int | None = None
    retry_after_s: float | None = None
    date: str | None = None
    content_type: str = ""
    body: bytes = b""
    """As much of the answer as a message may be in."""
    whole: bytes = b""


_KEY_REMEDY: Final = "set SUPABASE_KEY to an API key of this project (dashboard, Settings, API keys)"
_SIGN_IN_REMEDY: Final = "sign in again: check SUPABASE_EMAIL and SUPABASE_PASSWORD, or the access token"
_URL_REMEDY: Final = "check that SUPABASE_URL is the project's URL"

_ANSWERED: Final[dict[str, tuple[str, str, bool]]] = {
    # code: (kind, remedy, must a person change something)
    "42501": ("not_allowed", "these rights do not reach; sign in as the master account or use a secret key", True),
    "42P01": ("missing_table", "the project's schema lacks it; run the project's migrations, or check the URL", True),
    "PGRST205": (
        "missing_table",
        "the project's schema lacks it; run the project's migrations, or check the URL",
        True,
    ),
    "42703": ("missing_column", "the project's schema differs from both known shapes", True),
    "PGRST204": ("missing_column", "the project's schema differs from both known shapes", True),
    "42883": ("missing_function", "", False),
    "PGRST202": ("missing_function", "", False),
    "22P02": ("bad_input", "", False),
    "23505": ("duplicate", "", False),
    "21000": ("refused_without_where", "", False),
    "PGRST116": ("not_one_row", "", False),
    "PGRST301": ("bad_token", _SIGN_IN_REMEDY, True),
    "PGRST302": ("bad_key", _KEY_REMEDY, True),
    "PGRST303": ("expired_token", _SIGN_IN_REMEDY, True),
    "PGRST106": ("schema_not_exposed", "expose the schema public in the project's API settings", True),
}

_DOWN_CODES: Final[dict[str, str]] = {
    "PGRST000": "the API cannot reach its database",
    "PGRST001": "the API lost its database",
    "PGRST002": "the API cannot read its schema",
    "PGRST003": "the API's connection pool is exhausted",
    "57014": "the statement took too long and was cancelled",
    "53300": "the database has too many connections",
    "25006": "the database is read-only",
}

_NO_ROUTE: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


def expired(fault: Fault) -> bool:
    """Whether a fresh sign-in may help."""
    return fault.kind in {"bad_token", "expired_token", "bad_key"}


def classify(error: BaseException) -> Fault:
    """Any exception as a `Fault`. What `Failed` carries is passed on; the unforeseen is named as such."""
    if isinstance(error, Failed):
        return error.fault
    return transport_fault(error, Trace())


def no_slot() -> Fault:
    """The request was never sent: all connections were taken."""
    return _fault("no_slot", Counts.NEUTRAL, Evidence.NONE, "no connection was free to send the request on")


def transport_fault(error: BaseException, trace: Trace) -> Fault:
    """What a failure below the answer means: no connection, no time, a broken answer; and whether it had been sent."""
    return msgspec.structs.replace(_of_transport(error, trace), sent=trace.sent)


def _of_transport(error: BaseException, trace: Trace) -> Fault:
    if isinstance(error, httpx.PoolTimeout):
        return no_slot()
    if isinstance(error, httpx.ConnectTimeout):
        return _fault("connect_timeout", Counts.FAILURE, Evidence.NONE, "no connection in time", "check the network")
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        if trace.sent:
            return _fault("timeout", Counts.FAILURE, Evidence.SILENT, "connected, but no answer in time")
        return _fault("connect_timeout", Counts.FAILURE, Evidence.NONE, "no connection in time", "check the network")
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return _fault("tls", Counts.FAILURE, Evidence.DOWN, "no trustworthy TLS connection", _URL_REMEDY, person=True)
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return _fault("no_dns", Counts.FAILURE, Evidence.NONE, "the host name is not known", _URL_REMEDY)
        if isinstance(cause, OSError) and cause.errno in _NO_ROUTE:
            return _fault("no_route", Counts.FAILURE, Evidence.NONE, "no route to the host", "check the network")
        if isinstance(cause, ConnectionRefusedError):
            return _fault("refused", Counts.FAILURE, Evidence.DOWN, "nobody answers at the URL", _URL_REMEDY)
    return _by_kind(error)


def _by_kind(error: BaseException) -> Fault:
    """Faults told by the exception's own class alone."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return _fault("bad_url", Counts.NEUTRAL, Evidence.NONE, "the URL cannot be used", _URL_REMEDY, person=True)
    if isinstance(error, httpx.ConnectError):
        return _fault("refused", Counts.FAILURE, Evidence.DOWN, "no connection to the URL", _URL_REMEDY)
    if isinstance(error, httpx.NetworkError):
        return _fault("reset", Counts.FAILURE, Evidence.DOWN, "the connection broke")
    if isinstance(error, httpx.RemoteProtocolError):
        return _fault("broken_answer", Counts.FAILURE, Evidence.DOWN, "the answer broke off")
    if isinstance(error, httpx.HTTPError):
        return _fault("http", Counts.FAILURE, Evidence.DOWN, f"the request failed ({type(error).__name__})")
    if isinstance(error, UnicodeError | ValueError):
        return garbage("it cannot be decoded")
    return _fault("unforeseen", Counts.FAILURE, Evidence.NONE, f"unforeseen {type(error).__name__}", "see the log file")


def answer_fault(trace: Trace, *, code: object, message: object) -> Fault | None:
    """What an answered refusal means, from the status, PostgREST's or SQL's code, and its message.

    `None` when status and code are those of a success.
    """
    status = trace.status or 0
    named = str(code) if code not in (None, "") else None
    words = clean(redacted(str(message or "")), 200)
    if status == 429:
        return _answered("rate_limited", trace, named, "too many requests", counts=Counts.FAILURE)
    if status == 540:
        remedy = "restore the project in its dashboard"
        return _answered(
            "paused", trace, named, "the project is paused", remedy, counts=Counts.FAILURE,
            evidence=Evidence.DOWN, person=True,
        )  # fmt: skip
    if named in _DOWN_CODES:
        return _answered("database", trace, named, _DOWN_CODES[named], counts=Counts.FAILURE, evidence=Evidence.DOWN)
    if named in _ANSWERED:
        kind, remedy, person = _ANSWERED[named]
        return _answered(kind, trace, named, words or kind.replace("_", " "), remedy, person=person)
    if "html" in trace.content_type and status != 200:
        return _answered(
            "proxy", trace, None, f"a proxy answered {status} instead of the API",
            counts=Counts.FAILURE, evidence=Evidence.DOWN,
        )  # fmt: skip
    if status >= 500:
        return _answered(
            "server", trace, named, f"the server answered {status}" + (f" ({words})" if words else ""),
            counts=Counts.FAILURE, evidence=Evidence.DOWN,
        )  # fmt: skip
    if status in {401, 403}:
        return _answered("bad_key", trace, named, words or "the key was refused", _KEY_REMEDY, person=True)
    if status >= 400:
        return _answered("refused_request", trace, named, words or f"the server answered {status}")
    return None


def garbage(what: str) -> Fault:
    """An answer that came, and is not what the API sends."""
    return _fault("garbage", Counts.FAILURE, Evidence.DOWN, f"the answer makes no sense: {what}", _URL_REMEDY)


def _answered(  # noqa: PLR0913 - one place builds them all
    kind: str,
    trace: Trace,
    code: str | None,
    message: str,
    remedy: str = "",
    *,
    counts: Counts = Counts.SUCCESS,
    evidence: Evidence = Evidence.ALIVE,
    person: bool = False,
) -> Fault:
    return Fault(
        kind=kind, counts=counts, evidence=evidence, message=message, remedy=remedy, code=code, person=person,
        retry_after_s=trace.retry_after_s,
    )  # fmt: skip


def _fault(
    kind: str, counts: Counts, evidence: Evidence, message: str, remedy: str = "", *, person: bool = False
) -> Fault:
    return Fault(kind=kind, counts=counts, evidence=evidence, message=message, remedy=remedy, person=person)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all it came from, into exception groups too (a dual-stack connect fails as one)."""
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
