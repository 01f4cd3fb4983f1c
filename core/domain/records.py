"""Records of the project's tables, in the product's own words and the same for both shapes of the schema."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import msgspec

from core.base.text import clean, plural
from core.domain.markers import PAUSED, in_words

STATUSES: Final = (
    "pending",
    "in_progress",
    "completed",
    "failed",
    "awaiting_review",
    "approved",
    "rejected",
    "rolled_back",
    "cancelled",
)
"""Every known status of a task. A row may have another one; nothing depends on this list being complete."""

UNFINISHED: Final = ("pending", "in_progress")
"""The statuses that an emergency stop rejects."""

ENDED: Final = ("completed", "failed", "rejected")
"""The statuses in which tasks stay, so that there are ever more of them."""

FINISHED: Final = (*ENDED, "rolled_back", "cancelled")
"""The statuses that agents do not change any more."""

NO_STATUS: Final = "none"
"""The name under which tasks whose status is NULL are counted."""


ONE_CONFIG: Final = (
    "delete all config rows but one: DELETE FROM autonomous_system_config WHERE id <> '<the one to keep>'"
)
"""The remedy for several config rows."""


class SystemConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The one row that controls the agents. `id` is 1 or a uuid, as text; empty in the built-in default.

    `ids`: of all rows, `id` the first. Several count as stopped or enabled if any of them is, as dry-run only if all
    are. `odd`: oddities of a row, column by column.
    """

    id: str = ""
    ids: tuple[str, ...] = ()
    """The ids of all rows: every write goes to all of them."""
    mixed: tuple[str, ...] = ()
    """The switches in which several rows differ: `enabled`, `dry_run`, `emergency_stop`."""
    enabled: bool = True
    dry_run: bool = True
    autonomy_level: int = 2
    max_parallel_tasks: int = 5
    min_interval_minutes: int = 5
    max_daily_tasks: int | None = None
    emergency_stop: bool = False
    stop_reason: str = ""
    stop_until: datetime | None = None
    notification_email: str = ""
    muted_kinds: tuple[str, ...] = ()
    """The kinds of message whose `notify_on_…` column is false, each as that column calls it."""
    updated_at: datetime | None = None
    updated_by: str = ""
    odd: tuple[str, ...] = ()
    values: dict[str, bool | int | str | None] = {}
    """Every value that an operator may set, by its column, as far as it is there; of several rows the first's."""

    @property
    def several(self) -> str:
        """The words for more than one row; empty where there is one."""
        if len(self.ids) < 2:
            return ""
        return f"{len(self.ids)} config rows instead of one, and each agent reads any of them"

    @property
    def differing(self) -> str:
        """Return the words for more than one row, and the switches in which they differ; empty where there is one."""
        names = ", ".join(name.replace("_", " ") for name in self.mixed)
        return self.several and self.several + (f"; they differ in {names}" if names else "")

    def stop_expired(self, now: datetime) -> bool:
        """Return whether the stop's end has passed while the flag is still set."""
        return self.emergency_stop and self.stop_until is not None and self.stop_until <= now


