"""Resume: clear the emergency stop, and, as an action of its own, requeue what was pending when it was set."""

from datetime import datetime
from typing import Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.batches import requeue
from core.actions.context import ActionContext
from core.actions.emergency_stop import NO_ROW, in_words
from core.actions.run import FOLLOWS, NOT_OURS, Run
from core.base.text import plural
from core.domain.actions import REQUEUE, RESUME, RequeuePlan, Result, ResultPhase, ResumePlan
from core.domain.markers import Markers
from core.domain.records import SystemConfig
from core.domain.status import Truth
from core.domain.stops import ANY_STOP, StopMark, StopRecord, StopTrail, all_rejected, to_requeue
from core.resilience import NotLive

_EPISODES: Final = 8
_TRIES: Final = 3
_NONE_SET: Final = "no emergency stop is set"


async def plan_lift(means: ActionContext) -> ResumePlan:
    """Return what stands to be lifted, or what the last stop left rejected. Raises NotLive."""
    config = await means.live.visible_config()
    trail = await _trail(means)
    if config is None or not config.emergency_stop:
        left = await left_over(means, config, trail)
        return ResumePlan(standing="", requeueable=left.tasks, of=left.of)
    stops, foreign = trail.unlifted(), StopMark.of(config)
    marks, pending = all_rejected(stops, foreign), to_requeue(stops, foreign)
    return ResumePlan(
        standing=in_words(means, config, trail.standing(config)),
        rejected=await _count(means, marks),
        requeueable=await _count(means, pending),
        stop=foreign,
    )


async def left_over(means: ActionContext, config: SystemConfig | None, trail: StopTrail | None = None) -> RequeuePlan:
    """Return what a stop that is over left rejected that was pending; none while one is set. Raises NotLive."""
    if config is not None and config.emergency_stop:
        return RequeuePlan(of="", tasks=0)
    found = await _left_over(means, trail)
    return RequeuePlan(of="", tasks=0) if found is None else RequeuePlan(of=found[0], tasks=found[2])


