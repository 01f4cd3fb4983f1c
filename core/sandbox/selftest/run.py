"""Runs the scenarios one after the other, each within its time, each leaving nothing behind."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec

from core.backend.target import Target
from core.resilience import NotLive
from core.sandbox.selftest.context import ScenarioContext, Unmet

LIMIT_S: Final = 60.0

Scenario = Callable[[ScenarioContext], Awaitable[str]]


class ScenarioOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one scenario. `text`: what was seen, or why it failed."""

    name: str
    passed: bool
    text: str
    took_s: float


async def run_all(
    scenarios: tuple[tuple[str, Scenario], ...],
    target: Target,
    home: Path,
    *,
    owned: bool,
    tell: Callable[[ScenarioOutcome], None],
) -> tuple[ScenarioOutcome, ...]:
    """Run every scenario against `target`. `owned`: it is a sandbox of ours. `tell` is called as each one ends."""
    outcomes = []
    for number, (name, scenario) in enumerate(scenarios):
        outcome = await run_one(name, scenario, ScenarioContext(target, home / str(number), owned=owned))
        outcomes.append(outcome)
        tell(outcome)
    return tuple(outcomes)


async def run_one(name: str, scenario: Scenario, context: ScenarioContext) -> ScenarioOutcome:
    """Run one scenario. Raises nothing but its cancellation."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT_S):
            text = await scenario(context)
        passed = True
    except Unmet as unmet:
        passed, text = False, str(unmet)
    except NotLive as not_live:
        passed, text = False, not_live.fault.sentence()
    except TimeoutError:
        passed, text = False, f"not over within {LIMIT_S:.0f} s"
    except Exception as error:  # noqa: BLE001 - whatever a broken product raises is a failed test, and told as one
        passed, text = False, f"{type(error).__name__}: {error}"
    left = await context.clear()
    return ScenarioOutcome(
        name=name, passed=passed and not left, text=f"{text}; {left}" if left else text, took_s=time.monotonic() - began
    )
