"""The emergency stop: the flag first, then the work, then read back what really holds."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any, Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.batches import reject_all, until_none_changes
from core.actions.context import ActionContext
from core.actions.dependencies import Dependencies
from core.actions.examples import longest_running
from core.actions.run import FOLLOWS, NOT_OURS, Run
from core.actions.waiting import WaitingAction
from core.backend.answers import MISSING_COLUMN
from core.base.text import clean, plural
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.markers import FUNCTION_MARK, Markers
from core.domain.plans import StopPlan
from core.domain.records import UNFINISHED, SystemConfig
from core.domain.status import Truth
from core.domain.stops import MOST_RAN_BEFORE, StopMark, StopRecord, StopTrail, rejected_by
from core.resilience import NotLive
from core.resilience.fault import Evidence, Fault

HOURS: Final = 24

EMERGENCY_STOP: Final = Action(
    name="emergency_stop",
    tier=Tier.TYPED,
    title="Emergency stop",
    effect="stop all agents and reject every pending and running task",
    word="STOP",
    verb="Stop all",
    hurries=True,
    keeps=True,
    bound=False,  # it stops everything, however much that is by now
    arguments=(
        Argument(
            name="reason",
            words="reason",
            help="Why; kept on the config row and in the audit trail.",
            required=True,
        ),
        Argument(
            name="hours",
            kind=ArgumentKind.NUMBER,
            help="How long the stop lasts.",
            default=HOURS,
            least=1,
            most=24 * 30,
            asked=False,
        ),
    ),
    shortcut=Shortcut(
        name="stop", key="ctrl+e", word="STOP", does="emergency stop: asks for a reason and the word STOP"
    ),
    command=Command(
        name="stop",
        help="Stop all agents and reject all pending and running tasks. Retries for 30 s, or --wait, then reports"
        " NOT stopped.",
    ),
)
NO_ROW: Final = "this account cannot see the config row; sign in as the master account or use a secret key"
_IDS_KEPT: Final = 1000
_NOTED: Final = 500
_ALONG: Final = timedelta(seconds=5)
"""What is filed so soon after the flag was set belongs to what it stops: two clocks are compared."""
_NOTING_S: Final = 1.0
"""How long open tasks are noted before the flag is set, at most."""


async def trail_of(context: ActionContext) -> StopTrail:
    """Return what the audit trail tells of stops, as far as we may see. Never raises for a fault."""
    try:
        return await context.reads.audit.stop_trail()
    except NotLive:
        return StopTrail()


def in_words(context: ActionContext, config: SystemConfig, standing: StopRecord | None) -> str:
    """Return the standing stop in words: since when, by whom, why, until when. They stay the same while it stands."""
    who = f" by {standing.actor}" if standing is not None and standing.actor else ""
    since = standing.began_at if standing is not None else config.updated_at
    began = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since is not None else ""
    why = f": {config.stop_reason}" if config.stop_reason else ", no reason given"
    until = ""
    if config.stop_until is not None:
        end = f"{config.stop_until:%Y-%m-%d %H:%M} UTC"
        over = config.stop_expired(context.clock.now())
        until = f" (its end {end} has passed, and it is still set)" if over else f" (until {end})"
    return f"stopped{began}{who}{why}{until}"


class EmergencyStop(Operation[StopPlan]):
    """Sets the flag on every config row, and rejects all open tasks. Success is what the read-back shows."""

    action = EMERGENCY_STOP
    nothing = "NOT stopped"
    unsure = "not known whether stopped"

    def __init__(
        self, parts: Dependencies, shown: StopPlan | None = None, *, reason: str = "", hours: int = HOURS
    ) -> None:
        super().__init__(parts, shown)
        self.reason = clean(reason.strip())  # pasted or an argument: others' screens show it, a lone byte has no JSON
        self._hours = hours
        self._config: SystemConfig | None = None
        self._standing = ""
        """The run of the stop that stands already, or this one's: what rejected tasks are marked with."""
        self._set = False
        """Whether the flag was set before: then it is left as it is, and only the tasks are gone on with."""
        self._partly_set = False
        """Whether of several config rows one lacks the flag."""
        self._rejected: dict[str, list[str]] = {status: [] for status in UNFINISHED}
        self._by_function = self._by_function_before = 0
        self._until: datetime | None = None
        """Up to when a pending task was filed that is rejected; `None`: whenever."""
        self._fault: Fault | None = None

    async def plan(self) -> StopPlan:
        """Return what a stop would hit now. Raises NotLive."""
        reads = self._context.reads
        config = await reads.config.fetch()
        standing = (await trail_of(self._context)).standing(config)
        return StopPlan(
            pending=await reads.counts.exactly("pending"),
            running=await reads.counts.exactly("in_progress"),
            already=in_words(self._context, config, standing) if config and config.emergency_stop else "",
            hours=self._hours,
            examples=await longest_running(self._context),
        )

    def kept(self) -> dict[str, Any]:
        """Return why, and for how long."""
        return {"reason": self.reason, "hours": self._hours}

    @classmethod
    def of_waiting(cls, parts: Dependencies, waiting: WaitingAction) -> "EmergencyStop":
        """Return the stop that waited."""
        return cls(parts, reason=waiting.reason, hours=waiting.hours)

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out whether a stop stands, and whether anything of it is left to do."""
        config, trail, noted, self._by_function_before = await asyncio.gather(  # each waits for an answer: side by side
            self._context.reads.config.fetch(), trail_of(self._context), self._note(), self._count_by_function()
        )
        self._config = config
        if config is None or not config.emergency_stop:
            begun = trail.of_run(run) if run else None
            if begun is not None and await self._was_lifted(begun, trail):
                return self.unchanged("somebody has resumed in the meantime: this stop is dropped")
            return Prepared(told=self._told(noted), run=run)
        standing = trail.standing(config)
        ours = standing is not None and standing.run == run
        if run and not ours and (standing is None or standing.whole) and config.stop_reason == self.reason:
            ours = standing is None  # begun by this very run, whose audit could not be written
        self._set = True
        self._partly_set = "emergency_stop" in config.mixed
        left = await self._open()
        words = in_words(self._context, config, standing)
        if not left and not ours and not self._partly_set:
            return self.already(f"already {words}; nothing was changed")
        if standing is None:
            return Prepared(told=self._told(noted), planned=left, run=run)
        self._standing = standing.run
        goes_on = ours or not standing.whole
        return Prepared(told=self._told({}) | {"of": standing.run}, planned=left, run=standing.run if goes_on else "")

    async def run(self, run: Run) -> None:
        """The project's own function first, our filtered update where that failed; then the tasks."""
        if not self._set:
            await self._set_flag(run)
        elif self._partly_set and self._config is not None:
            await self._set_rest(run, self._config)
        seen = await self._context.reads.config.fetch()
        if seen is None or not seen.emergency_stop:
            return
        marked_with = self._standing or run.id

        async def reject() -> int:
            found = 0
            for status in UNFINISHED:
                mark = f"{rejected_by(marked_with)}: was {status}"
                text = f"{mark}; {self.reason}"
                took = self._rejected[status].extend
                found += await reject_all(run, status, mark=mark, text=text, took=took, until=self._until_of(status))
            return found

        async def reject_rest() -> None:
            await until_none_changes(reject)
            if await self._open():  # what another had under way came in meanwhile
                await until_none_changes(reject)

        flagged_at = run.database_now()
        await reject()  # all of it once, whatever time a row carries; of what comes in later only what was filed by now
        self._until = None if flagged_at is None else flagged_at + _ALONG
        try:
            await reject_rest()
        except NotLive as not_live:
            if self._until is None or not_live.fault.kind != MISSING_COLUMN:
                raise
            self._until = None  # nobody can tell when a task was filed
            await reject_rest()

    async def read_back(self, run: Run) -> ReadBack:
        """Say whether the flag is set, and what became of the tasks."""
        config = await self._context.reads.config.fetch()
        if config is None or not config.emergency_stop:
            why = FOLLOWS if run.follows else _why_not_set(self._fault or run.fault)
            why = NO_ROW if config is None and not run.follows else why
            run.refused = 0 if run.follows else 1
            if self._fault is not None and self._fault.evidence is not Evidence.ALIVE and run.fault is None:
                run.fail(EMERGENCY_STOP.title, self._fault)
                run.refused = 0
            text = f"NOT stopped: the flag could not be set: {why}"
            return ReadBack(holds=Truth.FALSE, text=text, told={"stopped": False})
        run.turned = not self._set
        mark = StopMark.of(config)
        told: dict[str, Any] = {
            "stopped": True,
            "until": mark.until.isoformat() if mark is not None and mark.until is not None else None,
            "rejected": {status: {"count": len(ids), "ids": ids[:_IDS_KEPT]} for status, ids in self._rejected.items()},
            "by_function": self._by_function,
            "reason": self.reason,
        }
        text = "already stopped" if self._set else "stopped (read back)"
        text += f"; {plural(run.changed, 'task')} rejected"
        if "emergency_stop" in config.mixed:
            run.refused += 1
            text += "; NOT set on every config row"
        try:
            left = await self._open()
        except NotLive as not_live:
            run.fail("open tasks", not_live.fault)
            return ReadBack(holds=Truth.TRUE, text=text + run.faults_text(), told=told)
        if left:
            text += f", {left:,} still pending or running"
            run.refused += left
        run.planned = run.changed + left
        return ReadBack(holds=Truth.TRUE, text=text + run.faults_text(), told=told | {"left": left})

    async def _set_flag(self, run: Run) -> None:
        writes, reads = self._context.writes, self._context.reads
        with contextlib.suppress(NotLive):
            try:
                await run.write(
                    "db:emergency_stop",
                    lambda: writes.set_stop_by_function(reason=self.reason, hours=self._hours),
                )
            except NotLive as not_live:
                self._fault = not_live.fault
            seen = await reads.config.fetch()
            if seen is not None and seen.emergency_stop:
                self._by_function = max(0, await self._count_by_function() - self._by_function_before)
                run.changed += self._by_function
                if len(seen.ids) <= 1:
                    return
        if self._config is not None:
            await self._set_rest(run, self._config)

    async def _set_rest(self, run: Run, config: SystemConfig) -> None:
        """Set it on every config row where it is not set yet."""
        writes = self._context.writes
        until = run.now() + timedelta(hours=self._hours)
        try:
            changed = await run.write(
                "db:set_stop", lambda: writes.set_stop(config.ids, reason=self.reason, until=until)
            )
        except NotLive as not_live:
            self._fault = not_live.fault
        else:
            self._fault = None if changed else self._fault

    async def _was_lifted(self, begun: StopRecord, trail: StopTrail) -> bool:
        """Whether a run that was begun had set the flag, and somebody cleared it since."""
        if trail.lifted_since(begun.began_at):
            return True
        marks = Markers(begins=(rejected_by(begun.run),))
        return await self._context.reads.task_ids.count_marked(marks, "rejected") > 0

    async def _open(self) -> int:
        reads = self._context.reads
        found = (reads.counts.exactly(status, until=self._until_of(status)) for status in UNFINISHED)
        return sum(await asyncio.gather(*found))

    def _until_of(self, status: str) -> datetime | None:
        """Return up to when tasks in a status were filed that are rejected: later ones wait, unless they run."""
        return self._until if status == "pending" else None

    async def _count_by_function(self) -> int:
        marks = Markers(begins=(f"{FUNCTION_MARK}{self.reason}",))
        try:
            return await self._context.reads.task_ids.count_marked(marks, "rejected")
        except NotLive:
            return 0

    async def _note(self) -> dict[str, Any]:
        """The open tasks by status, as far as that takes no time worth speaking of.

        First those that pend although they ran before: what the project's own function writes on them does not tell
        them from the running ones.
        """
        noted: dict[str, Any] = {}
        with contextlib.suppress(NotLive, TimeoutError):
            async with asyncio.timeout(_NOTING_S):
                noted["ran_before"] = await self._ids_in("pending", MOST_RAN_BEFORE, started=True)
                for status in UNFINISHED:
                    noted["open"] = noted.get("open", {}) | {status: await self._ids_in(status, _NOTED)}
        return noted

    async def _ids_in(self, status: str, limit: int, *, started: bool = False) -> tuple[str, ...]:
        return await self._context.reads.task_ids.in_status(status, limit, started=started)

    def _told(self, noted: dict[str, Any]) -> dict[str, Any]:
        return {"reason": self.reason, "hours": self._hours} | noted


def _why_not_set(fault: Fault | None) -> str:
    if fault is None or fault.kind == "missing_function":
        return NOT_OURS
    return fault.sentence()
