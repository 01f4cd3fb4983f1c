"""Resume: clear the emergency stop, and, as an action of its own, give back what was pending when it was set."""

from typing import Final

import msgspec

from core.act.action import Action, Outcome, Prepared
from core.act.batches import requeue
from core.act.emergency_stop import in_words, trail_of
from core.act.means import Means
from core.act.orders import LIFT, REQUEUE, LiftPlan, Phase, RequeuePlan, Result
from core.act.run import FOLLOWS, NOT_OURS, Run
from core.facts import Truth
from core.marks import FUNCTION_MARK, Marks
from core.model import SystemConfig
from core.stops import StopMark, StopRecord, StopTrail, all_rejected, to_requeue
from core.text import plural

_NONE_SET: Final = "no emergency stop is set"


async def plan_lift(means: Means) -> LiftPlan:
    """Return what stands to be lifted, or what the last stop left rejected. Raises NotLive."""
    config = await means.live.config()
    trail = await trail_of(means)
    if config is None or not config.emergency_stop:
        left = await left_over(means, config, trail)
        return LiftPlan(standing="", requeueable=left.tasks, of=left.of)
    stops, foreign = _of_standing(config, trail)
    marks = all_rejected(stops, foreign)
    pending = to_requeue(stops, foreign)
    return LiftPlan(
        standing=in_words(means, config, trail.standing(config)),
        rejected=await _count(means, marks) if marks else 0,
        requeueable=await _count(means, pending) if pending else 0,
        stop=StopMark.of(config),
    )


async def left_over(means: Means, config: SystemConfig | None, trail: StopTrail | None = None) -> RequeuePlan:
    """Return what a stop that is over left rejected that was pending; none while one is set. Raises NotLive."""
    if config is not None and config.emergency_stop:
        return RequeuePlan(of="", tasks=0)
    trail = trail if trail is not None else await trail_of(means)
    for of, marks in _over(trail.last()):
        tasks = await _count(means, marks)
        if tasks:
            return RequeuePlan(of=of, tasks=tasks)
    return RequeuePlan(of="", tasks=0)


