"""Every write, typed and conditional. A write without a filter cannot be expressed here.

Each returns what really changed, read from the rows the server returns; no row changed is an answer, not success.
"""

import json
from datetime import datetime
from typing import Any, Final

import msgspec

from core.backend.api_calls import ApiCalls
from core.backend.columns import moment, of_only
from core.backend.faults import Failed
from core.backend.schema import CONFIG, LOGS, MAIL_FUNCTION, POLL_FUNCTION, SAFETY, STOP_RPC, Schema
from core.backend.timestamps import stamp
from core.backend.writes.rows import ANY, changed_ids, some
from core.backend.writes.tasks import TaskWrites
from core.base.version import AGENT
from core.domain.log_steps import LEASE, PAUSE, STATES
from core.domain.pauses import Pause, pause_id
from core.domain.records import LeaseRow, SpoiltLease

_HOURS_NAMES: Final = ("p_duration_hours", "p_hours")


class Writes:
    """Typed writes to one project. All raise Failed and nothing else."""

    def __init__(self, calls: ApiCalls, schema: Schema) -> None:
        self._calls = calls
        self.schema = schema
        self.tasks = TaskWrites(calls, schema)

    async def insert_health(self, row: dict[str, Any]) -> datetime | None:
        """Add a row whose time is the database's own, and return that time."""
        column = self.schema.log_time
        rows = await self._calls.rows(
            "write health", lambda c: c.table(LOGS).insert(row | {column: "now"}).select(column)
        )
        return moment(of_only(rows, column))

    async def insert_log(self, row: dict[str, Any]) -> datetime | None:
        """Add one row to the execution log, at the database's own time unless it has one. Returns that time.

        `None` where we may not read it. The row carries an id of our own, so a second insert is 23505.
        """
        column = self.schema.log_time
        stamped = {column: "now"} | row
        try:
            rows = await self._calls.rows("write log", lambda c: c.table(LOGS).insert(stamped).select(column))
        except Failed as failed:
            if failed.fault.kind != "not_allowed":
                raise
            # Who may write rows and not read them is refused both; whether it is only the reading shows the next try.
            await self._calls.query("write log", lambda c: c.table(LOGS).insert(stamped, returning="minimal"))
            return None
        return moment(of_only(rows, column))

    async def set_stop_by_function(self, *, reason: str, hours: int) -> None:
        """Set the stop by the project's own function, trying both names of its parameter. Raises Failed."""
        first, second = _HOURS_NAMES
        try:
            await self._call_stop(reason, hours, first)
        except Failed as failed:
            if failed.fault.kind != "missing_function":
                raise
            await self._call_stop(reason, hours, second)

    async def set_stop(self, config_ids: tuple[str, ...], *, reason: str, until: datetime) -> int:
        """Set the flag on every config row where it is not set yet. Returns how many changed."""

        def build(c: Any) -> Any:
            change = {
                "emergency_stop": True,
                "emergency_stop_reason": reason,
                "emergency_stop_until": stamp(until),
                "updated_at": "now",
            }
            query = c.table(CONFIG).update(change).in_("id", some(config_ids))
            return query.not_.is_("emergency_stop", "true").select("id")

        return len(changed_ids(await self._calls.rows("set emergency stop", build)))

    async def clear_stop(self, config_ids: tuple[str, ...], *, seen_at: datetime | None = None) -> int:
        """Clear flag, reason and end of the stop on every config row that carries it. Returns how many changed.

        `seen_at`: the only row must not have changed since then.
        """

        def build(c: Any) -> Any:
            change = {
                "emergency_stop": False,
                "emergency_stop_reason": None,
                "emergency_stop_until": None,
                "updated_at": "now",
            }
            query = c.table(CONFIG).update(change).in_("id", some(config_ids)).is_("emergency_stop", "true")
            return _unchanged(query, config_ids, seen_at).select("id")

        return len(changed_ids(await self._calls.rows("clear emergency stop", build)))

    async def set_dry_run(self, config_ids: tuple[str, ...], *, on: bool, seen_at: datetime | None = None) -> int:
        """Turn dry-run on or off on every config row that differs. Returns how many changed. `seen_at` as above."""

        def build(c: Any) -> Any:
            change = {"dry_run_mode": on, "updated_at": "now"}
            query = c.table(CONFIG).update(change).in_("id", some(config_ids))
            query = query.not_.is_("dry_run_mode", "true" if on else "false")
            return _unchanged(query, config_ids, seen_at).select("id")

        return len(changed_ids(await self._calls.rows("set dry-run", build)))

    async def set_config(
        self, config_ids: tuple[str, ...], *, column: str, value: Any, before: Any, seen_at: datetime | None
    ) -> int:
        """Set one value on every config row. Returns how many changed.

        `before`: what it must have been, `ANY` for whatever it was; a text may be any length, so of one the row must
        not have changed since `seen_at`.
        """

        def build(c: Any) -> Any:
            query = c.table(CONFIG).update({column: value, "updated_at": "now"}).in_("id", some(config_ids))
            if before is ANY:
                return query.select("id")
            if isinstance(before, str):
                return _unchanged(query, config_ids, seen_at).select("id")
            if before is None or isinstance(before, bool):
                return query.is_(column, "null" if before is None else f"{before}".lower()).select("id")
            return query.eq(column, before).select("id")

        return len(changed_ids(await self._calls.rows("set config", build)))

    async def switch_safety_check(
        self, ids: tuple[str, ...], *, enabled: bool | None, before: bool | None
    ) -> tuple[str, ...]:
        """Enable or disable those of up to 100 safety checks that still are `before`. Returns the ids that changed."""
        value = "null" if before is None else f"{before}".lower()

        def build(c: Any) -> Any:
            query = c.table(SAFETY).update({"enabled": enabled}).in_("id", some(ids))
            return query.is_("enabled", value).select("id")

        return changed_ids(await self._calls.rows("switch safety checks", build))

    async def create_config(self, config_id: str | int) -> None:
        """Insert the config row, disabled and in dry-run, else with the database's defaults. 23505 if there is one."""
        row = {"id": config_id, "enabled": False, "dry_run_mode": True}
        await self._calls.query("create config", lambda c: c.table(CONFIG).insert(row, returning="minimal"))

    async def delete_logs(self, ids: tuple[str, ...], *, before: datetime) -> tuple[str, ...]:
        """Delete those of up to 100 log rows that are older than `before`. Returns the ids deleted."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).delete().in_("id", some(ids)).lt(column, before.isoformat())
            return query.not_.in_("execution_step", list(STATES)).select("id")

        return changed_ids(await self._calls.rows("delete old logs", build))

    async def insert_pause(self, pause: Pause) -> None:
        """Say that a task type is paused. 23505 if it is already. Raises Failed."""
        told = {"id": pause_id(pause.task_type), "execution_step": PAUSE, "step_status": "started"}
        kept = {"task_type": pause.task_type, "run": pause.run, "who": pause.who, "reason": pause.reason}
        row = told | {"agent_version": AGENT, "input_data": kept}
        await self._calls.query("pause a type", lambda c: c.table(LOGS).insert(row, returning="minimal"))

    async def delete_pause(self, pause: Pause) -> bool:
        """End a pause, if it still is this one. Returns whether it was ended."""

        def build(c: Any) -> Any:
            query = c.table(LOGS).delete().eq("id", pause_id(pause.task_type)).eq("execution_step", PAUSE)
            return query.eq("input_data->>run", pause.run).select("id")

        return bool(changed_ids(await self._calls.rows("end a pause", build)))

    async def insert_lease(self, lease_id: str, row: LeaseRow) -> None:
        """Take the free lease. 23505 if another was faster. Raises Failed."""
        told = {"id": lease_id, "execution_step": LEASE, "step_status": "started", "agent_version": AGENT}
        data = told | {"input_data": msgspec.to_builtins(row)}
        await self._calls.query("take lease", lambda c: c.table(LOGS).insert(data, returning="minimal"))

    async def swap_lease(self, lease_id: str, expected: str, row: LeaseRow, *, new_term: bool) -> bool:
        """Replace the lease whose token is `expected` by `row`. Returns whether it was replaced."""
        change: dict[str, Any] = {"input_data": msgspec.to_builtins(row)}
        if new_term:
            change[self.schema.log_time] = "now"

        def build(c: Any) -> Any:
            query = c.table(LOGS).update(change).eq("id", lease_id).eq("execution_step", "lease")
            return query.eq("input_data->>token", expected).select("id")

        return bool(changed_ids(await self._calls.rows("renew lease", build)))

    async def replace_spoilt_lease(self, lease_id: str, spoilt: SpoiltLease, row: LeaseRow) -> bool:
        """Replace a lease that cannot be read, if it is exactly as it was seen. Returns whether it was replaced.

        One too large for a URL is matched by its time alone.
        """
        change = {
            "execution_step": LEASE,
            "step_status": "started",
            "input_data": msgspec.to_builtins(row),
            self.schema.log_time: "now",
        }
        said = _as_json(spoilt.value)

        def build(c: Any) -> Any:
            query = c.table(LOGS).update(change).eq("id", lease_id)
            column, at = self.schema.log_time, spoilt.at
            query = query.is_(column, "null") if at is None else query.eq(column, at)
            if spoilt.value is None:
                query = query.is_("input_data", "null")
            elif said is not None:
                query = query.eq("input_data", said)
            return query.select("id")

        return bool(changed_ids(await self._calls.rows("replace spoilt lease", build)))

    async def delete_lease(self, lease_id: str, token: str) -> bool:
        """Free the lease if its token is still `token`. Returns whether it was freed."""

        def build(c: Any) -> Any:
            query = c.table(LOGS).delete().eq("id", lease_id).eq("execution_step", "lease")
            return query.eq("input_data->>token", token).select("id")

        return bool(changed_ids(await self._calls.rows("release lease", build)))

    async def run_pending(self) -> Any:
        """Run the agents' function on pending tasks now. Returns its answer: JSON, or bytes."""
        return (await self._calls.invoke(POLL_FUNCTION, "POST", {})).data

    async def send_email(self, body: dict[str, Any]) -> Any:
        """Call the project's mail function with `body`. Returns its answer: JSON, or bytes."""
        return (await self._calls.invoke(MAIL_FUNCTION, "POST", body)).data

    async def _call_stop(self, reason: str, hours: int, name: str) -> None:
        await self._calls.query("emergency stop", lambda c: c.rpc(STOP_RPC, {"p_reason": reason, name: hours}))


_LONGEST_FILTER: Final = 1500
"""The longest value in a URL, characters, so that proxies let it pass."""


def _as_json(value: object) -> str | None:
    """Return a value as a filter's text; `None` if it is too large for one, or is no JSON."""
    try:
        said = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None
    return said if len(said) <= _LONGEST_FILTER else None


def _unchanged(query: Any, config_ids: tuple[str, ...], seen_at: datetime | None) -> Any:
    """Restrict to the config row as it was seen; not where there are several, since each has a time of its own."""
    return query if seen_at is None or len(config_ids) != 1 else query.eq("updated_at", stamp(seen_at))
