"""Repair of a missing config row: created disabled and in dry-run, once its absence is proven."""

import uuid
from collections.abc import Callable

from core.actions.repairs.repair import Proposal, Repair, Survey
from core.actions.run import Run
from core.backend.schema import Shape
from core.backend.target import KeyKind
from core.domain.plans import PlanStep
from core.resilience import NotLive


class ConfigRow(Repair):
    """Creates the config row. An empty answer alone proves nothing, since row level security hides rows that way."""

    name = "config_row"
    option = "config"
    done = "config row created, disabled and in dry-run"
    automatic = True

    async def plan(self, survey: Survey) -> Proposal:
        """Plan its creation, if it is surely not there."""
        if survey.config is not None or survey.config_fault is not None:
            return Proposal()
        if not await self._absence_proven():
            return Proposal(
                notes=("this account cannot see a config row; use a secret key to find out whether there is one",)
            )
        step = PlanStep(
            name=self.name,
            title="Config row missing",
            effect="create it, disabled and in dry-run",
            count=1,
            done=self.done,
        )
        return Proposal(step=step)

    async def apply(self, step: PlanStep, survey: Survey, run: Run, tell: Callable[[int], None]) -> None:
        """Insert it under an id that a second insert collides with."""
        documented = self._context.writes.schema.shape is Shape.DOCUMENTED
        ours = uuid.uuid5(uuid.NAMESPACE_URL, f"{self._settings.target.url}#watchdesk-config")
        config_id: str | int = 1 if documented else str(ours)

        async def create() -> bool:
            await self._context.writes.create_config(config_id)
            return True

        try:
            created = await run.write("db:create_config", create)
        except NotLive as not_live:
            if not_live.fault.kind != "duplicate":
                raise
            run.skipped += 1
            return
        if await self._context.reads.config.fetch() is not None:
            run.changed += 1
        elif created is None:
            run.unknown += 1
        else:
            run.refused += 1
        tell(1)

    async def _absence_proven(self) -> bool:
        if self._settings.target.kind is KeyKind.SECRET and not self._settings.target.signs_in:
            return True
        try:
            return await self._context.reads.config.is_absent()
        except NotLive:
            return False
