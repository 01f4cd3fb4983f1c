"""The project's own stop function in every form met in the field, and our filtered update where it fails."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.act.orders import Phase
from tests.act.driving import ACTING, Driven, statuses
from tests.running import Running

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
    await asyncio.sleep(0.3)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("functions")
@pytest.mark.parametrize("account", ACTING)
async def test_the_stop_holds_whatever_the_function_does(
    form: str, account: str, sandbox: Running, tmp_path: Path
) -> None:
    if FORMS[form]:
        sandbox.sql(f"CREATE FUNCTION {FORMS[form]}")
    await asyncio.sleep(0.3)  # the gateway hears of it
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    driven = await Driven.as_(account, sandbox, tmp_path).begin()
    result = await driven.monitor.stop("fire", 3)
    assert (result.phase, result.text) == (Phase.VERIFIED, "stopped, seen; 1 task rejected")
    assert sandbox.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config") == [(True, "fire")]
    assert statuses(sandbox) == {"rejected": 1}
    await driven.monitor.close()
