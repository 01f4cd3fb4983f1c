"""Dry-run, on and off: what the agents may really change. Written conditionally, read back, audited."""

from core.act.audit import Trail
from core.act.means import Actor, Means
from core.act.orders import DRY_RUN_OFF, DRY_RUN_ON, ModePlan, Phase, Result
from core.facts import Evidence, Fault
from core.resilience import NotLive

_ORDERS = {True: DRY_RUN_ON, False: DRY_RUN_OFF}


class Mode:
    """The config row's dry-run."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def plan(self) -> ModePlan:
        """How it stands now. Raises NotLive."""
        config = await self._means.live.config()
        return ModePlan(known=config is not None, dry_run=config is not None and config.dry_run)

    async def set(self, on: bool, actor: Actor) -> Result:
        """Turn it on or off. Success is what the read-back shows, whatever the write said."""
        order, word = _ORDERS[on].name, "on" if on else "off"
        live = self._means.live
        try:
            config = await live.config()
            if config is None:
                return Result(order=order, phase=Phase.REFUSED, text="no config row is visible to us")
            if config.dry_run is on:
                return Result(order=order, phase=Phase.SEEN, text=f"dry-run is {word} already", already=True)
            trail = Trail(self._means, order, actor)
            await trail.start({"dry_run": on})
        except NotLive as not_live:
            return _refused(order, not_live, "nothing was changed")
        fault = None
        try:
            await self._means.write(
                "db:set_dry_run",
                lambda: self._means.commands.set_dry_run(config.id, on=on, at=self._means.clock.now()),
            )
        except NotLive as not_live:
            fault = not_live.fault  # what holds is read next, whatever became of the answer
        try:
            seen = await live.config()
        except NotLive as not_live:
            text = f"not known whether dry-run is {word}: {not_live.fault.sentence()}"
            await trail.end({"text": text}, completed=False)
            return Result(order=order, phase=Phase.UNKNOWN, text=text, run=trail.run)
        if seen is not None and seen.dry_run is on:
            await trail.end({"dry_run": on}, completed=True)
            return Result(order=order, phase=Phase.SEEN, text=f"dry-run is {word}, seen", run=trail.run, changed=1)
        text = f"dry-run is NOT {word}: {NOT_OURS if fault is None else fault.sentence()}"
        await trail.end({"text": text}, completed=False)
        return Result(order=order, phase=_phase(fault), text=text, run=trail.run)


NOT_OURS = "the row is not ours to change; sign in as the master account or use a secret key"


def _refused(order: str, error: NotLive, what: str) -> Result:
    return Result(order=order, phase=_phase(error.fault), text=f"{what}: {error.fault.sentence()}")


def _phase(fault: Fault | None) -> Phase:
    return Phase.REFUSED if fault is None or fault.evidence is Evidence.ALIVE else Phase.UNREACHABLE
