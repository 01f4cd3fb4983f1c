"""Plans: the effect of an action as of now, shown before it is confirmed."""

from datetime import datetime

import msgspec

from core.base.errors import WatchdeskError
from core.base.text import plural
from core.domain.actions import Action
from core.domain.queries import Filter
from core.domain.stops import StopMark
from core.resilience.fault import Fault


class OfferedRow(msgspec.Struct, frozen=True):
    """One row that may be chosen, by its id, with the words for it."""

    id: str
    words: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The effect of an action as of now. This base has none."""

    @property
    def text(self) -> str:
        """Return the plan in words, in lines."""
        return ""

    @property
    def rows(self) -> int:
        """Return how many rows it would change."""
        return 0

    @property
    def refused(self) -> str:
        """Return why it cannot be run, which is wrong use or lack of rights; empty: it can."""
        return ""

    @property
    def idle(self) -> bool:
        """Return whether nothing would change."""
        return False

    @property
    def tells_state(self) -> bool:
        """Return whether its words tell how things stand, which they do no more once it was carried out."""
        return False

    @property
    def stands(self) -> bool:
        """Return whether nothing would change because it is as ordered."""
        return self.idle

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was seen and is left alone, with the reason."""
        return ()

    @property
    def unknown(self) -> tuple[Fault, ...]:
        """Return why there may be more to do than it says."""
        return ()

    @property
    def offered(self) -> tuple[OfferedRow, ...]:
        """Return the rows of which some may be chosen; none where it is about all of them."""
        return ()

    @property
    def action(self) -> Action | None:
        """Return the action that fits what stands now, where it is not the one that was planned."""
        return None


class Sentence(Plan, frozen=True, kw_only=True):
    """A plan that is a text and no more."""

    text: str
    rows: int = 0
    refused: str = ""
    idle: bool = False
    action: Action | None = None


class PlanStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a heal will do: to which rows (`ids`; empty where the step is not about single rows), how many.

    `typed`: it lets the agents do more, and wants a word typed. `why`: what it is done for, where its title says less.
    `done`: what was changed, once it is; empty: its title says so.
    """

    name: str
    title: str
    effect: str
    count: int
    ids: tuple[str, ...] = ()
    typed: bool = False
    why: str = ""
    done: str = ""


class HealPlan(Plan, frozen=True, kw_only=True):
    """The steps of a heal as of now. `notes`: findings that are left alone, each with the reason.

    `only`: the names of the repairs that it was made of; empty for the usual ones. `tasks`: of the stuck tasks these
    alone; empty for all of those `offered`. `unknown`: why there may be more to heal than the steps say.
    """

    steps: tuple[PlanStep, ...] = ()
    notes: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    offered: tuple[OfferedRow, ...] = ()
    unknown: tuple[Fault, ...] = ()
    refused: str = ""

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to heal."""
        return not self.steps

    @property
    def rows(self) -> int:
        """Return how many rows the whole plan changes."""
        return sum(step.count for step in self.steps)

    @property
    def idle(self) -> bool:
        """Return whether there is nothing to heal."""
        return self.empty

    @property
    def nothing(self) -> str:
        """Return what to say where there are no steps."""
        return "not known whether there is anything to heal" if self.unknown else "nothing to heal"

    @property
    def text(self) -> str:
        """Return a line for each step, then the notes."""
        if self.refused:
            return self.refused
        steps = [f"- {step.title}: {step.effect} ({plural(step.count, 'row')})" for step in self.steps]
        return "\n".join((*(steps or [self.nothing]), *self.notes))

    def same_targets(self, other: "HealPlan") -> bool:
        """Return whether both plans do the same things to the same rows."""
        return [(s.name, frozenset(s.ids)) for s in self.steps] == [(s.name, frozenset(s.ids)) for s in other.steps]


class StopPlan(Plan, frozen=True, kw_only=True):
    """The numbers of tasks that a stop of `hours` would reject; `already`: the stop in force, which stays as it is."""

    pending: int
    running: int
    already: str = ""
    hours: int = 24
    examples: str = ""
    """Some of what runs, in a line."""

    @property
    def open(self) -> int:
        """Return how many tasks it would reject."""
        return self.pending + self.running

    @property
    def idle(self) -> bool:
        """Return whether a stop stands and has rejected everything."""
        return bool(self.already) and not self.open

    @property
    def text(self) -> str:
        """Return what it sets and rejects."""
        rejects = f"{plural(self.pending, 'pending task')} and {plural(self.running, 'running one')}"
        if self.idle:
            return f"It is already {self.already}. Nothing will be changed."
        if self.already:
            told = f"It is already {self.already}. That stop stays as it is; this rejects {rejects}."
        else:
            told = f"Sets the stop for {self.hours} h or until you resume, and rejects {rejects}."
        return "\n".join(filter(None, (told, self.examples)))


class RequeuePlan(Plan, frozen=True, kw_only=True):
    """The tasks that a stop which is over left rejected: the stop in words, and how many of them were pending."""

    of: str
    tasks: int

    @property
    def rows(self) -> int:
        """Return how many tasks go back to pending."""
        return self.tasks

    @property
    def idle(self) -> bool:
        """Return whether nothing is left to requeue."""
        return not self.tasks

    @property
    def text(self) -> str:
        """Return what is still rejected."""
        return f"Still rejected: {plural(self.tasks, 'task')} of {self.of}." if self.tasks else "Nothing is left."


