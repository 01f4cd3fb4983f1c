"""The project's own stop function in every form met in the field, and our filtered update where it fails."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.requeue import REQUEUE
from core.actions.resume import RESUME
from core.domain.actions import ResultPhase
from tests.actions.driving import Watchdog, statuses
from tests.actions.others import functions_seen
from tests.running import Running
from tests.until import until
from tests.wire import wire

NAME = "emergency_stop_autonomous_system"
SET = "UPDATE public.autonomous_system_config SET emergency_stop = true, emergency_stop_reason = p_reason"

FORMS = {
    "p_duration_hours": f"{NAME}(p_reason text, p_duration_hours int) RETURNS boolean LANGUAGE plpgsql AS"
    f" $$ BEGIN {SET} WHERE true; RETURN true; END $$",
    "p_hours": f"{NAME}(p_reason text, p_hours int) RETURNS boolean LANGUAGE plpgsql AS"
    f" $$ BEGIN {SET} WHERE true; RETURN true; END $$",
    "misnamed": f"{NAME}(p_reason text, p_stunden int) RETURNS boolean LANGUAGE plpgsql AS"
    f" $$ BEGIN {SET} WHERE true; RETURN true; END $$",
    "without WHERE": f"{NAME}(p_reason text, p_duration_hours int) RETURNS boolean LANGUAGE plpgsql AS"
    f" $$ BEGIN {SET}; RETURN true; END $$",
    "does nothing and says true": f"{NAME}(p_reason text, p_hours int) RETURNS boolean LANGUAGE sql AS"
    " $$ SELECT true $$",
    "raises": f"{NAME}(p_reason text, p_hours int) RETURNS boolean LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    "missing": "",
}
REJECTS = """
    CREATE FUNCTION {name}(p_reason text, {hours} integer DEFAULT 24) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        UPDATE autonomous_system_config
        SET emergency_stop = true,
            emergency_stop_reason = p_reason,
            emergency_stop_until = now() + make_interval(hours => {hours})
        WHERE true;
        UPDATE autonomous_tasks
        SET status = 'rejected', error_message = 'Emergency stop: ' || p_reason
        WHERE status IN ('pending', 'in_progress');
        RETURN true;
    END $$
"""
"""As the project's own is, but with the WHERE without which its API refuses to update."""


@pytest.fixture
async def functions(sandbox: Running) -> AsyncIterator[None]:
    """What was there is there again afterwards."""
    kept = sandbox.sql("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", NAME)
    drop = f"DROP FUNCTION IF EXISTS {NAME}"
    sandbox.sql(drop)
    yield
    sandbox.sql(drop)
    for (text,) in kept:
        sandbox.sql(text)
    await functions_seen(sandbox)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("functions")
async def test_the_stop_holds_whatever_the_function_does(
    form: str, account: str, sandbox: Running, tmp_path: Path
) -> None:
    if FORMS[form]:
        sandbox.sql(f"CREATE FUNCTION {FORMS[form]}")
    await functions_seen(sandbox)
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    result = await driven.monitor.run(EMERGENCY_STOP, reason="fire", hours=3)
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, "stopped (read back); 1 task rejected")
    assert sandbox.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config") == [(True, "fire")]
    assert statuses(sandbox) == {"rejected": 1}
    await driven.monitor.close()


@pytest.mark.usefixtures("functions")
async def test_what_the_function_rejected_itself_is_given_back(account: str, sandbox: Running, tmp_path: Path) -> None:
    hours = "p_duration_hours" if sandbox.shape == "deployed" else "p_hours"
    sandbox.sql(REJECTS.format(name=NAME, hours=hours))
    await functions_seen(sandbox)
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 5)")
    driven = await Watchdog.as_(account, sandbox, tmp_path, autonomous=False).begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="fire")).done
    marks = sandbox.sql("SELECT DISTINCT error_message FROM autonomous_tasks WHERE status = 'rejected'")
    assert marks == [("Emergency stop: fire",)]  # it was the function, and not our update
    back = await driven.monitor.run(RESUME, requeue=True)
    await driven.monitor.close()
    assert statuses(sandbox) == {"pending": 5}, back


@pytest.mark.usefixtures("functions")
async def test_a_task_that_ran_before_and_was_pending_again_is_given_back(sandbox: Running, tmp_path: Path) -> None:
    hours = "p_duration_hours" if sandbox.shape == "deployed" else "p_hours"
    sandbox.sql(REJECTS.format(name=NAME, hours=hours))
    await functions_seen(sandbox)
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at) VALUES ('again', 'pending', now()),"
        " ('new', 'pending', NULL), ('at it', 'in_progress', now())"
    )
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="fire")).done
    await driven.monitor.run(RESUME)
    left = await driven.monitor.plan(REQUEUE)
    back = await driven.monitor.run(REQUEUE)
    await driven.monitor.close()
    assert left.tasks == 2
    assert back.text == "2 of 2 tasks requeued"
    assert sorted(sandbox.sql("SELECT description, status FROM autonomous_tasks")) == [
        ("again", "pending"),
        ("at it", "rejected"),
        ("new", "pending"),
    ]


