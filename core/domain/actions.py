"""Every order there is: its tier, what it does, and what came of it. An order that is not listed here is refused."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from core.base.errors import WatchdeskError
from core.domain.queries import Filter
from core.domain.stops import StopMark
from core.resilience.fault import Fault


class Tier(StrEnum):
    """How much an operator must do before an order is carried out."""

    SAFE = "safe"
    CONFIRM = "confirm"
    TYPED = "typed"


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of order: its name in audit rows, tier, title, and what it will do in words."""

    name: str
    tier: Tier
    title: str
    effect: str
    writes: bool = True
    word: str = ""
    """What must be typed, for the typed tier; empty: the project's name."""


CHECK_NOW: Final = Action(name="check_now", tier=Tier.SAFE, title="Check now", effect="run all checks", writes=False)
RESET_BREAKER: Final = Action(
    name="reset_breaker",
    tier=Tier.SAFE,
    title="Reset breaker",
    effect="close the breaker, so that calls go out again",
)
HOLD_BREAKER: Final = Action(
    name="hold_breaker",
    tier=Tier.CONFIRM,
    title="Hold breaker open",
    effect="keep its calls from going out until it is released, over restarts too",
)
RELEASE_BREAKER: Final = Action(
    name="release_breaker", tier=Tier.SAFE, title="Release breaker", effect="let the next call probe"
)
HEAL: Final = Action(
    name="heal", tier=Tier.CONFIRM, title="Heal", effect="repair what the plan lists, each row conditionally"
)
EMERGENCY_STOP: Final = Action(
    name="emergency_stop",
    tier=Tier.TYPED,
    title="Emergency stop",
    effect="stop all agents and reject every pending and running task",
    word="STOP",
)
RESUME: Final = Action(
    name="lift",
    tier=Tier.TYPED,
    title="Resume",
    effect="clear the emergency stop, so that agents take up work again",
)
REQUEUE: Final = Action(
    name="requeue",
    tier=Tier.CONFIRM,
    title="Requeue",
    effect="requeue what was pending when a stop rejected it",
)
CLEAN_UP: Final = Action(
    name="clean_up",
    tier=Tier.CONFIRM,
    title="Clean up the log",
    effect="delete log rows that are past their time",
)

DRY_RUN_ON: Final = Action(
    name="dry_run_on",
    tier=Tier.CONFIRM,
    title="Dry-run on",
    effect="the agents change nothing: what is pending they mark as completed without doing it",
)
DRY_RUN_OFF: Final = Action(
    name="dry_run_off", tier=Tier.TYPED, title="Dry-run off", effect="from now on the agents change things for real"
)

RESTART: Final = Action(
    name="restart_watchdog",
    tier=Tier.SAFE,
    title="Restart the watchdog",
    effect="end its loop and begin it anew",
    writes=False,
)
RUN_PENDING: Final = Action(
    name="run_pending",
    tier=Tier.CONFIRM,
    title="Run pending tasks",
    effect="let the agents' function work off what is pending now",
)
RETRY: Final = Action(
    name="retry",
    tier=Tier.CONFIRM,
    title="Retry a failed task",
    effect="send it back to pending, if it still is failed",
)
RETRY_MATCHING: Final = Action(
    name="retry_matching",
    tier=Tier.CONFIRM,
    title="Retry all that match",
    effect="send the failed tasks that match back to pending, each if it still is the failure of then",
)
UNDO: Final = Action(
    name="undo", tier=Tier.CONFIRM, title="Undo", effect="take back what one action changed, where it still stands"
)
UNDO_DRY_RUN: Final = msgspec.structs.replace(UNDO, tier=Tier.TYPED)
"""An undo that turns dry-run off again."""

WITHDRAW: Final = Action(
    name="withdraw",
    tier=Tier.CONFIRM,
    title="Withdraw a waiting action",
    effect="forget an action that waits for the project to answer",
    writes=False,
)
OBSERVE_OFF: Final = Action(
    name="lift_observe",
    tier=Tier.TYPED,
    title="Allow actions",
    effect="allow your actions for 15 minutes despite --observe; nothing happens by itself",
    writes=False,
)

ACKNOWLEDGE: Final = Action(
    name="acknowledge",
    tier=Tier.SAFE,
    title="Acknowledge",
    effect="say that you take care of it: nobody else is told for eight hours",
)
SILENCE: Final = Action(
    name="silence",
    tier=Tier.CONFIRM,
    title="Silence",
    effect="tell nobody of alerts that match, until it ends; they stay on the screen",
)
TEST_MESSAGE: Final = Action(
    name="test_message",
    tier=Tier.SAFE,
    title="Send a test message",
    effect="send one to every contact and channel",
    writes=False,
)

_ALL: Final = (
    *(ACKNOWLEDGE, SILENCE, TEST_MESSAGE),
    *(CHECK_NOW, RESET_BREAKER, HOLD_BREAKER, RELEASE_BREAKER, RESTART, WITHDRAW, OBSERVE_OFF),
    *(
        HEAL,
        CLEAN_UP,
        EMERGENCY_STOP,
        RESUME,
        REQUEUE,
        DRY_RUN_ON,
        DRY_RUN_OFF,
        RUN_PENDING,
        RETRY,
        RETRY_MATCHING,
        UNDO,
    ),
)
ACTIONS: Final = {order.name: order for order in _ALL}