class Resume(Operation):
    """Clears the stop on every config row. `stop`: the one that is meant; another is left alone."""

    order = RESUME
    nothing = "NOT resumed"
    unsure = "not known whether resumed"

    def __init__(self, means: ActionContext, stop: StopMark | None = None, ordered_at: datetime | None = None) -> None:
        self._means = means
        self._meant = stop
        self._ordered_at = ordered_at
        """When it was ordered, where that is a while ago and no stop was named: one that was set since is not meant."""
        self._written: int | None = None
        self._config: SystemConfig | None = None
        self.rejected: Markers | None = None
        """What the stop rejected that was pending; `None` where none was set, or that could not be found out."""

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out which stop stands."""
        self._config = config = await self._means.live.config()
        if config is None:
            return self.refused(f"NOT resumed: {NO_ROW}")
        if not config.emergency_stop:
            return self.already(_NONE_SET)
        if not self._is_meant(config):
            why = config.stop_reason or "no reason given"
            return self.refused(f"NOT resumed: another stop is set than the one that was meant: {why}")
        try:
            trail = await _trail(self._means)
            self.rejected = to_requeue(trail.unlifted(), StopMark.of(config))
        except NotLive:
            trail = StopTrail()  # the stop is lifted all the same; what it rejected is found out when it is given back
        standing = trail.standing(config)
        told = {"standing": in_words(self._means, config, standing), "of": standing.run if standing else ""}
        return Prepared(told=told, run=run)

    async def run(self, run: Run) -> None:
        """Clear flag, reason and end, as long as it is the stop that was seen; of one that was only touched, again."""
        for _ in range(_TRIES):
            config = self._config
            if config is None or not config.emergency_stop or not self._is_meant(config):
                return
            self._written = await run.write("db:clear_stop", lambda config=config: self._clear(config))  # type: ignore[misc]  # bound now
            if self._written is None or self._written:
                return
            seen = await self._means.live.config()
            if seen is None or seen.updated_at == config.updated_at or StopMark.of(seen) != StopMark.of(config):
                return
            self._config = seen

    async def _clear(self, config: SystemConfig) -> int:
        return await self._means.commands.clear_stop(config.ids, seen_at=config.updated_at)

    def _is_meant(self, config: SystemConfig) -> bool:
        if self._meant is not None:
            return StopMark.of(config) == self._meant
        if self._ordered_at is None:
            return True
        return config.updated_at is not None and config.updated_at <= self._ordered_at

    async def read_back(self, run: Run) -> ReadBack:
        """Say whether it is cleared."""
        seen = await self._means.live.config()
        if seen is None or seen.emergency_stop:
            if run.fault is None and not run.follows:
                run.refused = 1
            why = run.fault.sentence() if run.fault is not None else FOLLOWS if run.follows else NOT_OURS
            if self._config is not None and seen is not None and StopMark.of(seen) != StopMark.of(self._config):
                why = "another stop was set meanwhile"
            text = f"NOT resumed: the flag still stands: {why}"
            return ReadBack(holds=Truth.FALSE, text=text, told={"lifted": False})
        run.turned = self._written != 0
        return ReadBack(holds=Truth.TRUE, text="resumed, seen", told={"lifted": True})


class Requeue(Operation):
    """Gives back what was pending when the last stop rejected it. Begun again, it goes on with what is left."""

    order = REQUEUE
    nothing = "nothing was requeued"
    unsure = "not known how much was requeued"

    def __init__(self, means: ActionContext, marks: Markers | None = None) -> None:
        self._means = means
        self._given = marks
        """What the stop that was just lifted rejected; `None`: what any that is over left."""
        self._marks = Markers()

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out what is left of a stop that is over."""
        config = await self._means.live.visible_config()
        if config is not None and config.emergency_stop:
            return self.refused("an emergency stop is set: nothing was requeued")
        if self._given is not None:
            self._marks = self._given
            of, left = "the stop that was cleared", await self._left()
        else:
            found = await _left_over(self._means)
            of, self._marks, left = found if found is not None else ("", Markers(), 0)
        if not left:
            return self.already("nothing is left to requeue")
        return Prepared(told={"of": of, "marks": self._marks.begins, "tasks": left}, planned=left, run=run)

    async def run(self, run: Run) -> None:
        """Batch by batch, each task only if the stop's mark still stands on it."""
        await requeue(run, self._marks, from_status="rejected", to_status="pending", title="Rejected tasks")

    async def read_back(self, run: Run) -> ReadBack:
        """Count what is left."""
        left = await self._left()
        given = max(run.changed, run.planned - left) if run.fault is not None else run.changed
        run.changed = given
        text = f"{given:,} of {plural(run.planned, 'task')} requeued"
        if run.halt:
            text += f"; halted: {run.halt}"
        if run.refused:
            text += f"; {run.refused:,} refused: {NOT_OURS}"
        if run.unknown:
            text += f"; {run.unknown:,} not known, their answer was lost"
        text += run.faults_text()
        if left and not run.refused:
            text += f"; {left:,} are left: run it again"
        holds = Truth.of(not left)
        return ReadBack(holds=holds, text=text, told={"requeued": given, "left": left})

    async def _left(self) -> int:
        return await _count(self._means, self._marks)


def together(lift: Result, requeued: Result, *, waits: bool = False) -> Result:
    """Return what came of a lift and of the requeue after it, as one result.

    `waits`: it is tried again as long as nobody answers, so that is what came of it.
    """
    phase: ResultPhase
    if waits and requeued.phase in {ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN}:
        phase = requeued.phase
    elif requeued.already:
        phase = lift.phase
    elif requeued.phase is ResultPhase.VERIFIED or lift.already:
        phase = requeued.phase
    else:
        phase = ResultPhase.PARTLY  # it is lifted, and not all was given back
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


async def _trail(means: ActionContext) -> StopTrail:
    """What the audit trail tells of stops. Raises NotLive: without it what a stop rejected is not known."""
    return await means.live.ask("db:fetch_stop_audit", lambda queries: queries.stop_trail())


async def _left_over(means: ActionContext, trail: StopTrail | None = None) -> tuple[str, Markers, int] | None:
    """The newest stop that is over and left tasks rejected that were pending: in words, their marks, how many."""
    if not await _count(means, ANY_STOP):
        return None
    trail = trail if trail is not None else await _trail(means)
    for stops in trail.episodes()[:_EPISODES]:
        marks = to_requeue(stops)
        if tasks := await _count(means, marks):
            return _of(stops[-1]), marks, tasks
    return "a stop of which no audit tells", ANY_STOP, await _count(means, ANY_STOP)


async def _count(means: ActionContext, marks: Markers) -> int:
    return await means.live.ask("db:count_marked", lambda queries: queries.count_marked(marks, "rejected"))


def _of(stop: StopRecord) -> str:
    at = f" of {stop.began_at:%Y-%m-%d %H:%M} UTC" if stop.began_at is not None else ""
    return f"the stop{at}" + (f": {stop.reason}" if stop.reason else "")
