"""The connection to Supabase: one HTTP client, one official client on top; every call ends in data or `Failed`.

The only module that imports `supabase` and `httpx`. What the official client gets wrong by default (its own retries,
120 s timeouts, redirects, secrets in the Authorization header) is switched off here, once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import msgspec

from core.backend.answers import Credentials, expired
from core.backend.api_calls import ApiCalls
from core.backend.client_errors import fault_of
from core.backend.columns import YEARS
from core.backend.fault_transport import FaultTransport
from core.backend.faults import Failed, Proxy, Trace, no_slot
from core.backend.http_client import LeanClient
from core.backend.login import Prepare, Send, SignIn
from core.backend.oddities import Oddities
from core.backend.proxies import way_out
from core.backend.resting import REST_S, resting
from core.backend.selection import TableQuirks
from core.backend.sessions import SessionFile
from core.backend.sizes import Sizes
from core.backend.supabase_client import official
from core.backend.target import KeyKind, Target
from core.backend.tracing import trace_request, trace_response
from core.backend.traffic import Traffic
from core.backend.transport import BoundedTransport
from core.backend.visibility import Visibility
from core.base.bounds import Connections, Limit, Megabytes
from core.base.clock import Clock
from core.base.version import AGENT
from core.resilience.fault import Fault

log = logging.getLogger(__name__)

Around = Callable[[str, Send], Awaitable[Any]]

for _name in ("httpx", "httpcore", "hpack"):
    # Their INFO and DEBUG lines carry URLs with filter values and, in hpack, the key itself.
    logging.getLogger(_name).setLevel(logging.WARNING)

_SIGN_IN_PATH: Final = "/auth/v1/token"
_FUNCTIONS_PATH: Final = "/functions/v1/"
_trace: ContextVar[Trace | None] = ContextVar("watchdesk_trace", default=None)


class RequestLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one request, and of how many are under way. Section `limits` of the settings."""

    connect_s: Limit = 3.0
    """Connect timeout."""
    request_s: Limit = 5.0
    """The longest time one request takes, its answer included."""
    probe_s: Limit = 10.0
    """Longest wait for data on an open connection during a request."""
    slot_s: Limit = 2.5
    """The longest wait of a request for a free connection, seconds."""
    connections: Connections = 8
    """The most requests of panels and lists that are under way at once."""
    urgent_connections: Connections = 6
    """Connections kept for checks, actions and their read-backs, so that hanging panels never block them."""
    answer_mb: Megabytes = 64.0
    """The longest answer that is read, unpacked; a longer one is cut off and counts as none."""


