"""What a heal can repair, a file each, in the order it is done. A fifth is a file here and a line in `all_of`."""

from typing import Final

from core.act.means import Means
from core.act.repairs.config_row import ConfigRow
from core.act.repairs.dry_run import TITLE as DRY_RUN_TITLE
from core.act.repairs.dry_run import DryRun
from core.act.repairs.old_logs import OldLogs
from core.act.repairs.repair import HealRules, Proposal, Repair, Survey
from core.act.repairs.stuck_tasks import STUCK, StuckTasks
from core.backend.target import Target
from core.failures import FailureRules
from core.stuck import StuckRules

__all__ = ["DRY_RUN_TITLE", "STEPS", "STUCK", "HealRules", "Proposal", "Repair", "Survey", "all_of"]

STEPS: Final = {"stuck": "stuck_tasks", "config": "config_row", "dry-run": "dry_run", "logs": "old_logs"}
"""What a person calls each repair, and its name."""


def all_of(
    means: Means, target: Target, *, stuck: StuckRules, failures: FailureRules, heal: HealRules
) -> tuple[Repair, ...]:
    """Every repair, for one project."""
    return (
        ConfigRow(means, target),
        StuckTasks(means, stuck),
        DryRun(means, failures),
        OldLogs(means, heal),
    )
