"""Repair of a high failure rate: dry-run is turned on, and stays on until an operator turns it off."""

from collections.abc import Callable
from typing import Final

from core.actions.audit import config_stamp
from core.actions.repairs.repair import Proposal, Repair, Survey
from core.actions.run import Run
from core.domain.failure_rate import fails_above, failure_rate, fresh_failure_rate
from core.domain.plans import PlanStep

TITLE: Final = "Failure rate too high"
"""The name of this step in audit rows of heals, in lower case."""


class DryRun(Repair):
    """Turns dry-run on. Once an operator turned it off, only failures since then count."""

    name = "dry_run"
    option = "dry-run"
    words = "dry-run on"
    done = "dry-run turned on"
    automatic = True

    async def plan(self, survey: Survey) -> Proposal:
        """Plan to turn dry-run on, if it is off and too much fails."""
        outcomes, rules = self._context.reads.outcomes, self._settings.failures
        if survey.config is None or survey.config.dry_run or not survey.timed:
            return Proposal()
        rate = (
            await fresh_failure_rate(outcomes, survey.now, rules, survey.lifted_at)
            if survey.automatic
            else await failure_rate(outcomes, survey.now, rules)
        )
        if rate is None or not fails_above(rate, rules.warning_percent, rules):
            return Proposal()
        why = f"{rate.failed_percent:.0f} % of {rate.finished:,} failed"
        effect = f"{why}: turn dry-run on until an operator turns it off"
        return Proposal(step=PlanStep(name=self.name, title=TITLE, effect=effect, count=1, why=why, done=self.done))

    async def apply(self, step: PlanStep, survey: Survey, run: Run, tell: Callable[[int], None]) -> None:
        """Turn dry-run on, and read it back."""
        config = survey.config
        if config is None:
            return
        written = await run.write("db:set_dry_run", lambda: self._context.writes.set_dry_run(config.ids, on=True))
        seen = await self._context.reads.config.fetch()
        if seen is not None and seen.dry_run and written == 0:
            run.skipped += 1  # somebody else has turned it on meanwhile: it is theirs
        elif seen is not None and seen.dry_run:
            run.changed += 1
            if written is not None:
                run.told["config_at"] = config_stamp(seen)
        elif written is None:
            run.unknown += 1
        else:
            run.refused += 1
        tell(1)
