"""One immutable snapshot of everything. The screen, the command line and all recorders read only this."""

import operator
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.alert_view import AlertView
from core.domain.alerts import Silence
from core.domain.checks import Check
from core.domain.counts import Simulated, SuccessRate, TaskCounts
from core.domain.events import Event
from core.domain.incidents import LastIncident
from core.domain.kpis import Kpi
from core.domain.lease import LeaseView
from core.domain.low_success import LOW_SUCCESS, LowSuccess
from core.domain.own_cost import OwnCost
from core.domain.pauses import Pause, in_review
from core.domain.permission import MayAct
from core.domain.plans import RequeuePlan
from core.domain.records import LogEntry, SystemConfig, Task
from core.domain.self_status import SelfStatus
from core.domain.service_view import ServiceView
from core.domain.status import Level, Truth
from core.domain.throughput import Throughput
from core.resilience import BreakerRecord, DegradationLevel
from core.resilience.reading import Reading, Source


class State(StrEnum):
    """The state word: what an operator reads first."""

    STOPPED = "stopped"
    UNKNOWN = "unknown"
    CRITICAL = "critical"
    DISABLED = "disabled"
    WARNING = "warning"
    ACTIVE = "active"
    HEALTHY = "healthy"
    WAITING = "waiting"
    REVIEW = "review"
    IDLE = "idle"


CALM: Final = frozenset({State.ACTIVE, State.HEALTHY, State.WAITING, State.REVIEW, State.IDLE})
"""The states in which nothing is wrong. A project changes between them all day."""

WORST_FIRST: Final = (
    State.CRITICAL,
    State.STOPPED,
    State.UNKNOWN,
    State.WARNING,
    State.DISABLED,
    State.ACTIVE,
    State.HEALTHY,
    State.WAITING,
    State.REVIEW,
    State.IDLE,
)
"""Every state word, the worst first."""

STATE_LEVEL: Final = {
    State.HEALTHY: Level.OK,
    State.ACTIVE: Level.OK,
    State.WAITING: Level.OK,
    State.REVIEW: Level.OK,
    State.IDLE: Level.OK,
    State.WARNING: Level.WARNING,
    State.DISABLED: Level.WARNING,
    State.CRITICAL: Level.CRITICAL,
    State.STOPPED: Level.CRITICAL,
    State.UNKNOWN: Level.UNKNOWN,
}
"""The level of each state word: its sign and its colour."""


class LinkWord(StrEnum):
    """The freshness of the snapshot."""

    CONNECTING = "CONNECTING"
    LIVE = "LIVE"
    STALE = "STALE"
    OFFLINE = "OFFLINE"
    BLIND = "BLIND"


CUT_OFF: Final = frozenset({LinkWord.OFFLINE, LinkWord.BLIND})
"""The links over which nothing is read."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The connection to the backend. `since`: when it last was live. `next_at`: when it is tried again.

    `failing_since`: when it first was found not to be live since then; `None` while it is.

    `latency_s`: duration of the last live refresh, all its requests side by side. `recent`: the last ones, the oldest
    first, `None` where nothing answered. Seconds.
    """

    word: LinkWord = LinkWord.CONNECTING
    since: datetime | None = None
    tries: int = 0
    next_at: datetime | None = None
    why: str = ""
    latency_s: float | None = None
    recent: tuple[float | None, ...] = ()
    failing_since: datetime | None = None

    @property
    def down_since(self) -> datetime | None:
        """Return since when it is not live, as far as that was seen."""
        return self.failing_since or self.since


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The watchdog's last check run, the number of critical ones in a row, and the time of the next."""

    checks: tuple[Check, ...] = ()
    critical_in_a_row: int = 0
    stop_after: int = 10
    last_at: datetime | None = None
    next_at: datetime | None = None
    running: bool = False
    restarts: int = 0


