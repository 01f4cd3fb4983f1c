"""The sandbox's limits: given at its start, turned while it runs, put back."""

import time
from collections.abc import Callable

import httpx
import pytest

from tests.running import ONE_SHAPE, Command, Running

SLEEPS = "CREATE OR REPLACE FUNCTION sleeps(s float) RETURNS void LANGUAGE sql AS $$ SELECT pg_sleep(s) $$"
START = {"max_rows": 1000, "statement_timeout_s": None, "safeupdate": True, "lenient_mail": False, "verify_jwt": True}


@ONE_SHAPE
def test_a_read_returns_no_more_rows_than_it_may(sandbox: Running) -> None:
    sandbox.completed(40)
    sandbox.limits(max_rows=7)
    answer = sandbox.rest("autonomous_tasks?select=id&limit=20", headers={"Prefer": "count=exact"})
    assert (len(answer.json()), answer.headers["content-range"]) == (7, "0-6/40")
    tasks = sandbox.rest("autonomous_tasks?select=id,autonomous_execution_logs(id)&limit=1").json()
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status)"
        f" SELECT '{tasks[0]['id']}', 's', 'started' FROM generate_series(1, 9)"
    )
    (task,) = sandbox.rest(f"autonomous_tasks?select=autonomous_execution_logs(id)&id=eq.{tasks[0]['id']}").json()
    assert len(task["autonomous_execution_logs"]) == 7
    sandbox.reset()
    sandbox.completed(40)
    assert len(sandbox.rest("autonomous_tasks?select=id").json()) == 40


@ONE_SHAPE
def test_a_statement_that_takes_too_long_is_cancelled(sandbox: Running) -> None:
    sandbox.sql(SLEEPS)
    sandbox.limits(statement_timeout_s=0.2)
    began = time.monotonic()
    answer = sandbox.rest("rpc/sleeps", "POST", json={"s": 5})
    assert (answer.status_code, answer.json()["code"]) == (500, "57014")
    assert time.monotonic() - began < 3
    sandbox.limits(statement_timeout_s=None)
    assert sandbox.rest("rpc/sleeps", "POST", json={"s": 0.4}).status_code == 204
    sandbox.sql("DROP FUNCTION sleeps")


@ONE_SHAPE
@pytest.mark.parametrize(("key", "limit"), [("publishable_key", "3s"), ("service_key", "8s")])
def test_who_asks_decides_how_long_a_statement_may_take(key: str, limit: str, sandbox: Running) -> None:
    sandbox.sql(
        "CREATE OR REPLACE FUNCTION granted() RETURNS text LANGUAGE sql AS"
        " $$ SELECT current_setting('statement_timeout') $$"
    )
    answer = httpx.post(f"{sandbox.url}/rest/v1/rpc/granted", headers={"apikey": getattr(sandbox, key)})
    assert answer.json() == limit
    sandbox.sql("DROP FUNCTION granted")


def test_writes_without_a_filter_are_refused_until_they_need_none(sandbox: Running) -> None:
    sandbox.completed(3)
    change = {"priority": 4}
    assert sandbox.rest("autonomous_tasks", "PATCH", json=change).json()["code"] == "21000"
    assert sandbox.rest("autonomous_tasks", "DELETE").json()["code"] == "21000"
    sandbox.limits(safeupdate=False)
    assert sandbox.rest("autonomous_tasks", "PATCH", json=change).status_code == 204
    assert sandbox.sql("SELECT DISTINCT priority FROM autonomous_tasks") == [(4,)]
    assert sandbox.rest("autonomous_tasks", "DELETE").status_code == 204
    assert sandbox.sql("SELECT count(*) FROM autonomous_tasks") == [(0,)]


@ONE_SHAPE
def test_turning_one_leaves_the_others_and_a_reset_puts_all_back(sandbox: Running) -> None:
    assert sandbox.limits() == START
    assert sandbox.limits(max_rows=5) == START | {"max_rows": 5}
    assert sandbox.limits(safeupdate=False) == START | {"max_rows": 5, "safeupdate": False}
    sandbox.reset()
    assert sandbox.limits() == START


@ONE_SHAPE
@pytest.mark.parametrize("change", [{"max_rows": 0}, {"statement_timeout_s": -1}, {"max_row": 5}, {"safeupdate": "no"}])
def test_what_is_no_limit_is_refused_and_changes_nothing(change: dict[str, object], sandbox: Running) -> None:
    headers = {"apikey": sandbox.service_key}
    answer = httpx.put(f"{sandbox.url}/sandbox/limits", json=change, headers=headers)
    assert answer.status_code == 400
    assert "statement_timeout_s" in answer.json()["message"]
    assert sandbox.limits() == START


@ONE_SHAPE
def test_only_the_secret_key_turns_them(sandbox: Running) -> None:
    answer = httpx.put(
        f"{sandbox.url}/sandbox/limits", json={"max_rows": 5}, headers={"apikey": sandbox.publishable_key}
    )
    assert answer.status_code == 403
    assert sandbox.limits() == START


def test_a_sandbox_starts_with_the_limits_it_is_given_and_goes_back_to_them(
    lone_sandbox: Callable[..., Running],
) -> None:
    given = ("--max-rows", "20", "--statement-timeout", "1.5", "--no-safeupdate", "--lenient-mail", "--no-verify-jwt")
    running = lone_sandbox("deployed", *given)
    start = {
        "max_rows": 20,
        "statement_timeout_s": 1.5,
        "safeupdate": False,
        "lenient_mail": True,
        "verify_jwt": False,
    }
    assert running.limits() == start
    running.limits(max_rows=1, safeupdate=True)
    running.reset()
    assert running.limits() == start


@pytest.mark.parametrize("option", [("--max-rows", "0"), ("--statement-timeout", "0")])
def test_a_limit_that_cannot_be_is_two(option: tuple[str, str], command: Command) -> None:
    done = command("sandbox", *option)
    assert done.returncode == 2
    assert option[0] in done.stderr
