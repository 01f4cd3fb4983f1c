"""What is given back after a stop: all that was pending when one rejected it, whoever's, and never by guesswork."""

import asyncio
from pathlib import Path
from typing import Any

from core.actions.emergency_stop import EMERGENCY_STOP, EmergencyStop
from core.actions.requeue import REQUEUE
from core.actions.resume import RESUME
from core.domain.actions import ResultPhase
from core.monitor.after_refresh import after_refresh
from tests.actions.conftest import Begin
from tests.actions.driving import Driven, statuses
from tests.actions.others import flag, lifted_elsewhere, pending, stopped_elsewhere
from tests.cli.test_long_work import Typed
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import answer, wire

TIMED_OUT = answer(
    b'{"code":"57014","message":"canceling statement due to statement timeout","details":null,"hint":null}',
    "500 Internal Server Error",
)
STOP_AUDIT = "/rest/v1/autonomous_execution_logs?select=step_status"


@ONE_SHAPE
async def test_nothing_is_given_back_while_a_stop_is_set(sandbox: Running, begin: Begin) -> None:
    """None was set when it was shown; one has been since."""
    pending(sandbox)
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
    assert (await driven.monitor.run(RESUME)).done
    plan = await driven.monitor.plan(RESUME)
    assert (plan.standing, plan.requeueable) == ("", 4)
    stopped_elsewhere(sandbox, "a second stop")
    result = await driven.monitor.run(REQUEUE)
    assert (result.phase, flag(sandbox), statuses(sandbox)) == (ResultPhase.REFUSED, True, {"rejected": 4})
    assert "an emergency stop is set: nothing was requeued" in result.text


@ONE_SHAPE
def test_on_a_terminal_a_stop_that_was_not_shown_is_not_lifted(sandbox: Running, command: Command) -> None:
    """It is set while the command asks whether to give back."""
    pending(sandbox)
    assert command("stop", "--reason", "one", "--yes", sandbox=sandbox).returncode == 0
    assert command("resume", "--yes", sandbox=sandbox).returncode == 0
    typed = Typed(command, sandbox, "resume", "--requeue")
    typed.until(r"No emergency stop is set. Still rejected: 4 tasks")
    stopped_elsewhere(sandbox, "a second stop")
    typed.type("y\n")
    code, out = typed.end()
    assert (code, flag(sandbox), statuses(sandbox)) == (2, True, {"rejected": 4}), out
    assert "an emergency stop is set: nothing was requeued" in out + typed.said


