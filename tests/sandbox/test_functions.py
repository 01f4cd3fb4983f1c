"""The project's own functions, in the database and at the edge: what they do, and what they refuse."""

from typing import Any

import httpx
import pytest

from tests.running import ONE_SHAPE, Running

STOP, CREATE, CONFIG = "emergency_stop_autonomous_system", "create_autonomous_task", "get_autonomous_config"
TASK = {"p_task_type": "bug_fix", "p_description": "d"}


def rpc(sandbox: Running, name: str, **args: Any) -> httpx.Response:
    return sandbox.rest(f"rpc/{name}", "POST", json=args)


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["code"], told["message"]


@ONE_SHAPE
def test_the_stop_sets_every_row_and_rejects_what_is_open(sandbox: Running) -> None:
    sandbox.limits(safeupdate=False)
    sandbox.sql("INSERT INTO autonomous_system_config (enabled) VALUES (true)")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status) SELECT s, s FROM"
        " unnest('{pending,in_progress,awaiting_review,approved,completed}'::text[]) AS s"
    )
    answer = rpc(sandbox, STOP, p_reason="fire")
    assert (answer.status_code, answer.json()) == (200, True)
    assert sandbox.sql(
        "SELECT DISTINCT emergency_stop, emergency_stop_reason, emergency_stop_until - updated_at = interval '24 hours'"
        " FROM autonomous_system_config"
    ) == [(True, "fire", True)]
    assert sandbox.sql("SELECT description, status, error_message FROM autonomous_tasks ORDER BY 1") == [
        ("approved", "approved", None),
        ("awaiting_review", "awaiting_review", None),
        ("completed", "completed", None),
        ("in_progress", "rejected", "Emergency stop: fire"),
        ("pending", "rejected", "Emergency stop: fire"),
    ]


@ONE_SHAPE
def test_the_stop_is_refused_where_updates_need_a_filter(sandbox: Running) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    assert refusal(rpc(sandbox, STOP, p_reason="fire")) == (400, "21000", "UPDATE requires a WHERE clause")
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(False,)]
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("pending",)]


@ONE_SHAPE
def test_the_config_is_one_object_and_its_absence_an_error(sandbox: Running) -> None:
    config = rpc(sandbox, CONFIG).json()
    assert (config["enabled"], config["dry_run_mode"], config["emergency_stop"]) == (True, True, False)
    sandbox.sql("DELETE FROM autonomous_system_config")
    assert refusal(rpc(sandbox, CONFIG))[:2] == (400, "P0001")


@ONE_SHAPE
@pytest.mark.parametrize(("level", "priority", "approval"), [(2, 7, False), (3, 0, True), (1, 8, True)])
def test_a_task_that_is_far_reaching_or_urgent_needs_approval(
    level: int, priority: int, approval: bool, sandbox: Running
) -> None:
    made = rpc(sandbox, CREATE, **TASK, p_autonomy_level=level, p_priority=priority)
    assert sandbox.sql("SELECT id::text, requires_approval, status, task_type FROM autonomous_tasks") == [
        (made.json(), approval, "pending", "bug_fix")
    ]


REFUSED = {
    "disabled": "enabled = false",
    "neither enabled nor disabled": "enabled = NULL",
    "stopped": "emergency_stop = true",
    "enough for one day": "max_daily_tasks = 2",
}


@ONE_SHAPE
@pytest.mark.parametrize("case", REFUSED)
def test_no_task_is_created_when_the_system_is(case: str, sandbox: Running) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description, created_at) VALUES ('old', now() - interval '25 hours')")
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('one'), ('two')")
    sandbox.sql(f"UPDATE autonomous_system_config SET {REFUSED[case]}")
    assert refusal(rpc(sandbox, CREATE, **TASK))[:2] == (400, "P0001")
    assert sandbox.sql("SELECT count(*) FROM autonomous_tasks") == [(3,)]


