"""The doctor's steps on the way to the project and in it. They read, and write nothing."""

import asyncio
import os
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from core.backend.client import Backend
from core.backend.faults import Failed
from core.backend.first_answer import FirstAnswer, addresses, connect, connect_to_proxy, first_answer, handshake
from core.backend.log_rows import log_selection
from core.backend.proxies import proxy_for
from core.backend.rows import config_selection, task_selection
from core.backend.schema import POLL_FUNCTION, SAFETY, TASKS, Schema, Shape, discover
from core.backend.selection import Selection, column_of
from core.backend.visibility import not_visible
from core.base.clock import Clock
from core.checks.edge_function import without_answer
from core.domain.status import Truth
from core.resilience.fault import Evidence, Fault
from core.services.doctor import judging
from core.services.doctor.steps import Diagnosis, not_tried, of_fault, of_verdict, ok, warned

_ANSWER_S: Final = 5.0
_REFUSED_KEY: Final = {"bad_key", "bad_token", "expired_token"}
_SQL: Final = {
    Truth.TRUE: ok("watchdesk_overview is installed"),
    Truth.UNKNOWN: warned(
        "watchdesk_overview is installed in another version", "run the SQL that watchdesk sql stats prints"
    ),
    Truth.FALSE: ok("watchdesk_overview is not installed (optional: watchdesk sql stats)"),
}


