"""Resume: clear the emergency stop, and, as an action of its own, requeue what was pending when it was set."""

import contextlib
from datetime import datetime
from typing import Any, Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.emergency_stop import NO_ROW, in_words
from core.actions.requeue import REQUEUE, Requeue, audited_stops, count_rejected, left_over
from core.actions.run import Run
from core.actions.waiting import WaitingAction
from core.base.text import plural
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, ResultPhase, Shortcut, Tier
from core.domain.markers import Markers
from core.domain.plans import ResumePlan
from core.domain.records import SystemConfig
from core.domain.status import Truth
from core.domain.stops import StopMark, StopTrail, all_rejected, to_requeue
from core.resilience import NotLive

RESUME: Final = Action(
    name="lift",
    tier=Tier.TYPED,
    title="Resume",
    effect="clear the emergency stop, so that agents pick up tasks again",
    keeps=True,
    halts=True,
    arguments=(
        Argument(
            name="requeue",
            kind=ArgumentKind.FLAG,
            words="requeue the tasks that were pending when it stopped",
            help="Requeue what was pending when the last stop rejected it.",
            default=False,
        ),
    ),
    shortcut=Shortcut(
        name="resume",
        key="u",
        word="resume",
        does="resume after an emergency stop: asks for the project's name",
        drops=6,
    ),
    command=Command(
        name="resume",
        help="Clear the emergency stop.",
    ),
)

_TRIES: Final = 3
_NONE_SET: Final = "no emergency stop is set"


class Resume(Operation[ResumePlan]):
    """Clears the stop on every config row, then requeues if `requeue`. `stop`: the one that is meant; another stays.

    `ordered_at`: when it was ordered, where that is a while ago and no stop was named: one set since is not meant.
    """

    action = RESUME
    nothing = "NOT resumed"
    unsure = "not known whether resumed"

    def __init__(
        self,
        parts: Dependencies,
        shown: ResumePlan | None = None,
        *,
        requeue: bool = False,
        stop: StopMark | None = None,
        ordered_at: datetime | None = None,
    ) -> None:
        super().__init__(parts, shown)
        self._requeue = requeue
        self._meant = stop or (shown.stop if shown is not None else None)
        self._last_seen = parts.standing_stop()
        self._ordered_at = ordered_at
        self._written: int | None = None
        self._config: SystemConfig | None = None
        self.rejected: Markers | None = None
        """Marks of what the stop rejected that was pending; `None` where none was set, or that is not known."""

    async def plan(self) -> ResumePlan:
        """Return the stop that stands, or what the last one left rejected. Raises NotLive."""
        context = self._context
        config = await context.reads.config.visible()
        trail = await audited_stops(context)
        if config is None or not config.emergency_stop:
            left = await left_over(context, config, trail)
            action = REQUEUE if left.tasks else None
            return ResumePlan(
                standing="",
                requeueable=left.tasks,
                of=left.of,
                requeue=self._requeue,
                paused=await self._paused(),
                action=action,
            )
        stops, foreign = trail.unlifted(), StopMark.of(config)
        return ResumePlan(
            standing=in_words(context, config, trail.standing(config)),
            rejected=await count_rejected(context, all_rejected(stops, foreign)),
            requeueable=await count_rejected(context, to_requeue(stops, foreign)),
            stop=foreign,
            requeue=self._requeue,
            paused=await self._paused(),
        )

    async def _paused(self) -> str:
        """Return the task types that are paused; empty for none, or where that is not known: a resume does not wait."""
        with contextlib.suppress(NotLive):
            return ", ".join(one.task_type for one in await self._context.reads.pauses.standing())
        return ""

    def kept(self) -> dict[str, Any]:
        """Return whether to requeue, and the stop that is meant: by default the one that was last seen."""
        return {"requeue": self._requeue, "stop": self._meant or self._last_seen}

    @classmethod
    def of_waiting(cls, parts: Dependencies, waiting: WaitingAction) -> "Resume":
        """Return the resume that waited."""
        return cls(parts, requeue=waiting.requeue, stop=waiting.stop, ordered_at=waiting.ordered_at)

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out which stop stands."""
        self._config = config = await self._context.reads.config.fetch()
        if config is None:
            return self.refused(f"NOT resumed: {NO_ROW}")
        if not config.emergency_stop:
            return self.already(_NONE_SET + await self._still_rejected(config))
        if not self._is_meant(config):
            why = config.stop_reason or "no reason given"
            return self.refused(f"NOT resumed: another stop is set than the one that was meant: {why}")
        try:
            trail = await audited_stops(self._context)
            self.rejected = to_requeue(trail.unlifted(), StopMark.of(config))
        except NotLive:
            trail = StopTrail()  # it is resumed all the same; what the stop rejected is found out by the requeue
        standing = trail.standing(config)
        told = {"standing": in_words(self._context, config, standing), "of": standing.run if standing else ""}
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
            seen = await self._context.reads.config.fetch()
            if seen is None or seen.updated_at == config.updated_at or StopMark.of(seen) != StopMark.of(config):
                return
            self._config = seen

    async def _clear(self, config: SystemConfig) -> int:
        return await self._context.writes.clear_stop(config.ids, seen_at=config.updated_at)

    def _is_meant(self, config: SystemConfig) -> bool:
        if self._meant is not None:
            return StopMark.of(config) == self._meant
        if self._ordered_at is None:
            return True
        return config.updated_at is not None and config.updated_at <= self._ordered_at

    async def read_back(self, run: Run) -> ReadBack:
        """Say whether it is cleared."""
        seen = await self._context.reads.config.fetch()
        if seen is None or seen.emergency_stop:
            why = run.why_not(answered=self._written is not None)
            if self._config is not None and seen is not None and StopMark.of(seen) != StopMark.of(self._config):
                why = "another stop was set in the meantime"
            text = f"NOT resumed: the flag still stands: {why}"
            return ReadBack(holds=Truth.FALSE, text=text, told={"lifted": False})
        run.turned = self._written != 0
        text = f"resumed (read back){await self._still_rejected(seen)}"
        return ReadBack(holds=Truth.TRUE, text=text, told={"lifted": True})

    async def _still_rejected(self, config: SystemConfig) -> str:
        """Return what is left to requeue, where nobody asked for that. Never raises for a fault."""
        if not self._requeue:
            with contextlib.suppress(NotLive):
                if (left := await left_over(self._context, config)).tasks:
                    return (
                        f"; {plural(left.tasks, 'task')} still rejected: requeue them with watchdesk resume --requeue"
                    )
        return ""

    def follow_up(self, result: Result) -> Operation[Any] | None:
        """Return the requeue, as an action of its own that can be begun again."""
        return Requeue(self._parts, marks=self.rejected) if self._requeue and result.done else None

    def with_follow_up(self, result: Result, following: Result, *, retried: bool) -> Result:
        """Return both as one. `retried`: it is tried again as long as nobody answers, so that is what came of it."""
        phase: ResultPhase
        if retried and following.phase in {ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN}:
            phase = following.phase
        elif following.already:
            phase = result.phase
        elif following.phase is ResultPhase.VERIFIED or result.already:
            phase = following.phase
        else:
            phase = ResultPhase.PARTLY  # it is lifted, and not all was given back
        return msgspec.structs.replace(
            result,
            phase=phase,
            text=f"{result.text}; {following.text}",
            planned=following.planned,
            changed=following.changed,
            skipped=following.skipped,
            refused=following.refused,
            already=result.already and following.already,
        )