_OPEN: Final = frozenset({*UNFINISHED, "awaiting_review", "approved"})


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One task. Text is already cleaned, times and estimates are bounded. `odd`: oddities of its columns."""

    id: str
    task_type: str
    description: str
    status: str
    priority: int | None = None
    risk_level: str = ""
    assigned_to: str = ""
    estimated_minutes: int | None = None
    error: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    odd: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """Return its status, or `paused` where it is set aside because its type is paused."""
        return "paused" if self.status == "awaiting_review" and self.error.startswith(PAUSED) else self.status

    @property
    def why(self) -> str:
        """Return its error text for people, a mark of ours in words."""
        return in_words(self.error)

    @property
    def told(self) -> str:
        """Return its description and its error text, of a failed one that first: many share a description."""
        if not self.error:
            return self.description
        return f"{self.why} ({self.description})" if self.status == "failed" else f"{self.description} ({self.why})"

    @property
    def ended_at(self) -> datetime | None:
        """The time when it ended; `None` while it has not, whatever an earlier run of it left in its row."""
        return None if self.status in _OPEN else self.completed_at

    @property
    def since(self) -> tuple[datetime | None, str]:
        """The time from which its age is told, and its word: when it ended, began while it runs, else was filed.

        One that ended at an unknown time counts from when it was filed; one that runs since an impossible one has none.
        """
        if (ended := self.ended_at) is not None:
            return ended, "ended"
        if self.status == "in_progress":
            return self.began_at, "began" if self.started_at is not None else "filed"
        return self.created_at, "filed"

    @property
    def began_at(self) -> datetime | None:
        """The time when it started, or else was created; `None` where the start is an impossible time."""
        impossible = any(words.startswith("started_at ") for words in self.odd)
        return None if impossible else self.started_at or self.created_at


_FILES_NAMED: Final = 5


ColumnValue: TypeAlias = str | int | None
"""A value that an operator sets in a column of tasks."""


class SetColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One value that an action replaced in a column: the tasks that had it, and the value they have `to`."""

    value: ColumnValue
    to: ColumnValue
    ids: frozenset[str]


class ChosenTask(msgspec.Struct, frozen=True, kw_only=True):
    """One task as it was seen before it is changed.

    `digest` changes with anything that is decided by: its text, risk, level, files, addresses, status, start. `links`:
    the addresses of its pull request and of its patch, with what each is of. `level`: its autonomy level.
    """

    task: Task
    digest: str
    level: int | None = None
    requires_approval: bool = False
    assigned_json: str = "null"
    """Whom it is for as the row has it, as JSON in ASCII: what an undo gives back, and no text to be shown."""
    files: tuple[str, ...] = ()
    """The first of the files that it is about."""
    file_count: int = 0
    links: tuple[tuple[str, str], ...] = ()
    failed_checks: int | None = None
    """How many safety checks it fails; `None` where that is not known, or none belongs to a task."""

    @property
    def id(self) -> str:
        """Return the task's id."""
        return self.task.id

    @property
    def odd(self) -> tuple[str, ...]:
        """Return the oddities of the task's columns."""
        return self.task.odd

    @property
    def risky(self) -> bool:
        """Return whether its risk is high, or one never heard of."""
        return self.task.risk_level not in {"low", "medium", ""}

    @property
    def lines(self) -> tuple[str, ...]:
        """Return what is to be known of it, in lines. They stay the same while the task does."""
        task = self.task
        since = f", created {task.created_at:%Y-%m-%d %H:%M} UTC" if task.created_at is not None else ""
        facts = [
            f"risk {task.risk_level or 'not set'}",
            f"level {self.level or 'not set'}",
            f"priority {'not set' if task.priority is None else task.priority}",
        ]
        facts += [f"estimated {task.estimated_minutes:,} min"] if task.estimated_minutes is not None else []
        facts += [plural(self.file_count, "file")] if self.file_count else []
        more = f" and {self.file_count - _FILES_NAMED:,} more" if self.file_count > _FILES_NAMED else ""
        return (
            f"task {self.id} ({task.task_type or 'no type'}), {task.status.replace('_', ' ')}{since}",
            clean(task.description, 400),
            ", ".join(facts),
            *((f"files: {', '.join(self.files[:_FILES_NAMED])}{more}",) if self.files else ()),
            *(f"{words}: {address}" for words, address in self.links),
        )


