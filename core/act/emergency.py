"""The emergency stop and its lifting: the flag first, then the work, then read back what really holds."""

from datetime import timedelta
from typing import Any, Final

from core.act.audit import Trail
from core.act.giving_back import give_back
from core.act.means import Actor, Means, lost
from core.act.orders import EMERGENCY_STOP, LIFT, LiftPlan, Phase, Result, StopPlan
from core.backend.commands import BATCH
from core.facts import Evidence, Fault
from core.model import UNFINISHED, LogEntry, SystemConfig
from core.resilience import NotLive
from core.text import plural

STOPPED: Final = "watchdesk:stopped:"
"""What the error text of a task rejected by a stop begins with; the run id and the previous status follow."""

_IDS_KEPT: Final = 1000
_ROUNDS: Final = 10_000


class Emergency:
    """Stops and lifts one project."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def plan_stop(self) -> StopPlan:
        """What a stop would hit now. Raises NotLive."""
        live = self._means.live
        config = await live.config()
        return StopPlan(
            pending=await live.count("pending"),
            running=await live.count("in_progress"),
            already=self.standing(config, await self._audit()) if config and config.emergency_stop else "",
        )

    async def plan_lift(self) -> LiftPlan:
        """What stands to be lifted. Raises NotLive."""
        live = self._means.live
        config = await live.config()
        if config is None or not config.emergency_stop:
            return LiftPlan(standing="")
        audit = await self._audit()
        if audit is None or not audit.run:
            return LiftPlan(standing=self.standing(config, audit))
        marker = f"{STOPPED}{audit.run}"
        return LiftPlan(
            standing=self.standing(config, audit),
            rejected=await live.count_marked(marker, "rejected"),
            requeueable=await live.count_marked(_marker(audit.run, "pending"), "rejected"),
        )

    def standing(self, config: SystemConfig, audit: LogEntry | None) -> str:
        """The standing stop in words: since when, by whom, why, until when. They stay the same while it stands."""
        now = self._means.clock.now()
        who = f" by {audit.actor}" if audit is not None and audit.actor else ""
        since = audit.at if audit is not None else config.updated_at
        began = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since is not None else ""
        why = f": {config.stop_reason}" if config.stop_reason else ", no reason given"
        until = ""
        if config.stop_until is not None:
            over = config.stop_expired(now)
            until = f" (its end {config.stop_until:%Y-%m-%d %H:%M} UTC has passed, and it is still set)" if over else (
                f" (until {config.stop_until:%Y-%m-%d %H:%M} UTC)"
            )  # fmt: skip
        return f"stopped{began}{who}{why}{until}"

    async def stop(self, reason: str, hours: int, actor: Actor, run: str = "") -> Result:
        """Stop everything. Success is what the read-back shows, whatever the writes said.

        With the `run` of an order that was begun and broken off, it is taken up where it was left.
        """
        try:
            config = await self._means.live.config()
        except NotLive as not_live:
            return _not_written(EMERGENCY_STOP.name, not_live.fault, "NOT stopped")
        audit = await self._audit() if config is not None and config.emergency_stop else None
        ours = audit is not None and bool(run) and audit.run == run
        if config is not None and config.emergency_stop and not ours:
            already = self.standing(config, audit)
            return Result(
                order=EMERGENCY_STOP.name,
                phase=Phase.SEEN,
                text=f"already {already}; nothing was changed",
                already=True,
            )
        trail = Trail(self._means, EMERGENCY_STOP.name, actor, run)
        audited = True
        try:
            await trail.start({"reason": reason, "hours": hours}, hurry=True)
        except NotLive:
            audited = False  # nothing holds up an emergency stop
        fault = None if ours else await self._set_flag(config, reason, hours)
        try:
            seen = await self._means.live.config()
        except NotLive as not_live:
            return _not_written(EMERGENCY_STOP.name, not_live.fault, "not known whether stopped", run=trail.run)
        if seen is None or not seen.emergency_stop:
            await trail.end({"stopped": False, "text": "the flag is not set"}, completed=False)
            return _not_set(EMERGENCY_STOP.name, fault, trail.run, "NOT stopped: the flag could not be set")
        rejected, rejection_fault = await self._reject_all(trail.run, reason)
        return await self._stopped(trail, rejected, rejection_fault, audited=audited)

    async def lift(self, actor: Actor, *, requeue: bool, run: str = "") -> Result:
        """Clear the stop, and give back what was pending if `requeue`. Read back."""
        live = self._means.live
        try:
            config = await live.config()
            if config is None or not config.emergency_stop:
                return Result(order=LIFT.name, phase=Phase.SEEN, text="no emergency stop is set", already=True)
            audit = await self._audit()
            trail = Trail(self._means, LIFT.name, actor, run)
            await trail.start({"requeue": requeue, "standing": self.standing(config, audit)})
        except NotLive as not_live:
            return _not_written(LIFT.name, not_live.fault, "NOT lifted")
        at, fault = self._means.clock.now(), None
        try:
            await self._means.write("db:clear_stop", lambda: self._means.commands.clear_stop(config.id, at=at))
        except NotLive as not_live:
            fault = not_live.fault
        try:
            seen = await live.config()
        except NotLive as not_live:
            return _not_written(LIFT.name, not_live.fault, "not known whether lifted", run=trail.run)
        if seen is None or seen.emergency_stop:
            await trail.end({"lifted": False, "text": "the flag still stands"}, completed=False)
            return _not_set(LIFT.name, fault, trail.run, "NOT lifted: the flag still stands")
        planned, given_back, fault = 0, 0, None
        if requeue and audit is not None and audit.run:
            planned, given_back, fault = await self._requeue(audit.run)
        whole = fault is None and planned == given_back
        text = "lifted, seen"
        if requeue:
            text += f"; {given_back:,} of {plural(planned, 'task')} given back to pending"
            text += f": {fault.sentence()}" if fault is not None else ""
        await trail.end({"lifted": True, "requeued": given_back, "text": text}, completed=whole)
        return Result(
            order=LIFT.name,
            phase=Phase.SEEN if whole else Phase.PARTLY,
            text=text,
            run=trail.run,
            planned=planned,
            changed=given_back,
            skipped=planned - given_back,
        )

    async def _set_flag(self, config: SystemConfig | None, reason: str, hours: int) -> Fault | None:
        """The project's own function first, our filtered update where that failed. The last fault, if any."""
        commands, fault = self._means.commands, None
        try:
            await self._means.write(
                "db:emergency_stop", lambda: commands.set_stop_by_function(reason=reason, hours=hours)
            )
            seen = await self._means.live.config()
            if seen is not None and seen.emergency_stop:
                return None
        except NotLive as not_live:
            fault = not_live.fault
        if config is None:
            return fault
        now = self._means.clock.now()
        try:
            await self._means.write(
                "db:set_stop",
                lambda: commands.set_stop(config.id, reason=reason, until=now + timedelta(hours=hours), at=now),
            )
        except NotLive as not_live:
            return not_live.fault
        return None

    async def _reject_all(self, run: str, reason: str) -> tuple[dict[str, list[str]], Fault | None]:
        """Reject what is pending and running, until nothing is left or nothing changes any more."""
        rejected: dict[str, list[str]] = {status: [] for status in UNFINISHED}
        for status in UNFINISHED:
            text = f"{_marker(run, status)}; {reason}"
            for _ in range(_ROUNDS):
                try:
                    ids = await self._means.live.ids_in(status, BATCH)
                    changed = await self._reject_batch(ids, status, run, text) if ids else ()
                except NotLive as not_live:
                    return rejected, not_live.fault
                if not changed:
                    break
                rejected[status] += changed
        return rejected, None

    async def _reject_batch(self, ids: tuple[str, ...], status: str, run: str, text: str) -> tuple[str, ...]:
        try:
            return await self._means.write(
                "db:reject_tasks", lambda: self._means.commands.reject(ids, status=status, error=text)
            )
        except NotLive as not_live:
            if not lost(not_live):
                raise
            return await self._means.live.marked_among(ids, "rejected", _marker(run, status))

    async def _stopped(
        self, trail: Trail, rejected: dict[str, list[str]], fault: Fault | None, *, audited: bool
    ) -> Result:
        """The flag is seen; say what became of the tasks."""
        changed = sum(map(len, rejected.values()))
        left: int | None
        try:
            left = await self._means.live.count("pending") + await self._means.live.count("in_progress")
        except NotLive as not_live:
            left, fault = None, not_live.fault
        text = f"stopped, seen; {plural(changed, 'task')} rejected"
        if left:
            text += f", {left:,} still pending or running"
        if fault is not None:
            text += f"; {fault.sentence()}"
        whole = left == 0 and fault is None
        described: dict[str, Any] = {
            "stopped": True,
            "text": text,
            "rejected": {status: {"count": len(ids), "ids": ids[:_IDS_KEPT]} for status, ids in rejected.items()},
        }
        ended = await trail.end(described, completed=whole)
        if not (audited and ended):
            text += "; the audit rows could not be written"
        return Result(
            order=EMERGENCY_STOP.name,
            phase=Phase.SEEN if whole else Phase.PARTLY,
            text=text,
            run=trail.run,
            planned=changed + (left or 0),
            changed=changed,
            refused=left or 0,
        )

    async def _requeue(self, run: str) -> tuple[int, int, Fault | None]:
        """Planned and changed rows, and what went wrong."""
        marker, given_back, planned = _marker(run, "pending"), 0, 0
        try:
            planned = await self._means.live.count_marked(marker, "rejected")
            async for changed in give_back(self._means, marker, from_status="rejected", to_status="pending"):
                given_back += len(changed)
        except NotLive as not_live:
            return planned, given_back, not_live.fault
        return planned, given_back, None

    async def _audit(self) -> LogEntry | None:
        """Who ordered the standing stop, as far as we may see."""
        try:
            return await self._means.live.stop_audit()
        except NotLive:
            return None


def _marker(run: str, status: str) -> str:
    return f"{STOPPED}{run}: was {status}"


def _not_written(order: str, fault: Fault, what: str, run: str = "") -> Result:
    phase = Phase.REFUSED if fault.evidence is Evidence.ALIVE else Phase.UNREACHABLE
    return Result(order=order, phase=phase, text=f"{what}: {fault.sentence()}", run=run)


def _not_set(order: str, fault: Fault | None, run: str, what: str) -> Result:
    if fault is not None and fault.evidence is not Evidence.ALIVE:
        return _not_written(order, fault, what, run)
    why = fault.sentence() if fault is not None and fault.kind != "missing_function" else (
        "the row is not ours to change; sign in as the master account or use a secret key"
    )  # fmt: skip
    return Result(order=order, phase=Phase.REFUSED, text=f"{what}: {why}", run=run)
