"""Create a task by the project's own function, which refuses what it must, and say what became of it."""

from datetime import datetime
from typing import Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.base.text import clean
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.plans import Plan
from core.domain.status import Truth

_TYPE_CHARS: Final = 60
_DESCRIPTION_CHARS: Final = 4_000
_APPROVED_LEVEL: Final = 3
_APPROVED_PRIORITY: Final = 8

CREATE_TASK: Final = Action(
    name="create_task",
    tier=Tier.CONFIRM,
    title="Create a task",
    effect="create one with the project's own function, for the agents to run",
    verb="Create",
    arguments=(
        Argument(
            name="task_type",
            words="task type, such as bug_fix",
            required=True,
            longest=_TYPE_CHARS,
            replans=True,
            positional=True,
        ),
        Argument(
            name="description",
            words="what is to be done",
            required=True,
            longest=_DESCRIPTION_CHARS,
            replans=True,
            positional=True,
        ),
        Argument(
            name="level",
            kind=ArgumentKind.NUMBER,
            help="The autonomy level; from 3 on it needs an approval.",
            default=2,
            least=1,
            most=3,
            asked=False,
        ),
        Argument(
            name="priority",
            kind=ArgumentKind.NUMBER,
            help="The highest goes first; from 8 on it needs an approval.",
            default=0,
            most=10,
            asked=False,
        ),
    ),
    shortcut=Shortcut(name="create", word="create", does="create a task by the project's own function"),
    command=Command(
        name="create",
        help=(
            "Create a task by the project's own function create_autonomous_task, which refuses while the agents are"
            " disabled or stopped, or the daily limit is reached."
        ),
    ),
)


class CreatePlan(Plan, frozen=True, kw_only=True):
    """The task as it would be made. `notes`: what keeps the function or the agents from it."""

    task_type: str = ""
    description: str = ""
    level: int = 2
    priority: int = 0
    notes: tuple[str, ...] = ()
    refused: str = ""

    @property
    def rows(self) -> int:
        """Return how many rows it adds."""
        return 0 if self.refused else 1

    @property
    def text(self) -> str:
        """Return the task in words, and what becomes of it."""
        if self.refused:
            return self.refused
        task = f"a {self.task_type} task, level {self.level}, priority {self.priority}: {clean(self.description, 200)}"
        approved = self.level >= _APPROVED_LEVEL or self.priority >= _APPROVED_PRIORITY
        needs = ("it needs an approval first: the agents put it into the inbox",) if approved else ()
        return "\n".join((task, *needs, *self.notes))


class CreateTask(Operation[CreatePlan]):
    """Creates one task."""

    action = CREATE_TASK
    settles = (CREATE_TASK,)
    nothing = "nothing was created"
    unsure = "not known whether it was created"

    def __init__(
        self,
        parts: Dependencies,
        shown: CreatePlan | None = None,
        *,
        task_type: str = "",
        description: str = "",
        level: int = 2,
        priority: int = 0,
    ) -> None:
        super().__init__(parts, shown)
        self._type, self._description = task_type.strip(), description.strip()
        self._level, self._priority = level, priority
        self._made: str | None = None
        self._began: datetime | None = None

    async def plan(self) -> CreatePlan:
        """Return the task, and what stands in its way. Raises NotLive."""
        if not self._type or not self._description:
            return CreatePlan(refused="enter a task type and a description")
        config, notes = await self._context.reads.config.fetch(), list[str]()
        if config is not None and config.several:
            notes.append(f"{config.differing}: so does the function, and it applies the limits of that row")
        refuses = "may" if config is not None and {"emergency_stop", "enabled"} & {*config.mixed} else "will"
        if config is not None and config.emergency_stop:
            notes.append(f"an emergency stop is set: the function {refuses} refuse")
        elif config is not None and not config.enabled:
            notes.append("the agents are disabled: the function will refuse")
        elif config is not None and config.dry_run:
            notes.append("dry-run is on: the agents will mark it as completed without doing anything")
        notes += [one.text for one in await self._context.reads.pauses.standing() if one.task_type == self._type]
        return CreatePlan(
            task_type=self._type,
            description=self._description,
            level=self._level,
            priority=self._priority,
            notes=tuple(notes),
        )

    async def prepare(self, run: str) -> Prepared | Result:
        """Take what was agreed: the project's function looks again by itself."""
        shown = await self.agree()
        if shown.refused:
            return self.refused(shown.refused)
        told = {"task_type": shown.task_type, "description": clean(shown.description, 400)}
        return Prepared(told=told | {"level": shown.level, "priority": shown.priority}, planned=1, run=run)

    async def run(self, run: Run) -> None:
        """Call the function once."""
        shown, writes = self.agreed, self._context.writes.tasks
        self._began = run.now()
        self._made = await run.write(
            "db:create_task",
            lambda: writes.create(shown.task_type, shown.description, level=shown.level, priority=shown.priority),
        )

    async def read_back(self, run: Run) -> ReadBack:
        """Find the task; where the answer was lost, by what it says."""
        shown, reads = self.agreed, self._context.reads
        if run.fault is not None:
            known = run.fault.kind != "missing_function"
            why = run.fault.sentence() if known else "this project has no create_autonomous_task"
            return ReadBack(holds=Truth.FALSE, text=f"nothing was created: {why}")
        name = self._made
        if not name and self._began is not None:
            name = await reads.tasks.created_since(shown.task_type, shown.description, self._began)
        task = await reads.tasks.fetch(name) if name else None
        if task is None:
            unseen = "the project's function answered, but the new task is not visible to this account"
            why = unseen if self._made is not None else run.why_not(answered=False)
            return ReadBack(holds=Truth.FALSE, text=f"no task was seen: {why}")
        run.changed = 1
        run.ids = [task.id]
        text = f"task {task.id} is {task.status.replace('_', ' ')} (read back)"
        return ReadBack(holds=Truth.TRUE, text=text, told={"task": task.id})
