"""The names of the project's tables, the same in both shapes."""

from typing import Final

CONFIG: Final = "autonomous_system_config"
TASKS: Final = "autonomous_tasks"
LOGS: Final = "autonomous_execution_logs"
SAFETY: Final = "autonomous_safety_checks"
"""Read by the lists alone: a project without it lacks nothing else."""
