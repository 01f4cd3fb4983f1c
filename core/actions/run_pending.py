"""Run what is pending now: invoke the agents' function once, and say what it answered."""

from collections import Counter
from typing import Any, Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.examples import next_pending
from core.actions.run import FOLLOWS, Run
from core.base.text import clean, plural
from core.domain.actions import Action, Command, Result, Shortcut, Tier
from core.domain.plans import RunPlan
from core.domain.status import Truth
from core.resilience import NotLive
from core.resilience.fault import Counts, Evidence, Fault

RUN_PENDING: Final = Action(
    name="run_pending",
    tier=Tier.CONFIRM,
    title="Run pending tasks",
    effect="run the tasks that are pending now with the agents' function",
    verb="Run",
    shortcut=Shortcut(
        name="run", key="p", word="run", does="run pending tasks: asks first, then the agents run them", drops=15
    ),
    command=Command(
        name="run",
        help="Call ai-agent-poll once, on your order: a health check never does.",
    ),
)

_MOST_RESULTS: Final = 1_000
_MOST_KINDS: Final = 5
_STATUS_CHARS: Final = 30


class RunPending(Operation[RunPlan]):
    """Invokes the agents' function. What it does with the tasks is seen on the task table later."""

    action = RUN_PENDING
    nothing = "nothing was run"
    unsure = "outcome unknown, the agents may be at work"

    def __init__(self, parts: Dependencies, shown: RunPlan | None = None) -> None:
        super().__init__(parts, shown)
        self._before = 0
        self._answer: Any = None
        self._answered = False

    async def plan(self) -> RunPlan:
        """Return what is pending, and what stands in the way. Raises NotLive."""
        config, pending = await self._context.reads.config.fetch(), await self._context.reads.counts.exactly("pending")
        notes = [config.differing] if config is not None and config.several else []
        if config is not None and config.emergency_stop:
            notes.append("an emergency stop is set: the agents will refuse")
        if config is not None and not config.enabled:
            notes.append("the system is disabled: the agents will refuse")
        if config is not None and config.dry_run:
            many = plural(min(pending, config.max_parallel_tasks or pending), "pending task")
            notes.append(f"dry-run is on: the agents will mark up to {many} as completed without doing them")
        notes += [one.text for one in await self._context.reads.pauses.standing()]
        return RunPlan(pending=pending, notes=tuple(notes), examples=await next_pending(self._context))

    async def prepare(self, run: str) -> Prepared | Result:
        """Count what is pending."""
        self._before = await self._context.reads.counts.exactly("pending")
        return Prepared(told={"pending": self._before}, planned=self._before, run=run)

    async def run(self, run: Run) -> None:
        """Invoke it once."""

        async def invoke() -> bool:
            self._answer = await self._context.writes.run_pending()
            return True

        self._answered = await run.write("edge:ai-agent-poll", invoke) is True

    async def read_back(self, run: Run) -> ReadBack:
        """Say what it answered, and how many are pending now."""
        if not self._answered:
            if run.fault is not None:
                return ReadBack(holds=Truth.FALSE, text=f"not run: {run.fault.sentence()}")
            return ReadBack(holds=Truth.UNKNOWN, text=f"{self.unsure}: {FOLLOWS}")
        said = answer_of(self._answer)
        if said.refused:
            run.fail("the agents' function", _refusal(said.message))
            return ReadBack(holds=Truth.FALSE, text=f"the agents' function refused: {said.message}")
        try:
            left = await self._context.reads.counts.exactly("pending")
            now = f"{self._before:,} were pending, {left:,} are now"
        except NotLive as not_live:
            left, now = self._before, f"{self._before:,} were pending; {not_live.fault.sentence()}"
        run.changed = said.processed if said.processed is not None else max(0, self._before - left)
        processed = "" if said.processed is None else f": {plural(said.processed, 'task')} processed"
        became = ", ".join(f"{many:,} {what}" for what, many in said.became.items())
        processed += f" ({became})" if became else ""
        told = {"became": said.became} if said.became else {}
        return ReadBack(holds=Truth.TRUE, text=f"the agents' function answered{processed}; {now}", told=told)


class PollAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the agents' function. `processed`: the number of tasks it took, `None` where it does not say.

    `became`: how many of them came to what, as far as it says.
    """

    refused: bool = False
    message: str = ""
    processed: int | None = None
    became: dict[str, int] = {}


def answer_of(data: Any) -> PollAnswer:
    """Return what the function's answer says: JSON, or bytes of it; what is neither says nothing but that it came."""
    if isinstance(data, bytes | str):
        try:
            data = msgspec.json.decode(data)
        except msgspec.MsgspecError:
            return PollAnswer()
    if not isinstance(data, dict):
        return PollAnswer()
    if data.get("success") is False:
        why = next((data[key] for key in ("message", "error") if isinstance(data.get(key), str) and data[key]), "")
        return PollAnswer(refused=True, message=clean(why, 200) or "the function reported that it did not succeed")
    processed = next((data[key] for key in ("processed", "tasks_processed") if _is_count(data.get(key))), None)
    results = data.get("results")
    if processed is None and isinstance(results, list):
        processed = len(results)
    return PollAnswer(processed=processed, became=_became(results))


def _became(results: object) -> dict[str, int]:
    """Return how many tasks came to what, the most first, by what is said of each; of anything else nothing."""
    said = [one for one in results if isinstance(one, dict)] if isinstance(results, list) else []
    words = [_what(one) for one in said[:_MOST_RESULTS] if isinstance(one.get("status"), str)]
    return dict(Counter(words).most_common(_MOST_KINDS))


def _what(result: dict[str, Any]) -> str:
    status = clean(result["status"], _STATUS_CHARS).replace("_", " ")
    return f"{status}, only simulated" if result.get("dry_run") is True else status


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _refusal(message: str) -> Fault:
    return Fault(kind="function_refused", counts=Counts.SUCCESS, evidence=Evidence.ALIVE, message=message)
