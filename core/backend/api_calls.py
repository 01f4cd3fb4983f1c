"""Calls of the project's API, on connections of their own: rows, counts, functions. All raise `Failed` alone."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import msgspec

from core.backend.answers import FUNCTION_WANTS_JWT
from core.backend.columns import each, whole
from core.backend.decoding import rows_of
from core.backend.faults import Failed, Trace, garbage
from core.backend.login import Prepare, Send
from core.backend.oddities import Oddities
from core.backend.selection import Selection, TableQuirks
from core.backend.sizes import EXACT_UP_TO, Sizes
from core.backend.target import Target
from core.backend.visibility import Visibility, not_visible
from core.domain.counts import Amount
from core.resilience.fault import Fault


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: rows or a scalar, and the exact total if it was asked for."""

    data: Any
    count: int | None = None


class Connection(Protocol):
    """What calls need of the connection they go over."""

    target: Target
    visibility: Visibility
    oddities: Oddities
    quirks: TableQuirks
    sizes: Sizes
    function_fault: Fault | None

    def server_time(self) -> datetime | None:
        """Return the server's clock now, by the last answer; `None` before any."""
        ...

    async def call(
        self,
        operation: str,
        prepare: Prepare,
        slots: asyncio.Semaphore,
        *,
        timeout_s: float | None = None,
        trace: Trace | None = None,
    ) -> Any: ...


class ApiCalls:
    """Calls of the project on a number of connections of their own. All raise Failed and nothing else."""

    def __init__(self, backend: Connection, connections: int) -> None:
        self._backend = backend
        self._slots = asyncio.Semaphore(connections)
        self.oddities = backend.oddities
        """The collector for oddities of rows."""
        self.sizes = backend.sizes
        """What was learned of the project's sizes."""
        self.sees_all = backend.target.sees_all
        """Whether no row is hidden from us, so that an empty answer is proof."""

    async def rows(
        self,
        operation: str,
        build: Callable[[Any], Any],
        *,
        timeout_s: float | None = None,
        trace: Trace | None = None,
    ) -> list[dict[str, Any]]:
        """Return the rows of a query. `build` gets the official client and returns a query.

        `trace` lets the caller watch how far the request has come while it waits.
        """
        trace = trace or Trace()
        answer = await self.query(operation, build, timeout_s=timeout_s, trace=trace)
        rows = rows_of(answer.data, trace)
        if rows:
            self._backend.visibility.saw(trace.table)
        return rows

    async def selected(
        self, operation: str, selection: Selection, build: Callable[[Any], Any] = lambda query: query
    ) -> list[dict[str, Any]]:
        """Return the rows of a query of `selection`, each of its items under its name.

        Left out are wanted columns that the table turns out to lack. `build` gets the query for all rows and returns
        the one to ask.
        """
        quirks = self._backend.quirks
        while True:
            asked = quirks.asked(selection)

            def ask(c: Any, columns: str = asked.select) -> Any:
                return build(c.table(selection.table).select(columns))

            try:
                return asked.read(await self.rows(operation, ask))
            except Failed as failed:
                if not quirks.learn(selection, asked, failed.fault):
                    raise

    def server_time(self) -> datetime | None:
        """Return the server's clock now, by the last answer; `None` before any."""
        return self._backend.server_time()

    def saw(self, table: str) -> None:
        """Record that a row of a table came by another way than a read of that table."""
        self._backend.visibility.saw(table)

    async def must_show(self, table: str) -> None:
        """Raise Failed unless an empty answer of a table proves something; looks for one row of it if need be."""
        visibility = self._backend.visibility
        if visibility.empty_is_empty(table):
            return
        if not visibility.just_looked(table):
            if await self.rows(f"look at {table}", lambda c: c.table(table).select("id").limit(1)):
                return
            visibility.looked(table)
        raise Failed(not_visible(table))

    async def count(self, operation: str, build: Callable[[Any], Any]) -> int:
        """Return the exact number of rows that match a query built to count; it selects only ids, and few of them."""
        return (await self.counted(operation, build))[0]

    async def amount(self, operation: str, build: Callable[[Any, str | None], Any]) -> Amount:
        """Return how many rows match, exactly up to `EXACT_UP_TO`, else as the database's planner puts it.

        `build` gets how to count, and returns the query for all that match. What was never counted may be huge, so it
        is planned first; a plan is believed once a row beyond that number was seen.
        """
        if not self.sizes.small(operation):
            planned = await self.count(operation, lambda c: build(c, "planned").limit(1))
            if planned > EXACT_UP_TO and await self._is_large(operation, build):
                return Amount(planned, exact=False)
        rows = await self.count(operation, lambda c: build(c, "exact").limit(1))
        self.sizes.counted(operation, rows)
        return Amount(rows)

    async def _is_large(self, operation: str, build: Callable[[Any, str | None], Any]) -> bool:
        if not self.sizes.large(operation):
            beyond = await self.rows(operation, lambda c: build(c, None).range(EXACT_UP_TO, EXACT_UP_TO))
            if beyond:
                self.sizes.prove_large(operation)
        return self.sizes.large(operation)

    async def counted(
        self, operation: str, build: Callable[[Any], Any], needed: str = "id"
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many rows match, and those that came with the number, each with the column `needed`."""
        trace = Trace()
        answer = await self.query(operation, build, trace=trace)
        rows = each(rows_of(answer.data, trace), needed)
        count = whole(answer.count)
        if count is None or count < len(rows):
            raise Failed(garbage("expected a count, got none"))
        if rows:  # a planned number proves no row
            self._backend.visibility.saw(trace.table)
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
        try:
            data = await self._backend.call(
                f"invoke {function}",
                lambda client: lambda: client.functions.invoke(function, options),
                self._slots,
                timeout_s=timeout_s,
            )
        except Failed as failed:
            if failed.fault.kind == FUNCTION_WANTS_JWT:
                self._backend.function_fault = failed.fault
            raise
        if method != "OPTIONS":
            self._backend.function_fault = None
        return Answer(data=data)

    async def ask_function(self, function: str, timeout_s: float) -> None:
        """Ask by OPTIONS whether a function is there, so nothing runs. Raises Failed, also where it would refuse us."""
        await self.invoke(function, "OPTIONS", timeout_s=timeout_s)
        if self._backend.function_fault is not None:
            raise Failed(self._backend.function_fault)
