"""Dry-run, on and off: what the agents may really change. Written conditionally, read back."""

import contextlib
from datetime import datetime
from typing import Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.audit import config_stamp
from core.actions.dependencies import Dependencies
from core.actions.dry_run_origin import set_by_heal
from core.actions.run import Run
from core.domain.actions import Action, Result, Shortcut, Tier
from core.domain.plans import DryRunPlan
from core.domain.records import SystemConfig
from core.domain.status import Truth
from core.resilience import NotLive

DRY_RUN_ON: Final = Action(
    name="dry_run_on",
    tier=Tier.CONFIRM,
    title="Dry-run on",
    effect="the agents change nothing: they mark pending tasks as completed without doing them",
    verb="Turn on",
    shortcut=Shortcut(
        name="dry_run", key="d", word="dry", does="dry-run on or off: off asks for the project's name", drops=13
    ),
)
DRY_RUN_OFF: Final = Action(
    name="dry_run_off",
    tier=Tier.TYPED,
    title="Dry-run off",
    effect="from now on the agents change things for real",
    verb="Turn off",
)


class SetDryRun(Operation[DryRunPlan]):
    """Turns dry-run on or off on every config row. Success is what the read-back shows, whatever the write said.

    `seen_at`: when the config row was last changed, where nobody may have changed it since.
    """

    on: bool

    def __init__(
        self, parts: Dependencies, shown: DryRunPlan | None = None, *, seen_at: datetime | None = None
    ) -> None:
        super().__init__(parts, shown)
        self._seen_at = seen_at
        self._written: int | None = None
        self._word = "on" if self.on else "off"
        self._config: SystemConfig | None = None
        self.unsure = f"not known whether dry-run is {self._word}"

    async def plan(self) -> DryRunPlan:
        """Return how dry-run stands now, and how many pending tasks it would consume. Raises NotLive."""
        config, pending = await self._context.reads.config.fetch(), await self._context.reads.counts.exactly("pending")
        if config is None:
            return DryRunPlan(known=False, dry_run=False, on=self.on)
        action = DRY_RUN_OFF if config.dry_run else DRY_RUN_ON
        by_heal, now = "", self._parts.now()
        if config.dry_run and now is not None:
            with contextlib.suppress(NotLive):  # that it can be turned off matters more
                by_heal = await set_by_heal(self._context.reads, now)
        return DryRunPlan(
            known=True, dry_run=config.dry_run, pending=pending, on=self.on, action=action, by_heal=by_heal
        )

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out how it stands."""
        self._config = config = await self._context.reads.config.fetch()
        if config is None:
            return self.refused(
                "this account cannot see the config row; sign in as the master account or use a secret key"
            )
        if config.dry_run is self.on and "dry_run" not in config.mixed:
            return self.already(f"dry-run is {self._word} already")
        return Prepared(told={"dry_run": self.on}, run=run)

    async def run(self, run: Run) -> None:
        """Set it where it is not so yet."""
        config = self._config
        if config is not None:
            self._written = await run.write(
                "db:set_dry_run",
                lambda: self._context.writes.set_dry_run(config.ids, on=self.on, seen_at=self._seen_at),
            )

    async def read_back(self, run: Run) -> ReadBack:
        """Say how it stands."""
        seen = await self._context.reads.config.fetch()
        if seen is not None and seen.dry_run is self.on and "dry_run" not in seen.mixed:
            run.changed = 0 if self._written == 0 else 1  # somebody else may have been faster
            told = {"dry_run": self.on, "config_at": config_stamp(seen)}
            return ReadBack(holds=Truth.TRUE, text=f"dry-run is {self._word} (read back)", told=told)
        why = run.why_not(answered=self._written is not None)
        return ReadBack(holds=Truth.FALSE, text=f"dry-run is NOT {self._word}: {why}")


class DryRunOn(SetDryRun):
    """Turns dry-run on."""

    action = DRY_RUN_ON
    on = True


class DryRunOff(SetDryRun):
    """Turns dry-run off."""

    action = DRY_RUN_OFF
    on = False
