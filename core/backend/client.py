"""The line to Supabase: one HTTP client, one official client on top, and every call ending in data or `Failed`.

The only room that imports `supabase` and `httpx`. What the official client gets wrong by default (its own retries,
120 s timeouts, redirects, secrets in the Authorization header) is switched off here, once.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import msgspec

from core.backend.columns import each, whole
from core.backend.faults import Failed, Trace, answer_fault, expired, garbage, no_slot, transport_fault
from core.backend.line import Line
from core.backend.oddities import Oddities
from core.backend.official import official
from core.backend.sessions import SessionFile
from core.backend.sign_in import Prepare, Send, SignIn
from core.backend.target import Target
from core.backend.trust import authorities
from core.bounds import Connections, Limit
from core.clock import Clock
from core.facts import Fault

log = logging.getLogger(__name__)

Around = Callable[[str, Send], Awaitable[Any]]

for _name in ("httpx", "httpcore", "hpack"):
    # Their INFO and DEBUG lines carry URLs with filter values and, in hpack, the key itself.
    logging.getLogger(_name).setLevel(logging.WARNING)

_SIGN_IN_PATH: Final = "/auth/v1/token"
_trace: ContextVar[Trace | None] = ContextVar("watchdesk_trace", default=None)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long one request may take and how many may be under way. Seconds."""

    connect_s: Limit = 3.0
    request_s: Limit = 5.0
    probe_s: Limit = 10.0
    slot_s: Limit = 2.5
    """How long a request may wait until one of the others has ended."""
    connections: Connections = 8
    urgent_connections: Connections = 6
    """Kept free for checks, orders and their read-backs, so that hanging panels never keep them from going out."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: rows or a scalar, and the exact total if it was asked for."""

    data: Any
    count: int | None = None