async def test_what_was_left_rejected_is_given_back_later(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
    assert (await driven.monitor.run(RESUME)).done
    assert (await driven.monitor.run(REQUEUE)).changed == 4
    assert statuses(sandbox) == {"pending": 4}


async def test_without_the_audit_of_stops_it_does_not_say_done(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    async with wire(sandbox.url) as between:
        driven = await begin(url=between.url)
        assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
        between.acts[STOP_AUDIT] = TIMED_OUT
        result = await driven.monitor.run(RESUME, requeue=True)
        assert not (result.done and statuses(sandbox).get("rejected")), result
        between.acts.clear()
        await driven.monitor.run(RESUME, requeue=True)
    assert (flag(sandbox), statuses(sandbox)) == (False, {"pending": 4})


@ONE_SHAPE
async def test_without_the_audit_of_stops_the_command_line_does_not_say_done_either(
    sandbox: Running, command: Command
) -> None:
    pending(sandbox)
    assert command("stop", "--reason", "x", "--yes", sandbox=sandbox).returncode == 0
    async with wire(sandbox.url) as between:
        between.acts[STOP_AUDIT] = TIMED_OUT
        done = await asyncio.to_thread(
            command, "resume", "--requeue", "--yes", sandbox=sandbox, SUPABASE_URL=between.url
        )
    assert done.returncode != 0 or statuses(sandbox) == {"pending": 4}, done
    assert "Traceback" not in done.stderr


async def test_a_stop_whose_first_audit_row_failed_is_given_back_whole(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    driven = await begin()
    sandbox.sql(
        "ALTER TABLE autonomous_execution_logs ADD CONSTRAINT nope"
        " CHECK (step_status <> 'started' OR execution_step <> 'watchdog_healing') NOT VALID"
    )
    try:
        await driven.monitor.run(EMERGENCY_STOP, reason="one")
    finally:
        sandbox.sql("ALTER TABLE autonomous_execution_logs DROP CONSTRAINT nope")
    assert statuses(sandbox) == {"rejected": 4}
    plan = await driven.monitor.plan(RESUME)
    assert (await driven.monitor.run(RESUME, requeue=True, stop=plan.stop)).done
    assert statuses(sandbox) == {"pending": 4}


async def test_what_we_rejected_under_the_stop_of_another_is_given_back(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    stopped_elsewhere(sandbox)
    driven = await begin()
    await driven.monitor.run(EMERGENCY_STOP, reason="mine")
    assert statuses(sandbox) == {"rejected": 4}
    plan = await driven.monitor.plan(RESUME)
    assert plan.requeueable == 4
    assert (await driven.monitor.run(RESUME, requeue=True, stop=plan.stop)).done
    assert statuses(sandbox) == {"pending": 4}


async def test_what_an_older_stop_left_is_offered_once_the_newer_is_given_back(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
    assert (await driven.monitor.run(RESUME)).done
    pending(sandbox, 2)
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="two")).done
    assert (await driven.monitor.run(RESUME, requeue=True)).changed == 2
    assert (await driven.monitor.plan(REQUEUE)).tasks == 4
    assert (await driven.monitor.run(REQUEUE)).changed == 4
    assert statuses(sandbox) == {"pending": 6}
    assert (await driven.monitor.plan(REQUEUE)).tasks == 0


async def test_whatever_reason_another_gave_its_rejected_tasks_are_given_back(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    driven = await begin()
    for reason in ("x" * 600, "two\nlines", "tab\there", ""):
        stopped_elsewhere(sandbox, reason)
        text = f"Emergency stop: {reason}"
        sandbox.sql(f"UPDATE autonomous_tasks SET status = 'rejected', {error(sandbox)} = %s", text)
        plan = await driven.monitor.plan(RESUME)
        assert plan.requeueable == 4, reason
        assert (await driven.monitor.run(RESUME, requeue=True, stop=plan.stop)).done, reason
        assert statuses(sandbox) == {"pending": 4}, reason


async def test_whatever_reason_we_give_it_is_given_back(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    driven = await begin()
    for reason in ('a"b\\c,(d)%_*é' * 60, "\u200b"):
        assert (await driven.monitor.run(EMERGENCY_STOP, reason=reason)).done, reason
        plan = await driven.monitor.plan(RESUME)
        assert (await driven.monitor.run(RESUME, requeue=True, stop=plan.stop)).done, reason
        assert statuses(sandbox) == {"pending": 4}, reason


@ONE_SHAPE
async def test_whatever_reason_an_automatic_stop_has_it_is_given_back(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    driven = await begin(autonomous=True)
    stop = EmergencyStop(driven.parts.dependencies, reason="x" * 700)
    assert (await driven.parts.runner.run(stop, driven.parts.itself)).done
    assert statuses(sandbox) == {"rejected": 4}
    plan = await driven.monitor.plan(RESUME)
    assert (await driven.monitor.run(RESUME, requeue=True, stop=plan.stop)).done
    assert statuses(sandbox) == {"pending": 4}


@ONE_SHAPE
async def test_more_stops_than_one_filter_holds_are_all_given_back(sandbox: Running, begin: Begin) -> None:
    """Each lifted from elsewhere, so that no audit row of ours ends an episode."""
    driven = await begin()
    for number in range(14):
        pending(sandbox, 1)
        assert (await driven.monitor.run(EMERGENCY_STOP, reason="ü" * 480 + str(number))).done
        lifted_elsewhere(sandbox)
    assert (await driven.monitor.plan(RESUME)).requeueable == 14
    assert (await driven.monitor.run(REQUEUE)).done
    assert statuses(sandbox) == {"pending": 14}


async def test_a_stop_whose_end_another_moved_still_counts_what_it_rejected(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
    sandbox.sql(
        "UPDATE autonomous_system_config"
        " SET emergency_stop_until = emergency_stop_until + interval '1 day', updated_at = now()"
    )
    assert (await driven.monitor.plan(RESUME)).rejected == 4


def error(sandbox: Running) -> str:
    """The column of a task's error text, as this shape calls it."""
    return str(
        sandbox.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'autonomous_tasks'"
            " AND column_name IN ('error', 'error_message')"
        )[0][0]
    )


@ONE_SHAPE
async def test_a_stop_that_is_ordered_while_another_is_lifted_keeps_its_tasks(sandbox: Running, begin: Begin) -> None:
    """Between the lift and giving back there is no batch, and its flag may not be set yet."""
    pending(sandbox)
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
    whole = driven.parts.writes.clear_stop

    async def late(*ids: Any, **more: Any) -> int:
        driven.parts.runner.end_the_others()  # as the order does, before anything of it is written
        return await whole(*ids, **more)

    driven.parts.writes.clear_stop = late  # type: ignore[method-assign]  # between its look and its write
    result = await driven.monitor.run(RESUME, requeue=True)
    assert (result.phase, flag(sandbox)) == (ResultPhase.PARTLY, False)
    assert "halted: an emergency stop was requested" in result.text
    assert statuses(sandbox) == {"rejected": 4}


@ONE_SHAPE
async def test_what_was_requeued_is_said_to_be_rejected_no_more_without_another_check(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 3)")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    await driven.monitor.run(EMERGENCY_STOP, reason="fire")
    await driven.monitor.run(RESUME)
    await driven.round()
    assert [notice for notice in driven.monitor.snapshot.notices if "still rejected" in notice]
    assert (await driven.monitor.run(REQUEUE)).done
    driven.clock.advance(5)
    live = await driven.parts.checks.refresh()
    await after_refresh(driven.parts, live=live)
    driven.monitor._publish()
    assert not [notice for notice in driven.monitor.snapshot.notices if "still rejected" in notice]
    await driven.monitor.close()
