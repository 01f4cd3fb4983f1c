"""Hooks that record a request and its answer in a `Trace`, for the client's own errors do not carry them."""

from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from core.backend.decoding import refuse_too_many
from core.backend.faults import Failed, Trace, garbage

TRACE: Final = "watchdesk"
"""The name under which a request carries its trace."""

_TABLES_PATH: Final = "/rest/v1/"
_BODY_BYTES: Final = 2000
_LONGEST_WAIT_S: Final = 3600.0


def trace_request(request: httpx.Request, trace: Trace) -> None:
    """Record what a request asks for, and from now on whether it has left."""
    trace.table, trace.asked_rows = _table(request), _asked_rows(request)

    async def note(event: str, info: dict[str, Any]) -> None:
        if event.endswith("send_request_headers.started") and not _to_proxy(info):
            trace.sent = True

    request.extensions["trace"] = note
    request.extensions[TRACE] = trace


def trace_head(response: httpx.Response, trace: Trace) -> None:
    """Record the head of an answer, before its body is read."""
    trace.status = response.status_code
    trace.content_type = response.headers.get("content-type", "")
    trace.date = response.headers.get("date")
    trace.retry_after_s = _seconds(response.headers.get("retry-after"), trace.date)


async def trace_response(response: httpx.Response, trace: Trace) -> None:
    """Record the body of an answer. Raises Failed for one that the client would take for data, and is none."""
    if response.is_redirect:
        raise Failed(garbage(f"it redirects ({response.status_code})", trace))
    await response.aread()
    trace.whole, trace.body = response.content, response.content[:_BODY_BYTES]
    if 200 <= response.status_code < 300:
        if "html" in trace.content_type:
            raise Failed(garbage("a web page came instead of data", trace))
        refuse_too_many(trace.whole, trace)
        if response.request.method == "GET" and not trace.body.strip():
            raise Failed(garbage("it is empty", trace))  # the client would call it no rows


def _table(request: httpx.Request) -> str:
    """Return the table that a request is about; empty where it is about none."""
    _, found, name = request.url.path.partition(_TABLES_PATH)
    return "" if not found or "/" in name else name


def _asked_rows(request: httpx.Request) -> int | None:
    """Return the most rows a request wants; `None` where it does not say."""
    told = request.url.params.get("limit", "")
    return int(told) if told.isdecimal() else None


def _to_proxy(info: dict[str, Any]) -> bool:
    """Return whether a request is for the proxy alone: a CONNECT, before the real request."""
    return getattr(info.get("request"), "method", b"") == b"CONNECT"


def _seconds(retry_after: str | None, date: str | None) -> float | None:
    """Return `Retry-After` in seconds, from either of its forms; `None` for nonsense, an hour for anything longer."""
    if not retry_after:
        return None
    try:
        return min(max(0.0, float(retry_after)), _LONGEST_WAIT_S)
    except ValueError:
        pass
    try:
        until, now = parsedate_to_datetime(retry_after), parsedate_to_datetime(date or "")
        return min(max(0.0, (until - now).total_seconds()), _LONGEST_WAIT_S)
    except (ValueError, TypeError, OverflowError):
        return None