class Backend:
    """One project's API, called as one user. Owns its connections; `connect` before the first call.

    `calls` is for panels, `urgent` for checks, orders and read-backs: each has connections of its own. `line` is a way
    that can be cut, for the self-test; without one it is the network.
    """

    def __init__(
        self,
        target: Target,
        clock: Clock,
        limits: Limits | None = None,
        stored: SessionFile | None = None,
        line: Line | None = None,
    ) -> None:
        self._line = line
        self.target = target
        self.limits = limits or Limits()
        self._clock = clock
        self._server_date: tuple[datetime, float] | None = None
        self._http: httpx.AsyncClient | None = None
        self._client: Any = None
        self.sign_in = SignIn(target, clock, self._auth, stored)
        self._sign_in_slot = asyncio.Semaphore(1)
        self.around_sign_in: Around = _as_it_is
        """What a call of the sign-in service goes through: its own breaker, once there is one. Raises Failed."""
        self.oddities = Oddities()
        self.calls = Calls(self, self.limits.connections)
        self.urgent = Calls(self, self.limits.urgent_connections)

    async def connect(self) -> None:
        """Build the client; costs an import of 0.3-0.5 s, taken in a thread. Touches no network."""
        module = await asyncio.to_thread(official)
        trusted = await asyncio.to_thread(authorities)
        if self._http is not None:
            return
        limits = self.limits
        self._http = httpx.AsyncClient(
            verify=trusted,
            http2=False,
            follow_redirects=False,
            transport=self._line,
            timeout=httpx.Timeout(limits.probe_s, connect=limits.connect_s),
            limits=httpx.Limits(max_connections=limits.connections + limits.urgent_connections + 2),
            event_hooks={"request": [self._on_request], "response": [self._on_response]},
        )
        options = module.AsyncClientOptions(
            httpx_client=self._http,
            postgrest_client_retry=False,
            auto_refresh_token=False,
            persist_session=False,
        )
        self._client = module.AsyncClient(self.target.url, self.target.key, options)

    async def close(self) -> None:
        """Drop every connection. Calling it twice does nothing."""
        client, self._http, self._client = self._http, None, None
        if client is not None:
            await client.aclose()

    def server_time(self) -> datetime | None:
        """The server's clock now, by the last answer's `Date` header and elapsed time; `None` before any answer."""
        if self._server_date is None:
            return None
        date, at = self._server_date
        return date + timedelta(seconds=self._clock.elapsed() - at)

    def as_anonymous(self) -> "Backend":
        """The same project with nothing but its publishable key: what anybody can see."""
        target = Target(name=self.target.name, url=self.target.url, key=self.target.publishable_key)
        return Backend(target, self._clock, self.limits)

    async def sign_out(self) -> None:
        """End this session at the server, and only this one. Raises Failed."""
        await self.sign_in.fresh()
        await self._auth("sign out", lambda client: lambda: client.auth.admin.sign_out(self.sign_in.token, "local"))

    async def call(
        self,
        operation: str,
        prepare: Prepare,
        slots: asyncio.Semaphore,
        *,
        timeout_s: float | None = None,
        trace: Trace | None = None,
    ) -> Any:
        """Run what `prepare` makes of the official client, signed in; once more where the token was refused.

        Raises Failed and nothing else; a cancelled call frees its slot.
        """
        number = await self.sign_in.fresh()
        try:
            return await self._once(operation, prepare, slots, timeout_s, trace)
        except Failed as failed:
            if not (self.sign_in.renews and expired(failed.fault)):
                raise
        await self.sign_in.renew(number)
        return await self._once(operation, prepare, slots, timeout_s, trace)

    async def _auth(self, operation: str, prepare: Prepare) -> Any:
        return await self.around_sign_in(operation, lambda: self._once(operation, prepare, self._sign_in_slot))

    async def _once(
        self,
        operation: str,
        prepare: Prepare,
        slots: asyncio.Semaphore,
        timeout_s: float | None = None,
        trace: Trace | None = None,
    ) -> Any:
        if self._http is None:
            await self.connect()
        trace = trace or Trace()
        send = prepare(self._client)
        # A request cancelled while it waits for the pool leaks its slot there for ever, so nobody waits there.
        await self._slot(slots)
        mark = _trace.set(trace)
        try:
            async with asyncio.timeout(timeout_s or self.limits.request_s):
                answer = await send()
        except Exception as error:
            fault = _fault_of(error, trace)
            log.debug("%s: %s", operation, fault.kind, exc_info=error)
            raise Failed(fault) from error
        finally:
            _trace.reset(mark)
            slots.release()
        self._note_date(trace)
        return answer

    async def _slot(self, slots: asyncio.Semaphore) -> None:
        """Wait for a free slot. Raises Failed when all the others take too long: nothing was sent, nothing counts."""
        try:
            async with asyncio.timeout(self.limits.slot_s):
                await slots.acquire()
        except TimeoutError as error:
            raise Failed(no_slot()) from error

    def _note_date(self, trace: Trace) -> None:
        try:
            date = parsedate_to_datetime(trace.date or "")
        except (ValueError, TypeError):
            return
        if date.tzinfo is not None:
            self._server_date = (date.astimezone(UTC), self._clock.elapsed())

    async def _on_request(self, request: httpx.Request) -> None:
        own = request.headers.get("Authorization", "")
        if request.url.path.endswith(_SIGN_IN_PATH):
            request.headers.pop("Authorization", None)  # a stale token would be refused there
        elif self.sign_in.token:
            request.headers["Authorization"] = f"Bearer {self.sign_in.token}"
        elif own.startswith("Bearer sb_"):
            del request.headers["Authorization"]  # a proxy may log it, and the API reads `apikey`
        trace = _trace.get()
        if trace is not None:

            async def note(event: str, _info: Any) -> None:
                if event.endswith("send_request_headers.started"):
                    trace.sent = True

            request.extensions["trace"] = note

    async def _on_response(self, response: httpx.Response) -> None:
        trace = _trace.get()
        if trace is None:
            return
        trace.status = response.status_code
        trace.content_type = response.headers.get("content-type", "")
        trace.date = response.headers.get("date")
        trace.retry_after_s = _seconds(response.headers.get("retry-after"), trace.date)
        if response.is_redirect:
            raise Failed(garbage(f"it redirects ({response.status_code})"))
        await response.aread()
        trace.whole, trace.body = response.content, response.content[:_TOLD_BYTES]
        if 200 <= response.status_code < 300:
            if "html" in trace.content_type:
                raise Failed(garbage("a web page came instead of data"))
            if response.request.method == "GET" and not trace.body.strip():
                raise Failed(garbage("it is empty"))  # the client would call it no rows


async def _as_it_is(_: str, send: Send) -> Any:
    return await send()