_CALLED: Final = {RESUME.name: "resume"}
"""Actions whose name in audit rows is not what people call them."""


def label(name: str) -> str:
    """Return what people call the action of that name in audit rows: `emergency stop`, `resume`."""
    return _CALLED.get(name, name).replace("_", " ")


TYPED_ABOVE: Final = 50
"""An order that changes more rows than this is typed, whatever its tier."""


def must_type(order: Action, rows: int, project: str) -> str | None:
    """The word an operator must type for `order` on so many rows; `None`: a yes is enough."""
    if order.tier is Tier.TYPED:
        return order.word or project
    return project if rows > TYPED_ABOVE else None


class ResultPhase(StrEnum):
    """What came of an action. `verified` is read back; `unchanged` changed nothing, and says so.

    `unknown`: the answer was lost, and what holds could not be read. `waiting`: kept on this machine's disk until the
    project answers.
    """

    VERIFIED = "verified"
    PARTLY = "partly"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"
    WAITING = "waiting"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one order: how far it came, in words, and how many rows really changed."""

    order: str
    phase: ResultPhase
    text: str
    run: str = ""
    planned: int = 0
    changed: int = 0
    skipped: int = 0
    refused: int = 0
    already: bool = False

    @property
    def done(self) -> bool:
        """Whether the project now really is as ordered, by a read: since this action, or already before it."""
        return self.phase is ResultPhase.VERIFIED or self.already


class PlanStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a heal will do: to which rows (`ids`; empty where the step is not about single rows), how many."""

    name: str
    title: str
    effect: str
    count: int
    ids: tuple[str, ...] = ()


class HealPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a heal would do now. `notes` is what was seen and is left alone, with the reason.

    `only`: the names of the repairs that it was made of; empty for the usual ones. `unknown`: why there may be more
    to heal than the steps say.
    """

    steps: tuple[PlanStep, ...] = ()
    notes: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    unknown: tuple[Fault, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to heal."""
        return not self.steps

    @property
    def rows(self) -> int:
        """How many rows the whole plan changes."""
        return sum(step.count for step in self.steps)

    @property
    def nothing(self) -> str:
        """What to say where there are no steps."""
        return "not known whether there is anything to heal" if self.unknown else "nothing to heal"

    def same_targets(self, other: "HealPlan") -> bool:
        """Whether both plans do the same things to the same rows."""
        return [(s.name, frozenset(s.ids)) for s in self.steps] == [(s.name, frozenset(s.ids)) for s in other.steps]


class StopPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an emergency stop would hit now; `already` names the standing stop, which nothing overwrites."""

    pending: int
    running: int
    already: str = ""

    @property
    def open(self) -> int:
        """How many tasks it would reject."""
        return self.pending + self.running


class RequeuePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a stop that is over left rejected: which stop, in words, and how many of its tasks were pending."""

    of: str
    tasks: int


class DryRunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How the agents are set now. `known` is false when no config row is visible to us.

    `pending`: how many tasks the agents would mark as completed without doing them, once dry-run is on.
    """

    known: bool
    dry_run: bool
    pending: int = 0


class ResumePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What stands to be lifted: the stop in words, how many tasks it rejected, how many of them were pending.

    `standing` is empty when no stop is set; then the tasks are those of the last one. `stop` tells it from another.
    """

    standing: str
    rejected: int = 0
    requeueable: int = 0
    stop: StopMark | None = None
    of: str = ""
    """The stop whose tasks are to be requeued, in words, where none is set."""


class RunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is pending now, and what stands in the way of its being run, in words."""

    pending: int
    notes: tuple[str, ...] = ()


class RetryPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One task that failed: what it is, when and why it failed. `refused`: why it cannot be retried."""

    task: str
    text: str
    failed_at: datetime | None = None
    refused: str = ""


class RetryMatchingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The failed tasks that matched a filter at `at`, by the database's clock: these and no others are sent back.

    `more`: others match too, and are left for another time. `refused`: why nothing can be retried.
    """

    filter: Filter
    ids: tuple[str, ...]
    at: datetime
    text: str
    more: bool = False
    refused: str = ""

    @property
    def rows(self) -> int:
        """How many tasks would be sent back."""
        return len(self.ids)


class UndoPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an undo of one run would take back. `refused`: why it cannot be undone.

    `dry_run`: what dry-run would be set to; `None`: it is left alone. `config_at`: only while the config row was last
    changed then. `steps`: what each repair of a heal would take back.
    """

    run: str
    text: str
    steps: tuple[PlanStep, ...] = ()
    tasks: int = 0
    dry_run: bool | None = None
    config_at: datetime | None = None
    refused: str = ""

    @property
    def order(self) -> Action:
        """The order whose tier it has: the agents change things for real once dry-run is off."""
        return UNDO_DRY_RUN if self.dry_run is False else UNDO


class PlanChanged(WatchdeskError):
    """Between showing a plan and confirming it the targets changed; `plan` is the new one, to be asked again."""

    def __init__(self, plan: HealPlan) -> None:
        super().__init__("the plan changed while it was shown")
        self.plan = plan
