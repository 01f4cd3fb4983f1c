"""One immutable picture of everything. The screen, the command line and all that is kept read this and nothing else."""

from datetime import datetime
from enum import StrEnum

import msgspec

from core.facts import Level, Reading, Source
from core.model import LogEntry, SuccessRate, SystemConfig, Task, TaskCounts
from core.resilience import BreakerRecord, DegradationLevel


class State(StrEnum):
    """The state word: what an operator reads first."""

    STOPPED = "stopped"
    UNKNOWN = "unknown"
    CRITICAL = "critical"
    DISABLED = "disabled"
    WARNING = "warning"
    ACTIVE = "active"
    HEALTHY = "healthy"
    IDLE = "idle"


class LinkWord(StrEnum):
    """How true the picture is right now."""

    CONNECTING = "CONNECTING"
    LIVE = "LIVE"
    STALE = "STALE"
    OFFLINE = "OFFLINE"
    BLIND = "BLIND"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The line to the backend. `since`: when it last was live. `next_at`: when it is tried again."""

    word: LinkWord = LinkWord.CONNECTING
    since: datetime | None = None
    tries: int = 0
    next_at: datetime | None = None
    why: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the watchdog with its verdict. `took_s` is `None` while it never ran."""

    name: str
    level: Level = Level.UNKNOWN
    text: str = "not checked yet"
    took_s: float | None = None
    at: datetime | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The watchdog's last look, how many in a row were critical, and when it looks again."""

    checks: tuple[Check, ...] = ()
    critical_in_a_row: int = 0
    stop_after: int = 10
    last_at: datetime | None = None
    next_at: datetime | None = None
    running: bool = False


class MayAct(msgspec.Struct, frozen=True, kw_only=True):
    """May it act by itself, and if not, which of the conditions are missing."""

    allowed: bool = False
    missing: tuple[str, ...] = ("autonomous",)


class Tasks(msgspec.Struct, frozen=True, kw_only=True):
    """What the task table says. `newest`: latest first. `stuck`, `slow`: ids of running ones, oldest first."""

    counts: Reading[TaskCounts] = Reading()
    newest: Reading[tuple[Task, ...]] = Reading()
    stuck: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()
    success_24h: Reading[SuccessRate] = Reading()
    last_completed_at: Reading[datetime] = Reading()


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One component and what it currently lives on."""

    name: str
    source: Source
    at: datetime | None = None
    why: str = ""


class Degradation(msgspec.Struct, frozen=True, kw_only=True):
    """How many components are not on live data. `normal` needs all of them measured."""

    level: DegradationLevel
    components: tuple[Component, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `who`: operator, watchdog, agents, another host, or `watchdesk` itself."""

    at: datetime
    who: str
    text: str
    level: Level = Level.OK


class StartStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the start and how it went. `level` is unknown while it is under way."""

    name: str
    level: Level = Level.UNKNOWN
    text: str = ""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """Which project this is and with which rights we look at it."""

    name: str
    url: str
    user: str
    shape: str = "unknown"
    colour: str = ""
    observe: bool = False
    autonomous: bool = False
    dry_run: bool = True


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, at one moment. `notices` are standing facts an operator must know (open policies, missing grants)."""

    at: datetime
    project: Project
    state: State = State.UNKNOWN
    state_why: str = ""
    link: Link = Link()
    config: Reading[SystemConfig] = Reading()
    health: Health = Health()
    may_act: MayAct = MayAct()
    breakers: tuple[BreakerRecord, ...] = ()
    tasks: Tasks = Tasks()
    logs: Reading[tuple[LogEntry, ...]] = Reading()
    degradation: Degradation
    events: tuple[Event, ...] = ()
    start: tuple[StartStep, ...] = ()
    notices: tuple[str, ...] = ()
    ready: bool = False