class Lift(Action):
    """Clears the stop on every config row. `stop`: the one that is meant; another is left alone."""

    order = LIFT
    nothing = "NOT lifted"
    unsure = "not known whether lifted"

    def __init__(self, means: Means, stop: StopMark | None = None) -> None:
        self._means = means
        self._meant = stop
        self._config: SystemConfig | None = None
        self.lifted: StopMark | None = None
        """The stop that is lifted; `None` where none was set."""

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out which stop stands."""
        self._config = config = await self._means.live.config()
        if config is None or not config.emergency_stop:
            return self.already(_NONE_SET)
        mark = self.lifted = StopMark.of(config)
        if self._meant is not None and mark != self._meant:
            why = config.stop_reason or "no reason given"
            return self.refused(f"NOT lifted: another stop is set than the one that was meant: {why}")
        trail = await trail_of(self._means)
        standing = trail.standing(config)
        told = {"standing": in_words(self._means, config, standing), "of": standing.run if standing else ""}
        return Prepared(told=told, run=run)

    async def run(self, run: Run) -> None:
        """Clear flag, reason and end."""
        config = self._config
        if config is not None:
            await run.write("db:clear_stop", lambda: self._means.commands.clear_stop(config.ids))

    async def read_back(self, run: Run) -> Outcome:
        """Say whether it is cleared."""
        seen = await self._means.live.config()
        if seen is None or seen.emergency_stop:
            if run.fault is None and not run.follows:
                run.refused = 1
            why = run.fault.sentence() if run.fault is not None else FOLLOWS if run.follows else NOT_OURS
            text = f"NOT lifted: the flag still stands: {why}"
            return Outcome(holds=Truth.FALSE, text=text, told={"lifted": False})
        run.turned = True
        return Outcome(holds=Truth.TRUE, text="lifted, seen", told={"lifted": True})


class Requeue(Action):
    """Gives back what was pending when the last stop rejected it. Begun again, it goes on with what is left."""

    order = REQUEUE
    nothing = "nothing was given back"
    unsure = "not known how much was given back"

    def __init__(self, means: Means, foreign: StopMark | None = None) -> None:
        self._means = means
        self._foreign = foreign
        """A stop that another hand set, and that was just lifted."""
        self._marks = Marks()

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out what is left of the last stop."""
        config = await self._means.live.config()
        if config is not None and config.emergency_stop:
            return self.refused("an emergency stop is set: nothing was given back")
        stops = (await trail_of(self._means)).last()
        foreign = self._foreign
        if foreign is not None and not any(stop.reason == foreign.reason for stop in stops):
            found: tuple[tuple[str, Marks], ...] = (
                (f"the stop: {foreign.reason}", to_requeue((), foreign)),
            )  # none of ours
        else:
            found = _over(stops)
        for of, marks in found:
            self._marks = marks
            if marks and (left := await self._left()):
                return Prepared(told={"of": of, "marks": marks.begins, "tasks": left}, planned=left, run=run)
        return self.already("nothing is left to give back")

    async def run(self, run: Run) -> None:
        """Batch by batch, each task only if the stop's mark still stands on it."""
        await requeue(run, self._marks, from_status="rejected", to_status="pending", title="Rejected tasks")

    async def read_back(self, run: Run) -> Outcome:
        """Count what is left."""
        left = await self._left()
        given = max(run.changed, run.planned - left) if run.fault is not None else run.changed
        run.changed = given
        text = f"{given:,} of {plural(run.planned, 'task')} given back to pending"
        if run.halt:
            text += f"; halted: {run.halt}"
        if run.refused:
            text += f"; {run.refused:,} refused: {NOT_OURS}"
        if run.unknown:
            text += f"; {run.unknown:,} not known, their answer was lost"
        text += run.faults_text()
        if left and not run.refused:
            text += f"; {left:,} are left: give the order again"
        holds = Truth.of(not left)
        return Outcome(holds=holds, text=text, told={"requeued": given, "left": left})

    async def _left(self) -> int:
        return await _count(self._means, self._marks)


def together(lift: Result, requeued: Result, *, waits: bool = False) -> Result:
    """Return what came of a lift and of the requeue after it, as one result.

    `waits`: it is tried again as long as nobody answers, so that is what came of it.
    """
    phase: Phase
    if waits and requeued.phase in {Phase.UNREACHABLE, Phase.UNKNOWN}:
        phase = requeued.phase
    elif requeued.already:
        phase = lift.phase
    elif requeued.phase is Phase.VERIFIED or lift.already:
        phase = requeued.phase
    else:
        phase = Phase.PARTLY  # it is lifted, and not all was given back
    return msgspec.structs.replace(
        lift,
        phase=phase,
        text=f"{lift.text}; {requeued.text}",
        planned=requeued.planned,
        changed=requeued.changed,
        skipped=requeued.skipped,
        refused=requeued.refused,
        already=lift.already and requeued.already,
    )


def _of_standing(config: SystemConfig, trail: StopTrail) -> tuple[tuple[StopRecord, ...], StopMark | None]:
    """Our records of the stop that stands, or its mark alone where another hand set it."""
    if trail.standing(config) is None:
        return (), StopMark.of(config)
    return trail.last(), None


def _over(stops: tuple[StopRecord, ...]) -> tuple[tuple[str, Marks], ...]:
    """What may be given back of stops that are over: ours, else what the project's function rejected for others."""
    elsewhere = ("a stop that was set elsewhere", Marks(unstarted=(FUNCTION_MARK,)))
    return ((_of(stops[-1]), to_requeue(stops)), elsewhere) if stops else (elsewhere,)


async def _count(means: Means, marks: Marks) -> int:
    return await means.live.ask("db:count_marked", lambda queries: queries.count_marked(marks, "rejected"))


def _of(stop: StopRecord) -> str:
    at = f" of {stop.began_at:%Y-%m-%d %H:%M} UTC" if stop.began_at is not None else ""
    return f"the stop{at}" + (f": {stop.reason}" if stop.reason else "")
