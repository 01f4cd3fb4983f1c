"""Discovery of the project's schema: which of the two shapes it has, and what of it is missing."""

import asyncio
from enum import StrEnum
from typing import Any, Final

import msgspec

from core.backend.answers import MISSING_COLUMN
from core.backend.client import Backend
from core.backend.columns import each
from core.backend.faults import Failed
from core.backend.overview_sql import OVERVIEW_VERSION
from core.backend.simulated import Telltale
from core.backend.tables import CONFIG, LOGS, SAFETY, TASKS
from core.domain.status import Truth
from core.resilience.fault import Evidence, Fault

__all__ = [
    "CONFIG",
    "CONFIG_RPC",
    "CREATE_RPC",
    "LOGS",
    "MAIL_FUNCTION",
    "OVERVIEW_RPC",
    "POLL_FUNCTION",
    "SAFETY",
    "STOP_RPC",
    "TASKS",
    "UNDISCOVERED",
    "Schema",
    "Shape",
    "anybody_reads",
    "discover",
]

CREATE_RPC: Final = "create_autonomous_task"
STOP_RPC: Final = "emergency_stop_autonomous_system"
CONFIG_RPC: Final = "get_autonomous_config"
OVERVIEW_RPC: Final = "watchdesk_overview"
POLL_FUNCTION: Final = "ai-agent-poll"
MAIL_FUNCTION: Final = "send-template-email"


POLICED: Final = (CONFIG, TASKS, LOGS)
"""Tables that should be readable only with the right permissions."""


class Shape(StrEnum):
    """The two shapes in the field."""

    DOCUMENTED = "documented"
    DEPLOYED = "deployed"


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """The project's names for its columns. `missing` are faults that a person must fix, table by table."""

    shape: Shape
    log_time: str
    error_column: str = "error_message"
    overview: Truth = Truth.FALSE
    """Our own function is there (`watchdesk sql stats`); unknown: one is, but of another version than this."""
    telltale: Telltale = Telltale()
    """The marks of a simulated completion."""
    missing: tuple[Fault, ...] = ()


UNDISCOVERED: Final = Schema(shape=Shape.DEPLOYED, log_time="timestamp")
"""The schema assumed until the project was asked."""


async def discover(backend: Backend) -> Schema:
    """Read one row of each table and conclude. Raises Failed when the project did not answer."""
    backend.quirks.forget()
    overview, telltale, config, tasks, deployed, documented = await asyncio.gather(
        _has_overview(backend),
        _telltale(backend),
        _probe(backend, CONFIG, "id"),
        _probe(backend, TASKS, "id,error_message"),
        _probe(backend, LOGS, "id,timestamp"),
        _probe(backend, LOGS, "id,created_at"),
    )
    error_column = "error_message"
    if tasks is not None and tasks.kind == MISSING_COLUMN:
        tasks = await _probe(backend, TASKS, "id,error")
        error_column = "error"
    shape = Shape.DOCUMENTED if deployed is not None and documented is None else Shape.DEPLOYED
    logs = None if deployed is None or documented is None else deployed
    return Schema(
        shape=shape,
        log_time="created_at" if shape is Shape.DOCUMENTED else "timestamp",
        error_column=error_column,
        overview=overview,
        telltale=telltale,
        missing=tuple(fault for fault in (config, tasks, logs) if fault is not None),
    )


async def anybody_reads(backend: Backend) -> dict[str, Truth]:
    """Return for each table whether it shows rows to the publishable key alone; nothing if that key is not known.

    Unknown for a table that shows no row to us either: it may be empty. Raises Failed when the project did not answer.
    """
    if not backend.target.publishable_key:
        return {}
    anonymous = backend.as_anonymous()
    try:
        found = await asyncio.gather(*(_reads(anonymous, backend, table) for table in POLICED))
    finally:
        await anonymous.close()
    return dict(zip(POLICED, found, strict=True))


async def _reads(anonymous: Backend, ours: Backend, table: str) -> Truth:
    def build(c: Any) -> Any:
        return c.table(table).select("id").limit(1)

    try:
        rows = await anonymous.calls.rows(f"read {table} as anybody", build)
        each(rows, "id")
        if rows:
            return Truth.TRUE
        shown = ours.visibility.shown(table) or bool(await ours.calls.rows(f"look at {table}", build))
    except Failed as failed:
        if failed.fault.evidence is not Evidence.ALIVE:
            raise
        return Truth.FALSE
    return Truth.FALSE if shown else Truth.UNKNOWN


async def _has_overview(backend: Backend) -> Truth:
    """Return whether our function answers; where not, each thing is asked for by itself. Never raises Failed."""
    asked = {"most_tasks": 0, "most_logs": 0, "slow": True, "since": "now", "until": "now", "tasks": [], "logs": []}
    try:
        answer = await backend.calls.query("look for our function", lambda c: c.rpc(OVERVIEW_RPC, {"asked": asked}))
    except Failed:
        return Truth.FALSE
    told = answer.data if isinstance(answer.data, dict) else {}
    return Truth.TRUE if told.get("version") == OVERVIEW_VERSION else Truth.UNKNOWN


async def _telltale(backend: Backend) -> Telltale:
    """Return the most telling marks of simulation that the project accepts. Raises Failed when it did not answer."""
    both = Telltale(results=True, environments=True)
    for telltale in (both, Telltale(results=True), Telltale(environments=True)):

        def build(client: Any, telltale: Telltale = telltale) -> Any:
            query = telltale.joined(client.table(TASKS).select(telltale.select("id")))
            return query.or_(telltale.simulated()).limit(0)  # no row is looked at: only whether it can be asked

        try:
            await backend.calls.rows("look for what is simulated", build)
        except Failed as failed:
            if failed.fault.evidence is not Evidence.ALIVE:
                raise
        else:
            return telltale
    return Telltale()


async def _probe(backend: Backend, table: str, columns: str) -> Fault | None:
    """Return the answered refusal of a read of `columns`, `None` if it works. Raises Failed without an answer."""

    def build(client: Any) -> Any:
        return client.table(table).select(columns).limit(1)

    try:
        each(await backend.calls.rows(f"look at {table}", build), *columns.split(","))
    except Failed as failed:
        fault = failed.fault
        if fault.kind in {"missing_table", MISSING_COLUMN, "not_allowed"}:
            return msgspec.structs.replace(fault, message=f"{table}: {fault.message}")
        raise
    return None