class Calls:
    """Ways to call the project, with a number of connections of their own. All raise Failed and nothing else."""

    def __init__(self, backend: Backend, connections: int) -> None:
        self._backend = backend
        self._slots = asyncio.Semaphore(connections)
        self.oddities = backend.oddities
        """Where whoever makes records of rows notes what is odd about them."""

    async def rows(
        self,
        operation: str,
        build: Callable[[Any], Any],
        *,
        timeout_s: float | None = None,
        trace: Trace | None = None,
    ) -> list[dict[str, Any]]:
        """The rows a query gives. `build` gets the official client and returns a query.

        `trace` lets the caller watch how far the request has come while it waits.
        """
        answer = await self.query(operation, build, timeout_s=timeout_s, trace=trace)
        return _rows(answer.data)

    async def count(self, operation: str, build: Callable[[Any], Any]) -> int:
        """The exact number of rows a query asked to count matches; it asks for ids, and for few of them."""
        return (await self.counted(operation, build))[0]

    async def counted(self, operation: str, build: Callable[[Any], Any]) -> tuple[int, list[dict[str, Any]]]:
        """The same, and the few rows that came with it."""
        answer = await self.query(operation, build)
        rows = each(_rows(answer.data), "id")
        count = whole(answer.count)
        if count is None or count < len(rows):
            raise Failed(garbage("a count was asked for, none came"))
        return count, rows

    async def query(
        self,
        operation: str,
        build: Callable[[Any], Any],
        *,
        timeout_s: float | None = None,
        trace: Trace | None = None,
    ) -> Answer:
        """Run one PostgREST query or RPC."""
        seen = trace or Trace()

        def prepare(client: Any) -> Send:
            execute: Send = build(client).execute

            async def send() -> Any:
                try:
                    return await execute()
                except RecursionError:  # it could not decode what came; `rows` can
                    return Answer(data=seen.whole.decode(errors="replace"))

            return send

        response = await self._backend.call(operation, prepare, self._slots, timeout_s=timeout_s, trace=seen)
        return Answer(data=response.data, count=getattr(response, "count", None))

    async def invoke(
        self, function: str, method: str, body: dict[str, Any] | None = None, *, timeout_s: float | None = None
    ) -> Answer:
        """Call an Edge Function. The answer's data are the raw bytes or the decoded JSON."""

        options: dict[str, Any] = {"method": method} if body is None else {"method": method, "body": body}
        data = await self._backend.call(
            f"invoke {function}",
            lambda client: lambda: client.functions.invoke(function, options),
            self._slots,
            timeout_s=timeout_s,
        )
        return Answer(data=data)


def _fault_of(error: Exception, trace: Trace) -> Fault:
    """The fault behind whatever the client raised."""
    if isinstance(error, Failed):
        return error.fault
    kind = type(error).__name__
    if kind == "APIError":
        code, message = getattr(error, "code", None), getattr(error, "message", None)
        return answer_fault(trace, code=code, message=message) or garbage("it is not what the API sends")
    if kind.startswith("Auth"):
        return _sign_in_fault(error, trace)
    if kind.startswith("Functions"):
        return answer_fault(trace, code=None, message=_told(trace.body)) or garbage(kind)
    return transport_fault(error, trace)


def _sign_in_fault(error: Exception, trace: Trace) -> Fault:
    """What a failed sign-in means. Only the service's own refusal ends a session: a web page or silence does not."""
    cause = error.__cause__ or error.__context__
    if trace.status is None and cause is not None:
        return transport_fault(cause, trace)
    fault = answer_fault(trace, code=None, message=getattr(error, "message", ""))
    if fault is None:
        return garbage("the sign-in")
    if trace.status in {400, 401, 403, 422}:
        if "json" not in trace.content_type:
            return garbage(f"a sign-in that answers {trace.status} without a word of its own")
        return msgspec.structs.replace(
            fault, kind="sign_in", person=True, remedy="check SUPABASE_EMAIL and SUPABASE_PASSWORD"
        )
    return fault


def _told(body: bytes) -> str:
    """The message in a JSON body, which the client's own error does not carry; empty if there is none."""
    try:
        told = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return ""
    return next((text for key in ("message", "error", "msg") if isinstance(text := told.get(key), str)), "")


def _rows(data: object) -> list[dict[str, Any]]:
    """The rows in an answer. Raises Failed where it is something else."""
    rows = _read_again(data) if isinstance(data, str) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Failed(garbage("rows were asked for, something else came"))
    return rows


def _read_again(text: str) -> Any:
    """What the client could not decode: what is too much for Python in one row must not hide all the others.

    A number longer than it takes is the text of its digits, what is nested too deeply is `…`. `None` for what is no
    JSON.
    """
    try:
        return json.loads(
            _shallow(text), parse_int=lambda digits: int(digits) if len(digits) < _LONGEST_INT else digits
        )
    except ValueError:
        return None


def _shallow(text: str) -> str:
    """JSON without what is nested deeper than `_DEEPEST`."""
    kept, depth, start = [], 0, 0
    for match in _NESTING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth == _DEEPEST + 1 and match.group() in "[{":
            kept.append(text[start : match.start()] + '"…"')
        elif depth == _DEEPEST and match.group() in "]}":
            start = match.end()
    return "".join([*kept, text[start:]])


_NESTING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
"""What opens and closes, and the strings in which it does not."""

_DEEPEST: Final = 100
_LONGEST_INT: Final = 4000
_TOLD_BYTES: Final = 2000
_LONGEST_WAIT_S: Final = 3600.0


def _seconds(retry_after: str | None, date: str | None) -> float | None:
    """`Retry-After` in seconds, from either of its forms; nonsense is none, a very long one an hour."""
    if not retry_after:
        return None
    try:
        return min(max(0.0, float(retry_after)), _LONGEST_WAIT_S)
    except ValueError:
        pass
    try:
        until, now = parsedate_to_datetime(retry_after), parsedate_to_datetime(date or "")
        return min(max(0.0, (until - now).total_seconds()), _LONGEST_WAIT_S)
    except (ValueError, TypeError):
        return None
