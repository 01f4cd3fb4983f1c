"""The self-test: ten scenarios, each really exercised against a project, and undone."""

from core.sandbox.selftest.run import Outcome, run_all
from core.sandbox.selftest.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "Outcome", "run_all"]