@pytest.mark.usefixtures("functions")
async def test_what_comes_in_while_a_stop_rejects_is_rejected_too(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "CREATE FUNCTION follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.status = 'rejected' AND NEW.description <> 'follows' THEN"
        " INSERT INTO autonomous_tasks (description) VALUES ('follows'); END IF; RETURN NULL; END $$;"
        "CREATE TRIGGER follows AFTER UPDATE ON autonomous_tasks FOR EACH ROW EXECUTE FUNCTION follows()"
    )
    await functions_seen(sandbox)
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 3)")
    try:
        driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        result = await driven.monitor.run(EMERGENCY_STOP, reason="fire")
        await driven.monitor.close()
    finally:
        sandbox.sql("DROP TRIGGER follows ON autonomous_tasks; DROP FUNCTION follows()")
    assert result.text == "stopped (read back); 6 tasks rejected"
    assert statuses(sandbox) == {"rejected": 6}


@pytest.mark.usefixtures("functions")
async def test_what_is_filed_after_a_stop_waits_for_a_resume_and_keeps_no_stop_from_ending(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.sql(
        "CREATE FUNCTION follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.status = 'rejected' THEN"
        " INSERT INTO autonomous_tasks (description, created_at) VALUES ('later', now() + interval '1 minute');"
        " END IF; RETURN NULL; END $$;"
        "CREATE TRIGGER follows AFTER UPDATE ON autonomous_tasks FOR EACH ROW EXECUTE FUNCTION follows()"
    )
    await functions_seen(sandbox)
    ahead = {"p": "0 s", "10 s": "10 s", "6 min": "6 min", "local time": "2 h", "a year": "1 year"}
    before = {*ahead, "r"}
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('r', 'in_progress')")
    for name, span in ahead.items():
        row = "INSERT INTO autonomous_tasks (description, created_at) VALUES (%s, now() + %s::interval)"
        sandbox.sql(row, name, span)
    try:
        driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        result = await driven.monitor.run(EMERGENCY_STOP, reason="fire")
        await driven.monitor.close()
    finally:
        sandbox.sql("DROP TRIGGER follows ON autonomous_tasks; DROP FUNCTION follows()")
    many = sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE status = 'rejected'")[0][0]
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, f"stopped (read back); {many} tasks rejected")
    found = sandbox.sql("SELECT description, status FROM autonomous_tasks WHERE description <> 'later' ORDER BY 1")
    assert found == [(name, "rejected") for name in sorted(before)]
    assert sandbox.sql("SELECT 1 FROM autonomous_tasks WHERE description = 'later' AND status = 'pending'")


@pytest.mark.usefixtures("functions")
async def test_without_a_time_of_filing_a_stop_rejects_all_the_same(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('p', 'pending'), ('r', 'in_progress')")
    sandbox.sql("ALTER TABLE autonomous_tasks RENAME created_at TO filed_at")
    await functions_seen(sandbox)
    try:
        driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        result = await driven.monitor.run(EMERGENCY_STOP, reason="fire")
        await driven.monitor.close()
        assert statuses(sandbox) == {"rejected": 2}
        assert (result.phase, result.text) == (ResultPhase.VERIFIED, "stopped (read back); 2 tasks rejected")
    finally:
        sandbox.sql("ALTER TABLE autonomous_tasks RENAME filed_at TO created_at")
        await functions_seen(sandbox)


async def test_a_stop_asks_all_that_it_must_know_at_once(sandbox: Running, tmp_path: Path) -> None:
    """Where every answer takes seconds, the flag is set after two of them: what is open, and the audit row."""
    sandbox.stuck(1)
    async with wire(sandbox.url) as between:
        driven = await Watchdog(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        between.holds["/rest/v1/"] = asyncio.Event()
        before = len(between.seen)
        stop = asyncio.create_task(driven.monitor.run(EMERGENCY_STOP, reason="fire"))
        await until(lambda: len(between.seen) - before >= 4)
        asked = between.seen[before:]
        assert all(one.startswith(("GET", "HEAD")) for one in asked)
        between.holds["/rest/v1/"].set()
        assert (await stop).done
        writes = [one for one in between.seen[before:] if not one.startswith(("GET", "HEAD"))]
        first = between.seen.index(writes[0])
        assert between.seen[first + 1].startswith("POST /rest/v1/rpc/")
        await driven.monitor.close()
