"""Every repair, in the order a heal does them. Another one is a module in this package and a line in `REPAIRS`."""

from typing import Final

from core.actions.repairs.config_row import ConfigRow
from core.actions.repairs.dry_run import TITLE as DRY_RUN_TITLE
from core.actions.repairs.dry_run import DryRun
from core.actions.repairs.old_logs import OldLogs
from core.actions.repairs.repair import HealRules, Proposal, Repair, RepairSettings, Survey
from core.actions.repairs.stuck_tasks import StuckTasks

__all__ = [
    "AUTOMATIC",
    "BY_DEFAULT",
    "DRY_RUN_TITLE",
    "IN_WORDS",
    "REPAIRS",
    "STEPS",
    "HealRules",
    "Proposal",
    "Repair",
    "RepairSettings",
    "Survey",
]

REPAIRS: Final[tuple[type[Repair], ...]] = (
    ConfigRow,
    StuckTasks,
    DryRun,
    OldLogs,
)

STEPS: Final = {repair.option: repair.name for repair in REPAIRS}
"""The names of repairs by what a person calls them."""

IN_WORDS: Final = {repair.name: repair.words for repair in REPAIRS if repair.words}
"""What a dialog calls those whose option could be mistaken."""

AUTOMATIC: Final = frozenset(repair.name for repair in REPAIRS if repair.automatic)
"""The repairs that the watchdog does by itself."""

BY_DEFAULT: Final = frozenset(repair.name for repair in REPAIRS if repair.by_default)
"""The repairs of a heal that names none. The deletion of old logs takes long, and is done beside it."""
