"""The parts of the optional function that follow from what is read: its columns, its marks of simulation."""

from collections.abc import Iterable
from typing import Final

from core.backend.log_rows import log_selection
from core.backend.rows import config_selection, task_selection
from core.backend.selection import Selection
from core.backend.simulated import BEHIND, ENDED_STEP, MARK, TEXTS
from core.backend.sizes import EXACT_UP_TO
from core.base.text import LINE_CHARS
from core.domain.markers import PAUSED
from core.domain.records import ENDED

OVERVIEW_VERSION: Final = 7
"""Raised whenever the function's text changes: an older one in a project is not asked."""

MOST_CONFIGS: Final = 20
"""The most config rows that are read; there should be one."""

MOST_RUNNING: Final = 1_000
"""The most running tasks that are looked at."""

_MOST_STATUSES: Final = 40
_LONG_TEXTS: Final = {"description", "error_message", "emergency_stop_reason"}
_WHOLE_VALUE_CHARS: Final = 2_000
"""The longest value of a JSON column that is sent as it is; of a longer one only the beginning of a text."""


def overview_values(log_time: str, *, deployed: bool) -> dict[str, str]:
    """Return what the function's text has to be filled with, for a project of the deployed shape or the other one."""
    return {
        "version": str(OVERVIEW_VERSION),
        "most": str(EXACT_UP_TO),
        "configs": str(MOST_CONFIGS),
        "statuses": str(_MOST_STATUSES),
        "running": str(MOST_RUNNING),
        "ended": ",".join(ENDED),
        "config": _columns(config_selection(deployed=deployed)),
        "tasks": _columns(task_selection("error_message")),
        "logs": _columns(log_selection(log_time)),
        "simulated": _simulated(),
        "paused": f"{PAUSED}%",
    }


def _columns(selection: Selection) -> str:
    return ",\n      ".join(_column(item) for item in (*selection.needed, *selection.wanted))


def _column(item: str) -> str:
    label, _, path = item.rpartition(":")
    name, *keys = (path or item).split("->")
    if not keys:
        cut = f'left(t."{name}", {LINE_CHARS + 1})' if name in _LONG_TEXTS else f't."{name}"'
        return f'{cut} AS "{name}"'
    value = f't."{name}"' + "".join(f" -> {key}" if key.isdigit() else f" -> '{key}'" for key in keys)
    return (
        f"CASE WHEN length(({value})::text) <= {_WHOLE_VALUE_CHARS} THEN {value}"
        f" WHEN jsonb_typeof({value}) = 'string' THEN to_jsonb(left({value} #>> '{{}}', {LINE_CHARS + 1})) END"
        f' AS "{label}"'
    )


def _simulated() -> str:
    """Return the condition that the task `t` was completed without being done: as `Telltale.simulated` has it."""
    logged = "EXISTS (SELECT 1 FROM public.autonomous_execution_logs AS l WHERE l.task_id = t.id AND "
    done = f"{logged}l.execution_step = '{ENDED_STEP}' AND l.environment <> 'dry_run')"
    marks: Iterable[str] = (
        f"{logged}l.environment = 'dry_run') AND (t.result IS NULL OR NOT {done})",
        f"""t.result >= '"{MARK}"' AND t.result < '"{BEHIND}"'""",
        *(f"t.result ->> '{key}' LIKE '{MARK}%'" for key in TEXTS),
    )
    return f"t.status = 'completed' AND ({' OR '.join(f'({one})' for one in marks)})"
