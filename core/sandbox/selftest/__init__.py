"""The self-test: ten scenarios, each run against a real project and undone."""

from core.sandbox.selftest.run import ScenarioOutcome, run_all
from core.sandbox.selftest.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "ScenarioOutcome", "run_all"]