class Tasks(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of the task table. `newest`: latest first.

    `stuck`, `slow`, `unproven`: ids of running ones past their time, oldest first; no log of the last is visible.
    """

    counts: Reading[TaskCounts] = Reading()
    newest: Reading[tuple[Task, ...]] = Reading()
    stuck: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    success_24h: Reading[SuccessRate] = Reading()
    simulated_24h: Reading[Simulated] = Reading()
    last_completed_at: Reading[datetime] = Reading()
    oldest_review_at: Reading[datetime] = Reading()
    """When the oldest task in review was created; no column says since when it waits."""
    overdue: tuple[Task, ...] = ()
    """The first of the `stuck` and the `unproven`, for they may be none of the newest."""
    oldest_pending_at: datetime | None = None
    """When the oldest pending task was created, as of the last check; `None`: not known, or there was none."""
    urgent: tuple[Task, ...] = ()
    """The oldest that wait and the last that failed, where they are none of the newest."""


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One component and the current source of its data."""

    name: str
    source: Source
    at: datetime | None = None
    why: str = ""


class Degradation(msgspec.Struct, frozen=True, kw_only=True):
    """The level of degradation and its components. `normal` needs all of them measured."""

    level: DegradationLevel
    components: tuple[Component, ...] = ()


class StartStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the start and its result. `level` is unknown while it runs."""

    name: str
    level: Level = Level.UNKNOWN
    text: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An action that waits for the project to answer. `asks`: it is so old that an operator must confirm it.

    `lapses_at`: when it is dropped; `None` for an operator's, who is asked instead.
    """

    id: str
    words: str
    at: datetime
    lapses_at: datetime | None = None
    asks: bool = False


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery of alerts. `unreachable`: contacts without a way. `undelivered`, `retrying`: to whom, and why.

    `nobody_left`: unacknowledged critical alerts of which every contact was told. `silences`: those that hold;
    `planned`: those to come, each with its next window.
    """

    contacts: int = 0
    channels: int = 0
    unreachable: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Parts of the config row's `notification_email` that are no address, each with the reason."""
    undelivered: tuple[str, ...] = ()
    retrying: tuple[str, ...] = ()
    nobody_left: tuple[str, ...] = ()
    silences: tuple[Silence, ...] = ()
    planned: tuple[Silence, ...] = ()
    bell: bool = False
    desktop: str = ""
    """The terminal's notification when an alert begins: its bell, or `osc9` or `osc777`."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """The project and the rights with which it is watched.

    `orders_for_s`: seconds for which an operator's actions are still allowed although it observes. `session_ends_at`:
    when the user's token ends, if there is one; `session_renews`: without a person.
    """

    name: str
    url: str
    user: str
    shape: str = "unknown"
    colour: str = ""
    observe: bool = False
    orders_for_s: float | None = None
    autonomous: bool = False
    dry_run: bool = True
    session_ends_at: datetime | None = None
    session_renews: bool = False
    sees_all: bool = True
    """No row is hidden from us; else everything is as far as this account can see."""
    legacy_key: bool = False
    """The hosted platform ends the key's kind with 2026."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, at one moment.

    `policies`: by table, whether anybody with the publishable key alone reads it; empty when that key is not known.
    `notices`: standing facts an operator must know (open policies, missing grants). `own`: this monitor itself.
    `cost`: what it costs the project.
    """

    at: datetime
    project: Project
    state: State = State.UNKNOWN
    state_why: str = ""
    state_since: datetime | None = None
    """Since when it holds, of a calm one since when all is well; `None`: not known."""
    state_change_seen: bool = False
    """The change to it was seen at that time; else it may have been earlier."""
    cause_since: datetime | None = None
    """Since when what `state_why` names is so, where the state is older: of that somebody takes care."""
    link: Link = Link()
    config: Reading[SystemConfig] = Reading()
    health: Health = Health()
    may_act: MayAct = MayAct()
    braked: str = ""
    waiting: tuple[Waiting, ...] = ()
    left_over: RequeuePlan = RequeuePlan(of="", tasks=0)
    """The tasks rejected by a stop that is over, which `resume --requeue` requeues."""
    pauses: tuple[Pause, ...] = ()
    """The task types that are paused."""
    lease: LeaseView = LeaseView()
    service: ServiceView | None = None
    """The service that acts on this machine, where this is a screen beside it."""
    breakers: tuple[BreakerRecord, ...] = ()
    tasks: Tasks = Tasks()
    throughput: Throughput = Throughput()
    kpis: tuple[Kpi, ...] = ()
    last_incident: LastIncident = LastIncident()
    alerts: tuple[AlertView, ...] = ()
    telling: Telling = Telling()
    logs: Reading[tuple[LogEntry, ...]] = Reading()
    degradation: Degradation
    events: tuple[Event, ...] = ()
    start: tuple[StartStep, ...] = ()
    policies: dict[str, Truth] = {}
    notices: tuple[str, ...] = ()
    own: SelfStatus = SelfStatus()
    cost: OwnCost = OwnCost()
    ready: bool = False
    low_success: LowSuccess = LOW_SUCCESS
    """When its success rate is too low, by the settings."""

    @property
    def in_review(self) -> int:
        """Return how many tasks wait for a review; 0 where that is not known. What is paused waits for none."""
        counts = self.tasks.counts.value
        return in_review(counts, self.pauses) if counts is not None else 0


_CONTENT: Final = operator.attrgetter(*(name for name in Snapshot.__struct_fields__ if name != "at"))


def same_content(one: Snapshot, other: Snapshot) -> bool:
    """Return whether two snapshots are of the very same objects, but for the moment: cheap, and never wrongly true."""
    return all(map(operator.is_, _CONTENT(one), _CONTENT(other)))


LEGACY_KEY: Final = (
    "legacy key: Supabase stops supporting these at the end of 2026; create an sb_secret_ or sb_publishable_ key"
)
"""The notice about a legacy key, shown once."""


def policies_open(policies: dict[str, Truth]) -> Truth:
    """Return whether anybody reads any of the tables; false only where each is known to be closed."""
    if Truth.TRUE in policies.values():
        return Truth.TRUE
    return Truth.FALSE if policies and set(policies.values()) == {Truth.FALSE} else Truth.UNKNOWN


def policies_in_words(policies: dict[str, Truth]) -> str:
    """Return who may read which table, for people."""
    if not policies:
        return "not checked: set VITE_SUPABASE_PUBLISHABLE_DEFAULT_KEY to learn whether anyone may read and write"
    by_truth = {truth: ", ".join(t for t, known in policies.items() if known is truth) for truth in Truth}
    said = []
    if by_truth[Truth.TRUE]:
        said.append(f"open: anyone with the publishable key can read {by_truth[Truth.TRUE]}, and likely write there")
    if by_truth[Truth.FALSE]:
        every = not by_truth[Truth.TRUE] and not by_truth[Truth.UNKNOWN]
        said.append("closed to the publishable key alone" + ("" if every else f": {by_truth[Truth.FALSE]}"))
    if by_truth[Truth.UNKNOWN]:
        said.append(f"not known where no row is visible: {by_truth[Truth.UNKNOWN]}")
    return "; ".join(said)