class DryRunPlan(Plan, frozen=True, kw_only=True):
    """The dry-run setting of the agents. `known` is false when no config row is visible to this account.

    `pending`: the number of tasks the agents would mark as completed without doing them, once dry-run is on. `on`: the
    value it is to get. `action`: the way that is still open, where it is set like that already. `by_heal`: since when
    it is on because of a heal, and why; empty where it is not.
    """

    known: bool
    dry_run: bool
    pending: int = 0
    on: bool = True
    action: Action | None = None
    by_heal: str = ""

    @property
    def tells_state(self) -> bool:
        """It does: whether dry-run is on."""
        return True

    @property
    def idle(self) -> bool:
        """Return whether it is set like that already."""
        return self.known and self.dry_run is self.on

    @property
    def refused(self) -> str:
        """Return why it cannot be set: nobody knows what it is set to."""
        return "" if self.known else "This account cannot see the config row: the agents' settings are unknown."

    @property
    def text(self) -> str:
        """Return how it stands, and how many tasks wait."""
        if not self.known:
            return self.refused
        pending = "" if self.dry_run else f" {plural(self.pending, 'task')} pending now."
        since = f" {self.by_heal}; a watchdog turns it on again if tasks still fail" if self.by_heal else ""
        return f"Dry-run is {'on' if self.dry_run else 'off'}{since}.{pending}"


class ResumePlan(Plan, frozen=True, kw_only=True):
    """The stop to resume from in words, the number of tasks it rejected, and how many of them were pending.

    `standing` is empty when no stop is set; then the tasks are those of the last one. `stop` identifies the stop.
    `requeue`: its tasks are to be requeued. `action`: requeue, where no stop is set and tasks are left.
    """

    standing: str
    rejected: int = 0
    requeueable: int = 0
    stop: StopMark | None = None
    of: str = ""
    """The stop whose tasks are to be requeued, in words, where none is set."""
    requeue: bool = False
    paused: str = ""
    """The task types that are paused, in words."""
    action: Action | None = None

    @property
    def rows(self) -> int:
        """Return how many tasks go back to pending, where no stop is set."""
        return 0 if self.standing else self.requeueable

    @property
    def idle(self) -> bool:
        """Return whether no stop is set, and nothing is to go back."""
        return not self.standing and not (self.requeue and self.requeueable)

    @property
    def text(self) -> str:
        """Return which stop stands, and what it rejected."""
        paused = f"\nWhat is requeued of these is held back again: {self.paused}." if self.paused else ""
        if self.standing:
            rejected = plural(self.rejected, "task")
            pending = f"{self.requeueable:,} of them pending until then."
            return f"It is {self.standing}.\n{rejected} rejected by it, {pending}{paused}"
        left = f" Still rejected: {plural(self.requeueable, 'task')} of {self.of}." if self.requeueable else ""
        return f"No emergency stop is set.{left}{paused if left else ''}"


class RunPlan(Plan, frozen=True, kw_only=True):
    """The number of pending tasks, and the obstacles to running them, in words."""

    pending: int
    notes: tuple[str, ...] = ()
    examples: str = ""
    """Some of what is pending, in a line."""

    @property
    def text(self) -> str:
        """Return how much is pending, what comes first, then the notes."""
        return "\n".join(filter(None, (f"{plural(self.pending, 'task')} pending.", self.examples, *self.notes)))


class RetryPlan(Plan, frozen=True, kw_only=True):
    """One task that failed: what it is, when and why it failed. `refused`: why it cannot be retried.

    `idle`: it has not failed; `stands`: it is pending.
    """

    task: str
    text: str
    failed_at: datetime | None = None
    refused: str = ""
    idle: bool = False
    stands: bool = False

    @property
    def rows(self) -> int:
        """Return one: the task."""
        return 1


class RetryMatchingPlan(Plan, frozen=True, kw_only=True):
    """The failed tasks that matched a filter at `at`, by the database's clock: these and no others are sent back.

    `more`: others match too, and are left for another time. `refused`: why nothing can be retried. `idle`: none has
    failed; `stands`: all are pending. `now`: how many match by now, where somebody looked again.
    """

    filter: Filter
    ids: tuple[str, ...]
    at: datetime
    frozen: str
    """The ids in words."""
    more: bool = False
    refused: str = ""
    idle: bool = False
    stands: bool = False
    now: int | None = None

    @property
    def rows(self) -> int:
        """Return how many tasks would be sent back."""
        return len(self.ids)

    @property
    def text(self) -> str:
        """Return which tasks, and that others match by now."""
        if self.refused or self.idle or self.more or self.now in {None, self.rows}:
            return self.refused or self.frozen
        since = f"{self.now:,} match now: new ones are left alone, ones that no longer match are skipped."
        return f"{self.frozen}\n{since}"


class UndoPlan(Plan, frozen=True, kw_only=True):
    """The changes that an undo of one run would take back. `refused`: why it cannot be undone; `idle`: nothing stands.

    `dry_run`: what dry-run would be set to; `None`: it is left alone. `config_at`: only while the config row was last
    changed then. `steps`: what each repair of a heal would take back. `action`: as which it is confirmed.
    """

    run: str
    text: str
    steps: tuple[PlanStep, ...] = ()
    tasks: int = 0
    dry_run: bool | None = None
    config_at: datetime | None = None
    refused: str = ""
    idle: bool = False
    stands: bool = False
    action: Action | None = None

    @property
    def rows(self) -> int:
        """Return how many tasks would be taken back."""
        return self.tasks


class PlanChanged(WatchdeskError):
    """Between showing a plan and confirming it the targets changed; `plan` is the new one, to be asked again."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("the plan changed while it was shown")
        self.plan = plan