class Backend:
    """One project's API, called as one user. Owns its connections; `connect` before the first call.

    `calls` is for panels, `urgent` for checks, actions and read-backs: each has connections of its own. `line` is a
    transport that can fail on purpose, for the self-test; without one it is the network.
    """

    def __init__(
        self,
        target: Target,
        clock: Clock,
        limits: RequestLimits | None = None,
        stored: SessionFile | None = None,
        line: FaultTransport | None = None,
    ) -> None:
        self._line = line
        self.target = target
        self.limits = limits or RequestLimits()
        self._clock = clock
        self._server_date: tuple[datetime, float] | None = None
        self._http: httpx.AsyncClient | None = None
        self._connecting = asyncio.Lock()
        self._proxy: Proxy | None = None
        self._credentials = Credentials(
            secret=target.kind is KeyKind.SECRET, user=target.signs_in, new_key=target.key.startswith("sb_")
        )
        self._client: Any = None
        self.sign_in = SignIn(target, clock, self._auth, stored)
        self._sign_in_slot = asyncio.Semaphore(1)
        self.function_fault: Fault | None = None
        """The fault with which Edge Functions last refused our key; asking whether one is there does not show it."""
        self.around_sign_in: Around = _as_it_is
        """The wrapper of calls of the sign-in service: its own breaker, once there is one. Raises Failed."""
        self.oddities = Oddities()
        self.quirks = TableQuirks()
        self.sizes = Sizes(clock)
        self.traffic = Traffic()
        self.visibility = Visibility(clock, sees_all=target.sees_all)
        self.calls = ApiCalls(self, self.limits.connections)
        self.urgent = ApiCalls(self, self.limits.urgent_connections)

    async def connect(self) -> None:
        """Build the client; costs an import of 0.3-0.5 s, done in a thread. Touches no network.

        Raises Failed where this machine's settings give no way to the project.
        """
        async with self._connecting:  # the first reads come together, and each would load the certificates
            if self._http is None:
                self._build(await asyncio.to_thread(official), await asyncio.to_thread(self._network))

    def _build(self, module: Any, network: httpx.AsyncBaseTransport) -> None:
        limits = self.limits
        self._http = LeanClient(
            follow_redirects=False,
            transport=BoundedTransport(network, int(limits.answer_mb * 1_000_000), self.traffic),
            timeout=httpx.Timeout(limits.probe_s, connect=limits.connect_s),
            headers={"User-Agent": AGENT},
            trust_env=False,
            event_hooks={"request": [self._on_request], "response": [self._on_response]},
        )
        options = module.AsyncClientOptions(
            httpx_client=self._http,
            postgrest_client_retry=False,
            auto_refresh_token=False,
            persist_session=False,
        )
        self._client = module.AsyncClient(self.target.url, self.target.key, options)

    def _network(self) -> httpx.AsyncBaseTransport:
        if self._line is not None:
            return self._line
        way, limits = way_out(self.target.url), self.limits
        self._proxy = way.proxy
        most = limits.connections + limits.urgent_connections + 2
        connections = httpx.Limits(max_connections=most, keepalive_expiry=REST_S)
        network = httpx.AsyncHTTPTransport(verify=way.trusted, proxy=way.through, trust_env=False, limits=connections)
        return resting(network, self._clock.elapsed)

    async def close(self) -> None:
        """Close every connection. Calling it twice does nothing."""
        client, self._http, self._client = self._http, None, None
        if client is not None:
            await client.aclose()

    def server_time(self) -> datetime | None:
        """The server's clock now, from the last answer's `Date` header and elapsed time; `None` before any answer."""
        if self._server_date is None:
            return None
        date, at = self._server_date
        return date + timedelta(seconds=self._clock.elapsed() - at)

    def as_anonymous(self) -> "Backend":
        """Return the same project with nothing but its publishable key: to see what anybody can see."""
        target = Target(name=self.target.name, url=self.target.url, key=self.target.publishable_key)
        anonymous = Backend(target, self._clock, self.limits)
        anonymous.traffic = self.traffic
        return anonymous

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
        if trace is not None:
            trace.begin()
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
        trace.proxy = self._proxy
        send = prepare(self._client)
        # A request cancelled while it waits for the pool leaks its slot there for ever, so nobody waits there.
        await self._slot(slots)
        mark = _trace.set(trace)
        try:
            async with asyncio.timeout(timeout_s or self.limits.request_s):
                answer = await send()
        except Exception as error:
            fault = fault_of(error, trace, self._credentials, self.target.secrets)
            log.debug("%s: %s", operation, fault.kind, exc_info=error)
            raise Failed(fault) from error
        finally:
            _trace.reset(mark)
            slots.release()
        self._note_date(trace)
        return answer

    async def _slot(self, slots: asyncio.Semaphore) -> None:
        """Wait for a free slot. Raises Failed when that takes too long: nothing was sent, so no breaker counts it."""
        try:
            async with asyncio.timeout(self.limits.slot_s):
                await slots.acquire()
        except TimeoutError as error:
            raise Failed(no_slot()) from error

    def _note_date(self, trace: Trace) -> None:
        try:
            date = parsedate_to_datetime(trace.date or "")
            told = date.astimezone(UTC) if date.tzinfo is not None else None
        except (ValueError, TypeError, OverflowError):
            return
        if told is not None and told.year in YEARS:
            self._server_date = (told, self._clock.elapsed())

    async def _on_request(self, request: httpx.Request) -> None:
        own = request.headers.get("Authorization", "")
        if request.url.path.endswith(_SIGN_IN_PATH):
            request.headers.pop("Authorization", None)  # a stale token would be refused there
        elif self.sign_in.token:
            request.headers["Authorization"] = f"Bearer {self.sign_in.token}"
        elif self.target.function_key and _FUNCTIONS_PATH in request.url.path:
            request.headers["Authorization"] = f"Bearer {self.target.function_key}"
        elif own.startswith("Bearer sb_"):
            del request.headers["Authorization"]  # a proxy may log it, and the API reads `apikey`
        trace = _trace.get()
        if trace is not None:
            trace_request(request, trace)

    async def _on_response(self, response: httpx.Response) -> None:
        trace = _trace.get()
        if trace is not None:
            await trace_response(response, trace)


async def _as_it_is(_: str, send: Send) -> Any:
    return await send()
