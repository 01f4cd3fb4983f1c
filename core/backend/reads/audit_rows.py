"""Parsing of audit rows for one purpose: which stops there were, which actions never ended."""

from datetime import datetime
from typing import Any, Final

from core.backend.columns import Row, each, moment, whole
from core.base.text import clean
from core.domain.queries import is_uuid
from core.domain.records import BegunRun, SetColumn
from core.domain.stops import MOST_RAN_BEFORE, StopRecord, StopTrail

_PIDS: Final = 2**31
_PAIR: Final = 2

STOP_FIELDS: Final = (
    "order:input_data->>order,run:input_data->>run,by:input_data->>by,who:input_data->>who,"
    "reason:input_data->plan->>reason,stopped:output_data->>stopped,lifted:output_data->>lifted,"
    "until:output_data->>until,why:output_data->>reason,ran_before:input_data->plan->ran_before"
)
"""The part of an audit row that `stop_trail_of` reads: not the ids of all open tasks, which may be a thousand."""

BEGUN_FIELDS: Final = (
    "run:input_data->>run,who:input_data->>who,by:input_data->>by,host:input_data->>host,pid:input_data->pid"
)
"""The part of an audit row that `begun_runs_of` reads."""


def set_columns_of(plan: object) -> tuple[SetColumn, ...]:
    """Return what the plan in an opening audit row says it sets; what is none of ours is left out."""
    told: Any = plan if isinstance(plan, dict) else {}
    before, to = told.get("before"), told.get("to")
    found = []
    for one in before if isinstance(before, list) and _settable(to) else []:
        if isinstance(one, list) and len(one) == _PAIR and _settable(one[0]) and isinstance(one[1], list):
            ids = frozenset(name for name in one[1] if isinstance(name, str) and is_uuid(name))
            found += [SetColumn(value=one[0], to=to, ids=ids)] if ids else []
    return tuple(found)


def stop_trail_of(rows: list[Row], column: str) -> StopTrail:
    """Return the stops and resumes that rows, newest first, record. A row without a run or a time is ignored."""
    told: dict[str, dict[str, Any]] = {}
    lifts: list[datetime] = []
    for row in each(rows, column, "step_status", "order", "run", "reason"):
        at, run = moment(row.get(column)), _run(row)
        if at is None or not run:
            continue
        if row.get("order") == "lift":
            if row.get("step_status") == "completed" or row.get("lifted") == "true":
                lifts.append(at)
            continue
        known = told.setdefault(run, {"run": run})
        if row.get("step_status") == "started":
            known |= {"began_at": at, "reason": clean(row.get("reason"))}
            known["ran_before"] = known.get("ran_before", ()) or _ids(row.get("ran_before"))
        else:
            known.setdefault("ended_at", at)
            known.setdefault("held", _held(row))
            known.setdefault("until", moment(row.get("until")))
            known.setdefault("reason", clean(row.get("why")))
            known["whole"] = known.get("whole", False) or row.get("step_status") == "completed"
        known |= {"actor": clean(row.get("who"), 160), "by": clean(row.get("by"), 20)}
    stops = [StopRecord(**known) for known in told.values()]
    return StopTrail(stops=tuple(stops), lifts=tuple(lifts))


def _run(row: Row) -> str:
    """Return the run's id; empty for what is none. Only we write such ids, and others are never looked up."""
    run = row.get("run")
    return run.lower() if isinstance(run, str) and is_uuid(run) else ""


def _ids(value: object) -> tuple[str, ...]:
    """Return the ids of a list, without anything else in it."""
    given = value if isinstance(value, list) else []
    return tuple(name.lower() for name in given if isinstance(name, str) and is_uuid(name))[:MOST_RAN_BEFORE]


def _held(row: Row) -> bool | None:
    """Return whether the flag was seen set; `None` for a run that was broken off."""
    if row.get("step_status") == "completed" or row.get("stopped") == "true":
        return True
    return False if row.get("stopped") == "false" else None


def begun_runs_of(rows: list[Row], column: str) -> tuple[BegunRun, ...]:
    """Return the runs that have a first row and no last one, newest first."""
    over = {_run(row) for row in each(rows, column, "step_status", "run") if row.get("step_status") != "started"}
    return tuple(
        BegunRun(
            run=run,
            by=clean(row.get("by"), 20),
            who=clean(row.get("who"), 160),
            host=clean(row.get("host"), 60),
            pid=pid if (pid := whole(row.get("pid"))) is not None and 0 < pid < _PIDS else None,
            at=at,
        )
        for row in rows
        if row.get("step_status") == "started"
        and (run := _run(row))
        and run not in over
        and (at := moment(row.get(column))) is not None
    )


def _settable(value: object) -> bool:
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))