@ONE_SHAPE
def test_of_twelve_kinds_of_task_no_other_is_created(sandbox: Running) -> None:
    assert refusal(rpc(sandbox, CREATE, p_task_type="coffee", p_description="d"))[:2] == (400, "23514")


def test_in_dry_run_pending_tasks_are_called_completed_and_were_never_done(sandbox: Running) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('paint it')")
    told = sandbox.poll().json()
    assert (told["success"], told["processed"], [one["status"] for one in told["results"]]) == (True, 1, ["completed"])
    assert sandbox.sql(
        "SELECT status, jsonb_typeof(result), result #>> '{}' LIKE 'DRY RUN: %', completed_at >= started_at"
        " FROM autonomous_tasks"
    ) == [("completed", "string", True, True)]
    assert sandbox.sql(
        "SELECT execution_step, step_status, environment FROM autonomous_execution_logs ORDER BY execution_step DESC"
    ) == [("task_started", "started", "dry_run"), ("task_completed", "completed", "dry_run")]


def test_in_earnest_the_log_says_production(sandbox: Running) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    assert sandbox.poll().json()["processed"] == 1
    assert sandbox.sql("SELECT DISTINCT environment FROM autonomous_execution_logs") == [("production",)]
    assert sandbox.sql("SELECT result ->> 'message' IS NOT NULL FROM autonomous_tasks") == [(True,)]


@ONE_SHAPE
def test_null_is_no_dry_run(sandbox: Running) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = NULL")
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    assert sandbox.poll().json()["processed"] == 1
    assert sandbox.sql("SELECT DISTINCT environment FROM autonomous_execution_logs") == [("production",)]


def test_what_needs_approval_goes_to_review_and_is_not_run(sandbox: Running) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, requires_approval) VALUES ('risky', true), ('plain', false)"
    )
    assert sandbox.poll().json()["processed"] == 2
    assert sandbox.sql("SELECT description, status, started_at IS NULL FROM autonomous_tasks ORDER BY 1") == [
        ("plain", "completed", False),
        ("risky", "awaiting_review", True),
    ]
    sandbox.sql("UPDATE autonomous_tasks SET status = 'approved' WHERE description = 'risky'")
    assert sandbox.poll().json()["processed"] == 0  # approved is not pending
    sandbox.sql("UPDATE autonomous_tasks SET status = 'pending', requires_approval = false WHERE status = 'approved'")
    assert sandbox.poll().json()["processed"] == 1


def test_it_takes_as_many_as_may_run_side_by_side_the_most_urgent_and_then_the_oldest_first(sandbox: Running) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET max_parallel_tasks = 3")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, priority, created_at) VALUES"
        " ('late', 5, now()), ('older', 5, now() - interval '2 hours'), ('urgent', 9, now()),"
        " ('old', 5, now() - interval '1 hour'), ('idle', 1, now() - interval '9 hours')"
    )
    assert sandbox.poll().json()["processed"] == 3
    assert sandbox.sql("SELECT description FROM autonomous_tasks WHERE status = 'completed' ORDER BY 1") == [
        ("old",),
        ("older",),
        ("urgent",),
    ]


@pytest.mark.parametrize("off", ["enabled = false", "emergency_stop = true"])
def test_stopped_or_disabled_it_says_so_with_200_and_takes_nothing(off: str, sandbox: Running) -> None:
    sandbox.sql(f"UPDATE autonomous_system_config SET {off}")
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    answer = sandbox.poll()
    assert (answer.status_code, answer.json()["success"], set(answer.json())) == (200, False, {"success", "message"})
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("pending",)]


def test_what_goes_wrong_in_it_is_a_500(sandbox: Running) -> None:
    sandbox.sql("DELETE FROM autonomous_system_config")
    answer = sandbox.poll()
    assert (answer.status_code, answer.json()["success"], set(answer.json())) == (500, False, {"success", "error"})


