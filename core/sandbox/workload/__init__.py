"""A simulated agent fleet: its past, and its present work."""

from core.sandbox.workload.fleet import run_workload
from core.sandbox.workload.history import seed_history

__all__ = ["run_workload", "seed_history"]
