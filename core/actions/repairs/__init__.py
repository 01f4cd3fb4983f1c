"""What a heal can repair, a file each, in the order it is done. A fifth is a file here and a line in `all_of`."""

from typing import Final

from core.actions.context import ActionContext
from core.actions.repairs.config_row import ConfigRow
from core.actions.repairs.dry_run import TITLE as DRY_RUN_TITLE
from core.actions.repairs.dry_run import DryRun
from core.actions.repairs.old_logs import OldLogs
from core.actions.repairs.repair import HealRules, Proposal, Repair, Survey
from core.actions.repairs.stuck_tasks import STUCK, StuckTasks
from core.backend.target import Target
from core.domain.failure_rate import FailureRules
from core.domain.stuck import StuckRules

__all__ = ["DRY_RUN_TITLE", "STEPS", "STUCK", "HealRules", "Proposal", "Repair", "Survey", "all_of"]

STEPS: Final = {"stuck": "stuck_tasks", "config": "config_row", "dry-run": "dry_run", "logs": "old_logs"}
"""What a person calls each repair, and its name."""


def all_of(
    means: ActionContext, target: Target, *, stuck: StuckRules, failures: FailureRules, heal: HealRules
) -> tuple[Repair, ...]:
    """Every repair, for one project."""
    return (
        ConfigRow(means, target),
        StuckTasks(means, stuck),
        DryRun(means, failures),
        OldLogs(means, heal),
    )