def token_of(sandbox: Running) -> str:
    given = {"email": sandbox.info["user"], "password": sandbox.info["password"]}
    url = f"{sandbox.url}/auth/v1/token?grant_type=password"
    return str(httpx.post(url, json=given, headers={"apikey": sandbox.publishable_key}).json()["access_token"])


def mail(sandbox: Running, body: dict[str, Any], *, account: str) -> httpx.Response:
    headers = {"apikey": sandbox.service_key} | sandbox.to_functions
    if account == "user":
        headers |= {"apikey": sandbox.publishable_key, "Authorization": f"Bearer {token_of(sandbox)}"}
    return httpx.post(f"{sandbox.url}/functions/v1/send-template-email", json=body, headers=headers)


PLAIN = {"to": "ops@example.com", "template": "alert", "data": {"a": 1}}


def by_template(sandbox: Running) -> dict[str, Any]:
    (template, *_) = sandbox.functions()["templates"]
    return {"template_id": template, "recipient_email": "ops@example.com", "custom_data": {"a": 1}}


@pytest.mark.parametrize("lenient", [True, False])
def test_a_signed_in_user_sends_by_a_template_of_their_company(lenient: bool, sandbox: Running) -> None:
    sandbox.limits(lenient_mail=lenient)
    answer = mail(sandbox, by_template(sandbox), account="user")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert sandbox.functions()["emails"][-1] == by_template(sandbox)


@pytest.mark.parametrize("case", ["no user", "no such template", "nobody to send it to"])
def test_a_mail_by_template_that_cannot_be_is_a_500(case: str, sandbox: Running) -> None:
    body, before = by_template(sandbox), len(sandbox.functions()["emails"])
    body |= {"no such template": {"template_id": "alert"}, "nobody to send it to": {"recipient_email": None}}.get(
        case, {}
    )
    answer = mail(sandbox, body, account="secret" if case == "no user" else "user")
    assert (answer.status_code, set(answer.json())) == (500, {"error"})
    assert len(sandbox.functions()["emails"]) == before


@pytest.mark.parametrize("account", ["secret", "user"])
def test_a_mail_by_name_is_sent_only_where_that_is_allowed(account: str, sandbox: Running) -> None:
    sandbox.limits(lenient_mail=True)
    assert mail(sandbox, PLAIN, account=account).status_code == 200
    assert sandbox.functions()["emails"][-1] == PLAIN
    sandbox.limits(lenient_mail=False)
    answer = mail(sandbox, PLAIN, account=account)
    if sandbox.shape == "documented":
        assert answer.status_code == 200
    else:
        assert (answer.status_code, set(answer.json())) == (500, {"error"})


JWT_ONLY = [("secret", 401), ("legacy", 200), ("user", 200)]


@pytest.mark.parametrize(("account", "status"), JWT_ONLY)
@pytest.mark.parametrize("verifies", [True, False])
def test_a_function_that_verifies_jwts_takes_no_new_key(
    account: str, status: int, verifies: bool, sandbox: Running
) -> None:
    sandbox.limits(verify_jwt=verifies)
    headers = {"apikey": sandbox.service_key}
    if account == "legacy":
        headers |= sandbox.to_functions
    elif account == "user":
        headers |= {"Authorization": f"Bearer {token_of(sandbox)}"}
    url = f"{sandbox.url}/functions/v1/ai-agent-poll"
    assert httpx.post(url, json={}, headers=headers).status_code == (status if verifies else 200)
    assert httpx.options(url, headers=headers).status_code == 200


def test_a_legacy_key_is_a_key_too(sandbox: Running) -> None:
    answer = httpx.get(f"{sandbox.url}/rest/v1/autonomous_tasks", headers={"apikey": sandbox.function_key})
    assert answer.status_code == 200
    wrong = httpx.get(f"{sandbox.url}/rest/v1/autonomous_tasks", headers={"apikey": sandbox.function_key + "x"})
    assert wrong.status_code == 401
