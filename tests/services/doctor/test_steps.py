"""Steps wait for those they follow from, name the one to blame, and end in time whatever hangs."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from core.backend.faults import Failed, of_machine
from core.services.doctor.steps import Diagnosis, DoctorStep, StepState, failed, ok, take, warned


def gives(found: Diagnosis) -> Callable[[], Awaitable[Diagnosis]]:
    async def ask() -> Diagnosis:
        return found

    return ask


def raises(error: Exception) -> Callable[[], Awaitable[Diagnosis]]:
    async def ask() -> Diagnosis:
        raise error

    return ask


async def hangs() -> Diagnosis:
    await asyncio.Event().wait()
    raise AssertionError


async def test_what_follows_from_a_failed_step_is_not_tried_and_names_the_first_that_failed() -> None:
    found = await take(
        (
            DoctorStep(name="a", ask=gives(warned("odd"))),
            DoctorStep(name="b", ask=gives(failed("bad", "mend it")), after=("a",)),
            DoctorStep(name="c", ask=gives(ok("well")), after=("b",)),
            DoctorStep(name="d", ask=gives(ok("well")), after=("c", "a")),
            DoctorStep(name="e", ask=gives(ok("well")), after=("a", "no such step")),
        )
    )
    assert {name: f"{one.state}: {one}" for name, one in found.items()} == {
        "a": "warning: odd",
        "b": "failed: bad: mend it",
        "c": "not tried: b failed",
        "d": "not tried: b failed",
        "e": "ok: well",
    }


async def test_a_step_that_hangs_is_given_up_and_when_time_is_up_none_begins() -> None:
    began = time.monotonic()
    found = await take(
        (
            DoctorStep(name="hangs", ask=hangs, limit_s=0.1),
            DoctorStep(name="hangs longer", ask=hangs),
            DoctorStep(name="late", ask=gives(ok("well")), after=("hangs longer",)),
            DoctorStep(name="beside", ask=gives(ok("well"))),
        ),
        total_s=0.3,
    )
    assert time.monotonic() - began < 5
    assert [one.state for one in found.values()] == [
        *(StepState.FAILED, StepState.FAILED, StepState.NOT_TRIED, StepState.OK)
    ]
    assert "no result after" in found["hangs"].text


async def test_what_a_step_raises_is_its_diagnosis() -> None:
    fault = of_machine("x", "no way out", "mend it")
    found = await take(
        (DoctorStep(name="a", ask=raises(Failed(fault))), DoctorStep(name="b", ask=raises(ZeroDivisionError())))
    )
    assert (found["a"].fault, str(found["a"])) == (fault, "no way out: mend it")
    assert "ZeroDivisionError: see the log file" in str(found["b"])
