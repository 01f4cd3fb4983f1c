"""A simulated agent fleet: what it did before, and what it does now."""

from core.sandbox.workload.fleet import run_workload
from core.sandbox.workload.history import seed_history

__all__ = ["run_workload", "seed_history"]
