"""A step of the doctor, its diagnosis, and taking many of them side by side, each bounded, within one limit."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from core.backend.faults import classify
from core.domain.status import Level, Verdict
from core.resilience import NotLive
from core.resilience.fault import Fault

log = logging.getLogger(__name__)

TOTAL_S: Final = 18.0
"""The time after which no step goes on, whatever hangs, seconds."""


_WAIT: Final = "wait and try again; the project's dashboard may say more"


class StepState(StrEnum):
    """What came of a step."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_TRIED = "not tried"


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What a step found, and what to do about it. `fault`: what a request of it met, if that is why it failed."""

    state: StepState
    text: str
    remedy: str = ""
    fault: Fault | None = None

    @property
    def passed(self) -> bool:
        """Return whether what follows from this step can be tried."""
        return self.state in {StepState.OK, StepState.WARNING}

    def __str__(self) -> str:
        return f"{self.text}: {self.remedy}" if self.remedy else self.text


class DoctorStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step: `ask` is called once those named in `after` have passed, and given up after `limit_s` seconds."""

    name: str
    ask: Callable[[], Awaitable[Diagnosis]]
    after: tuple[str, ...] = ()
    limit_s: float = 6.0


def ok(text: str) -> Diagnosis:
    """Return that a step found nothing wrong."""
    return Diagnosis(state=StepState.OK, text=text)


def warned(text: str, remedy: str = "") -> Diagnosis:
    """Return that a step found something that somebody should look at."""
    return Diagnosis(state=StepState.WARNING, text=text, remedy=remedy)


def failed(text: str, remedy: str = "") -> Diagnosis:
    """Return that a step found what a person must change here."""
    return Diagnosis(state=StepState.FAILED, text=text, remedy=remedy)


def not_tried(why: str) -> Diagnosis:
    """Return that a step could not be taken."""
    return Diagnosis(state=StepState.NOT_TRIED, text=why)


def of_fault(fault: Fault, remedy: str = "") -> Diagnosis:
    """Return that a request of a step met a fault. `remedy`: in place of the fault's own."""
    remedy = remedy or fault.remedy or _WAIT
    return Diagnosis(state=StepState.FAILED, text=fault.message, remedy=remedy, fault=fault)


def of_verdict(verdict: Verdict) -> Diagnosis:
    """Return a check's verdict as that of a step."""
    return ok(verdict.text) if verdict.level is Level.OK else warned(verdict.text)


async def take(steps: Sequence[DoctorStep], total_s: float = TOTAL_S) -> dict[str, Diagnosis]:
    """Take the steps, side by side as far as none waits for another, within `total_s` seconds. Never raises."""
    until = asyncio.get_running_loop().time() + total_s
    tasks: dict[str, asyncio.Task[tuple[Diagnosis, str]]] = {}
    for step in steps:  # each is in front of those that wait for it
        before = {name: tasks[name] for name in step.after if name in tasks}
        tasks[step.name] = asyncio.create_task(_taken(step, before, until))
    return {name: (await task)[0] for name, task in tasks.items()}


async def _taken(
    step: DoctorStep, before: dict[str, asyncio.Task[tuple[Diagnosis, str]]], until: float
) -> tuple[Diagnosis, str]:
    """Return the diagnosis, and the step that is to blame where it did not pass."""
    for task in before.values():
        found, blamed = await task
        if not found.passed:
            return not_tried(f"{blamed} failed"), blamed
    left_s = until - asyncio.get_running_loop().time()
    if left_s <= 0:
        return not_tried("time is up"), step.name
    limit_s = min(step.limit_s, left_s)
    try:
        async with asyncio.timeout(limit_s):
            return await step.ask(), step.name
    except NotLive as not_live:
        return of_fault(not_live.fault), step.name
    except Exception as error:
        fault = classify(error)
        if isinstance(error, TimeoutError):
            fault = msgspec.structs.replace(fault, message=f"no result after {limit_s:.0f} s")
        elif fault.kind == "unforeseen":
            log.exception("the doctor's step %s failed", step.name)
        return of_fault(fault), step.name