class ProjectSteps:
    """Steps on one project. Each returns its diagnosis, or raises Failed."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._target = backend.target
        self._clock = clock
        self._calls = backend.urgent
        url = urlsplit(self._target.url)
        self._host, self._port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        self._found: tuple[str, ...] = ()
        self._address = ""
        self._first: FirstAnswer | None = None
        self.schema: Schema | None = None
        """What was discovered; `None` until the step `schema` has passed."""

    async def proxy(self) -> Diagnosis:
        """Find out which proxy applies, and whether it can be reached."""
        found = await connect_to_proxy(self._target.url)
        return ok("none applies") if found is None else ok(f"{found} accepts connections")

    async def dns(self) -> Diagnosis:
        """Resolve the project's name."""
        if self._proxied():
            return ok("done by the proxy")
        self._found = await addresses(self._host, self._port)
        return ok(f"{self._host} resolves to {', '.join(self._found[:3])}")

    async def tcp(self) -> Diagnosis:
        """Connect to the project's port."""
        if self._proxied():
            return ok("done by the proxy")
        self._address = await connect(self._found, self._port)
        return ok(f"connected to {self._address} port {self._port}")

    async def tls(self) -> Diagnosis:
        """Look at the certificate that is shown; through a proxy with a request, for it is asked to connect by one."""
        url, now = self._target.url, self._clock.now()
        if urlsplit(url).scheme == "http":
            return judging.plain_text(self._host)
        try:
            if self._proxied():
                self._first = await first_answer(url, _ANSWER_S)
                found = self._first.certificate
            else:
                found = await handshake(self._address, self._port, self._host)
        except Failed as refused:
            if refused.fault.kind == "tls":
                return judging.tls_fault(refused.fault, now)
            raise
        trusted = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), "")
        return judging.certificate(found, trusted, now)

    async def answer(self) -> Diagnosis:
        """Ask without a key: whatever comes, somebody is there."""
        if self._first is None:
            self._first = await first_answer(self._target.url, _ANSWER_S)
        return ok(f"HTTP {self._first.status} to a request without a key")

    async def clock(self, most_s: float) -> Diagnosis:
        """Compare this machine's clock with the server's; it may be off by `most_s` seconds."""
        first = self._first
        return not_tried("there was no answer") if first is None else judging.clock(first.at, first.date, most_s)

    async def key(self) -> Diagnosis:
        """Look at the key, and ask whether the project takes it, without any user."""
        found = judging.key_kind(self._target, self._clock.now())
        if not found.passed:
            return found
        alone = msgspec.structs.replace(self._target, email="", password="", access_token="")
        backend = Backend(alone, self._clock, self._backend.limits)
        try:
            refusal = await _refusal(backend)
        finally:
            await backend.close()
        if refusal is not None and refusal.kind in _REFUSED_KEY:
            return of_fault(refusal)
        return msgspec.structs.replace(found, text=f"{found.text}, accepted")

    async def sign_in(self) -> Diagnosis:
        """Sign in as configured, and ask whether the project takes the user's token."""
        ends = self._backend.sign_in.expires_at
        found = judging.signed_in(self._target, ends, datetime.now(UTC))
        if not found.passed or not self._target.signs_in:
            return found
        await self._backend.sign_in.fresh()
        refusal = await _refusal(self._backend)
        return of_fault(refusal) if refusal is not None and refusal.kind in _REFUSED_KEY else found

    async def table(self, table: str) -> Diagnosis:
        """Read one row of a table: it may be missing, not granted, or show no row."""
        try:
            rows = await self._calls.rows(f"look at {table}", lambda c: c.table(table).select("id").limit(1))
        except Failed as refused:
            if table == SAFETY and refused.fault.kind == "missing_table":
                return ok("does not exist; only its own list needs it")
            raise
        if rows:
            return ok("readable")
        if self._calls.sees_all:
            return ok("readable, empty")
        hidden = not_visible(table)
        return warned(hidden.message, hidden.remedy)

    async def look_at_schema(self) -> Diagnosis:
        """Find out which shape the schema has, and which columns are missing."""
        schema = await discover(self._backend)
        gone = [fault for fault in schema.missing if fault.kind != "not_allowed"]
        if gone:
            return of_fault(gone[0])
        if schema.missing:
            return not_tried("some tables cannot be read")
        self.schema = schema
        deployed = schema.shape is Shape.DEPLOYED
        selections = (
            config_selection(deployed=deployed),
            task_selection(schema.error_column),
            log_selection(schema.log_time),
        )
        lacking = await asyncio.gather(*map(self._lacking, selections))
        tables = (one.table for one in selections)
        return judging.columns(dict(zip(tables, lacking, strict=True)), schema.shape)

    async def poll_function(self) -> Diagnosis:
        """Ask the agents' function whether it is there; it runs nothing."""
        try:
            await self._calls.ask_function(POLL_FUNCTION, _ANSWER_S)
        except Failed as refused:
            if refused.fault.evidence is Evidence.NONE:
                raise
            return of_verdict(without_answer(refused.fault))
        if self._target.key.startswith("sb_") and not (self._target.function_key or self._target.signs_in):
            return ok(f"{POLL_FUNCTION} answers; only a run shows whether it accepts an sb_ key")
        return ok(f"{POLL_FUNCTION} answers")

    async def sql_function(self) -> Diagnosis:
        """Return whether our optional function is there, as the step `schema` found."""
        return not_tried("the schema is not known") if self.schema is None else _SQL[self.schema.overview]

    async def ask_function(self, name: str) -> None:
        """Ask whether a function is there. Raises Failed."""
        await self._calls.ask_function(name, _ANSWER_S)

    def _proxied(self) -> bool:
        return proxy_for(self._target.url)[0] is not None

    async def _lacking(self, selection: Selection) -> tuple[str, ...]:
        """Return the columns a table lacks of those that are wanted. Raises Failed for one that is needed."""

        def one(query: Any) -> Any:
            return query.limit(1)

        await self._calls.selected(f"look at {selection.table}", selection, one)
        asked = set(map(column_of, self._backend.quirks.asked(selection).items))
        return tuple(dict.fromkeys(name for name in map(column_of, selection.wanted) if name not in asked))


async def _refusal(backend: Backend) -> Fault | None:
    """Return the refusal that the lightest question meets, `None` for none. Raises Failed if nothing answered it."""
    try:
        await backend.urgent.rows("ask the database", lambda c: c.table(TASKS).select("id").limit(1))
    except Failed as refused:
        if refused.fault.evidence is not Evidence.ALIVE:
            raise
        return refused.fault
    return None
