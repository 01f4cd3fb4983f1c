"""Dry-run, on and off: what the agents may really change. Written conditionally, read back."""

from datetime import datetime

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.context import ActionContext
from core.actions.run import FOLLOWS, NOT_OURS, Run
from core.domain.actions import DRY_RUN_OFF, DRY_RUN_ON, DryRunPlan, Result
from core.domain.records import SystemConfig
from core.domain.status import Truth


async def plan_mode(means: ActionContext) -> DryRunPlan:
    """Return how dry-run stands now, and how many pending tasks it would consume. Raises NotLive."""
    config = await means.live.config()
    pending = await means.live.count("pending")
    return DryRunPlan(known=config is not None, dry_run=config is not None and config.dry_run, pending=pending)


class SetDryRun(Operation):
    """Turns dry-run on or off on every config row. Success is what the read-back shows, whatever the write said."""

    def __init__(self, means: ActionContext, *, on: bool, seen_at: datetime | None = None) -> None:
        self._means = means
        self._seen_at = seen_at
        """When the config row was last changed, where nobody may have changed it since."""
        self._written: int | None = None
        self._on = on
        self._word = "on" if on else "off"
        self._config: SystemConfig | None = None
        self.order = DRY_RUN_ON if on else DRY_RUN_OFF
        self.unsure = f"not known whether dry-run is {self._word}"

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out how it stands."""
        self._config = config = await self._means.live.config()
        if config is None:
            return self.refused("no config row is visible to us")
        if config.dry_run is self._on and "dry_run" not in config.mixed:
            return self.already(f"dry-run is {self._word} already")
        return Prepared(told={"dry_run": self._on}, run=run)

    async def run(self, run: Run) -> None:
        """Set it where it is not so yet."""
        config = self._config
        if config is not None:
            self._written = await run.write(
                "db:set_dry_run",
                lambda: self._means.commands.set_dry_run(config.ids, on=self._on, seen_at=self._seen_at),
            )

    async def read_back(self, run: Run) -> ReadBack:
        """Say how it stands."""
        seen = await self._means.live.config()
        if seen is not None and seen.dry_run is self._on and "dry_run" not in seen.mixed:
            run.changed = 0 if self._written == 0 else 1  # somebody else may have been faster
            told = {"dry_run": self._on, "config_at": config_stamp(seen)}
            return ReadBack(holds=Truth.TRUE, text=f"dry-run is {self._word}, seen", told=told)
        if run.fault is None and not run.follows:
            run.refused = 1
        why = run.fault.sentence() if run.fault is not None else FOLLOWS if run.follows else NOT_OURS
        return ReadBack(holds=Truth.FALSE, text=f"dry-run is NOT {self._word}: {why}")


def config_stamp(config: SystemConfig) -> str | None:
    """Return when the config row was last changed, as an audit row keeps it: an undo finds out by it who came since."""
    return config.updated_at.isoformat() if config.updated_at is not None else None