class AlertNews(msgspec.Struct, frozen=True):
    """The alert in a monitor's row: its name, and its phase in the words of `alerts.Phase`."""

    key: str
    phase: str


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the execution log. `at` is `created_at` or `timestamp`, whichever the shape has.

    `changed`: the number of rows an action changed, if its closing row says so. `reason`: its reason, as far as its row
    says. `alert`: the alert it is about, if it is about one. `odd`: its oddities, column by column.
    """

    id: str
    at: datetime | None
    step: str
    status: str
    task_id: str | None = None
    duration_ms: int | None = None
    summary: str = ""
    order: str = ""
    actor: str = ""
    run: str = ""
    changed: int | None = None
    reason: str = ""
    alert: AlertNews | None = None
    late_s: int | None = None
    """How long it waited, seconds, where it could not be written when what it tells of happened."""
    odd: tuple[str, ...] = ()

    @property
    def happened_at(self) -> datetime | None:
        """Return when what it tells of happened: `at`, unless it was written later than that."""
        return self.at if self.at is None or self.late_s is None else self.at - timedelta(seconds=self.late_s)

    @property
    def written_at(self) -> datetime | None:
        """Return when it was written, where that is later than what it tells of; else `None`."""
        return None if self.late_s is None else self.at

    @property
    def told(self) -> str:
        """Return what it says, and the reason where that is not in it already."""
        why = "" if self.reason in self.summary else self.reason
        said = "" if why and self.summary == self.order else self.summary
        return f"{said}; reason: {why}" if said and why else said or why


class WatchdogEntry(LogEntry, frozen=True, kw_only=True):
    """A row of the execution log that a monitor wrote. `verdicts`: the level of each check, if it tells of checks."""

    verdicts: dict[str, str] = {}


class SafetyCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One safety check: a result (passed, failed) in the deployed shape, a setting (enabled, disabled) in the other.

    `blocking` is `None` where the shape does not say; `verdict` is empty where the row does not. `odd`: its oddities,
    column by column.
    """

    id: str
    at: datetime | None
    check_type: str
    name: str = ""
    verdict: str = ""
    blocking: bool | None = None
    task_id: str | None = None
    text: str = ""
    duration_ms: int | None = None
    odd: tuple[str, ...] = ()


class AuditedAction(msgspec.Struct, frozen=True, kw_only=True):
    """One action in the audit trail. `status` is that of its last row: started, completed, failed, skipped.

    `done`: rows changed, by step in lower case. `config_at`: when the config row was last changed, as it left it.
    """

    run: str
    order: str
    actor: str
    at: datetime | None
    status: str
    summary: str = ""
    steps: tuple[str, ...] = ()
    done: dict[str, int] = {}
    config_at: datetime | None = None


class EndedAction(msgspec.Struct, frozen=True, kw_only=True):
    """One action by its closing audit row. `by`: `operator` or `watchdog`; `steps`: rows changed, by step.

    `holds`: its effect was seen to hold then. `undoes`: the run it took back, empty if none.
    """

    run: str
    order: str
    by: str
    actor: str
    began_at: datetime
    at: datetime
    holds: bool
    steps: dict[str, int] = {}
    undoes: str = ""


class LeaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """The lease's row: holder, host, term, and the token that changes with each renewal.

    `acts`: the holder heals and stops by itself; one that only observes gives way to one that acts. `tells`: the alerts
    it sends reach somebody; `None` where it does not say.
    """

    holder: str
    host: str
    term: int
    token: str
    acts: bool = True
    tells: bool | None = None


class SpoiltLease(msgspec.Struct, frozen=True, kw_only=True):
    """A lease's row that cannot be parsed, since something else changed it. `value` is all of it, unchanged."""

    value: Any
    at: str | None = None
    """The value of the row's time column, unchanged."""

    @property
    def token(self) -> str:
        """A name for exactly this content: any change gives another one."""
        said = json.dumps([self.value, self.at], sort_keys=True, default=str)
        return f"spoilt:{hashlib.sha256(said.encode(errors='replace')).hexdigest()}"


class BegunRun(msgspec.Struct, frozen=True, kw_only=True):
    """An action with an audit row of its beginning, and none of its end. `pid`: of the process on `host`."""

    run: str
    by: str
    who: str
    host: str
    at: datetime
    pid: int | None = None
