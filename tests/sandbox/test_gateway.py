"""The gateway answers the official client as PostgREST does."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from postgrest.exceptions import APIError
from supabase import AsyncClient, AsyncClientOptions
from supabase_auth.errors import AuthApiError

from core.backend.proxies import authorities
from tests.running import Running


@pytest.fixture
async def client(sandbox: Running) -> AsyncIterator[AsyncClient]:
    async with httpx.AsyncClient(timeout=10, verify=authorities()) as http:
        yield AsyncClient(
            sandbox.url, sandbox.service_key, AsyncClientOptions(httpx_client=http, postgrest_client_retry=False)
        )


@pytest.fixture
def things(sandbox: Running) -> Running:
    """A table loaded later, through the database's own address."""
    sandbox.sql("DROP TABLE IF EXISTS things")
    sandbox.sql(
        "CREATE TABLE things (id int PRIMARY KEY, name text, n int DEFAULT 7, tags text[], doc jsonb, span int4range,"
        " at timestamptz, ok boolean)"
    )
    sandbox.sql("""
        INSERT INTO things VALUES
        (1, 'one', 10, '{a,b}', '{"k": "v", "deep": {"x": 1}}', '[1,5)', '2026-01-01', true),
        (2, 'two, with "comma"', 20, '{b,c}', '{"k": "w"}', '[5,9)', '2026-02-01', false),
        (3, NULL, 30, NULL, '{"list": [1, 2]}', NULL, NULL, NULL)
    """)
    return sandbox


FILTERS: dict[str, tuple[Any, list[int]]] = {
    "eq": (lambda q: q.eq("name", "one"), [1]),
    "eq with comma and quotes": (lambda q: q.eq("name", 'two, with "comma"'), [2]),
    "neq": (lambda q: q.neq("id", 1), [2, 3]),
    "gt": (lambda q: q.gt("n", 10), [2, 3]),
    "gte": (lambda q: q.gte("n", 20), [2, 3]),
    "lt": (lambda q: q.lt("at", "2026-01-15"), [1]),
    "lte": (lambda q: q.lte("n", 20), [1, 2]),
    "like": (lambda q: q.like("name", "o%"), [1]),
    "like star": (lambda q: q.like("name", "*comma*"), [2]),
    "ilike": (lambda q: q.ilike("name", "ONE"), [1]),
    "is null": (lambda q: q.is_("name", "null"), [3]),
    "is true": (lambda q: q.is_("ok", "true"), [1]),
    "in": (lambda q: q.in_("id", [1, 3]), [1, 3]),
    "in with comma": (lambda q: q.in_("name", ['two, with "comma"']), [2]),
    "in nothing": (lambda q: q.in_("id", []), []),
    "contains array": (lambda q: q.contains("tags", ["a"]), [1]),
    "contains json": (lambda q: q.contains("doc", {"k": "w"}), [2]),
    "contained by": (lambda q: q.contained_by("tags", ["a", "b", "z"]), [1]),
    "overlaps": (lambda q: q.overlaps("tags", ["c"]), [2]),
    "range sl": (lambda q: q.range_lt("span", (4, 9)), [1]),
    "range sr": (lambda q: q.range_gt("span", (1, 5)), [2]),
    "range adjacent": (lambda q: q.range_adjacent("span", (8, 12)), [2]),
    "not": (lambda q: q.not_.eq("id", 2), [1, 3]),
    "or": (lambda q: q.or_("id.eq.1,n.eq.30"), [1, 3]),
    "or nested": (lambda q: q.or_("id.eq.1,and(n.gt.10,name.is.null)"), [1, 3]),
    "or quoted": (lambda q: q.or_('name.eq."two, with \\"comma\\"",id.eq.3'), [2, 3]),
    "or in list": (lambda q: q.or_("id.in.(1,2),not.and(n.gte.0,n.lte.20)"), [1, 2, 3]),
    "two ors are both meant": (lambda q: q.or_("id.eq.1,id.eq.2").or_("id.eq.2,id.eq.3"), [2]),
    "json path": (lambda q: q.eq("doc->>k", "v"), [1]),
    "json path deep": (lambda q: q.eq("doc->deep->>x", "1"), [1]),
    "json index": (lambda q: q.eq("doc->list->>0", "1"), [3]),
    "match": (lambda q: q.filter("name", "match", "^o"), [1]),
    "isdistinct": (lambda q: q.filter("name", "isdistinct", "one"), [2, 3]),
    "any": (lambda q: q.filter("name", "like(any)", "{o*,t*}"), [1, 2]),
    "text search": (lambda q: q.filter("name", "plfts(english)", "comma"), [2]),
}


@pytest.mark.parametrize("case", FILTERS)
async def test_filters(case: str, things: Running, client: AsyncClient) -> None:
    build, expected = FILTERS[case]
    rows = (await build(client.table("things").select("id")).order("id").execute()).data
    assert [row["id"] for row in rows] == expected


async def test_select_takes_aliases_casts_and_paths(things: Running, client: AsyncClient) -> None:
    query = client.table("things").select("nummer:n", "n::text", "doc->deep->x", "word:doc->>k", "at")
    row = (await query.eq("id", 1).execute()).data[0]
    assert row == {"nummer": 10, "n": "10", "x": 1, "word": "v", "at": "2026-01-01T00:00:00+00:00"}


async def test_order_and_range(things: Running, client: AsyncClient) -> None:
    rows = (await client.table("things").select("id").order("name", desc=True, nullsfirst=True).execute()).data
    assert [row["id"] for row in rows] == [3, 2, 1]
    page = await client.table("things").select("id", count="exact").order("id").range(1, 1).execute()
    assert (page.data, page.count) == ([{"id": 2}], 3)


async def test_a_read_is_capped_at_a_thousand_and_counts_are_not(sandbox: Running, client: AsyncClient) -> None:
    sandbox.completed(2500)
    capped = await client.table("autonomous_tasks").select("id", count="exact").execute()
    assert (len(capped.data), capped.count) == (1000, 2500)
    head = await client.table("autonomous_tasks").select("id", count="exact", head=True).execute()
    assert head.count == 2500


async def test_a_planned_count_is_the_planners_and_an_estimated_one_exact_below_the_cap(
    sandbox: Running, client: AsyncClient
) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, priority, estimated_duration_minutes)"
        " SELECT 'x', i % 10, i % 10 FROM generate_series(1, 3000) AS i"
    )
    sandbox.sql("ANALYZE autonomous_tasks")
    counts = {}
    for how in ("exact", "planned", "estimated"):
        every = client.table("autonomous_tasks").select("id", count=how)
        some = client.table("autonomous_tasks").select("id", count=how)
        some = some.eq("priority", 3).eq("estimated_duration_minutes", 3)
        counts[how] = [(await query.limit(1).execute()).count for query in (every, some)]
    assert counts["exact"] == [3000, 300]
    assert counts["planned"][0] == counts["estimated"][0] == 3000
    assert 0 < counts["planned"][1] < 100  # it takes the two conditions to be of no concern to each other
    assert counts["estimated"][1] == 300


async def test_writes_give_back_what_changed(things: Running, client: AsyncClient) -> None:
    table = client.table
    made = (await table("things").insert([{"id": 4, "name": "four"}, {"id": 5, "name": None}]).execute()).data
    assert [(row["id"], row["n"]) for row in made] == [(4, None), (5, None)] or [row["n"] for row in made] == [7, 7]
    changed = (await table("things").update({"n": 1}).eq("id", 4).select("id,n").execute()).data
    assert changed == [{"id": 4, "n": 1}]
    assert (await table("things").update({"n": 1}).eq("id", 99).execute()).data == []
    upserted = (await table("things").upsert({"id": 4, "name": "vier"}).execute()).data
    assert upserted[0]["name"] == "vier"
    ignored = (await table("things").upsert({"id": 4, "name": "x"}, ignore_duplicates=True).execute()).data
    assert ignored == []
    gone = (await table("things").delete().in_("id", [4, 5]).execute()).data
    assert {row["id"] for row in gone} == {4, 5}


ERRORS: dict[str, tuple[Any, str]] = {
    "unknown table": (lambda c: c.table("nowhere").select("*"), "PGRST205"),
    "unknown column in a filter": (lambda c: c.table("things").select("*").eq("zzz", 1), "42703"),
    "unknown column in a write": (lambda c: c.table("things").insert({"zzz": 1}), "PGRST204"),
    "bad input": (lambda c: c.table("things").select("*").eq("id", "abc"), "22P02"),
    "duplicate": (lambda c: c.table("things").insert({"id": 1}), "23505"),
    "unknown function": (lambda c: c.rpc("nope", {"a": 1}), "PGRST202"),
    "not one row": (lambda c: c.table("things").select("*").single(), "PGRST116"),
    "update without filter": (lambda c: c.table("things").update({"n": 1}), "21000"),
    "delete without filter": (lambda c: c.table("things").delete(), "21000"),
    "beyond the end": (lambda c: c.table("things").select("id", count="exact").range(50, 60), "PGRST103"),
    "aggregate": (lambda c: c.table("things").select("n.sum()"), "PGRST123"),
    "bad operator": (lambda c: c.table("things").select("*").filter("id", "zz", "1"), "PGRST100"),
}


@pytest.mark.parametrize("case", ERRORS)
async def test_errors_have_their_codes(case: str, things: Running, client: AsyncClient) -> None:
    build, code = ERRORS[case]
    with pytest.raises(APIError) as raised:
        await build(client).execute()
    assert raised.value.code == code


async def test_a_write_that_wants_one_row_and_gets_none_is_rolled_back(things: Running, sandbox: Running) -> None:
    headers = {
        "apikey": sandbox.service_key,
        "Accept": "application/vnd.pgrst.object+json",
        "Prefer": "return=representation",
    }
    async with httpx.AsyncClient(verify=authorities()) as http:
        answer = await http.patch(f"{sandbox.url}/rest/v1/things?id=in.(1,2)", json={"n": 0}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (406, "PGRST116")
    assert sandbox.sql("SELECT n FROM things ORDER BY id") == [(10,), (20,), (30,)]


async def test_functions_of_the_schema(sandbox: Running, client: AsyncClient) -> None:
    name = "p_duration_hours" if sandbox.shape == "deployed" else "p_hours"
    call = client.rpc("emergency_stop_autonomous_system", {"p_reason": "r", name: 2})
    if sandbox.shape == "documented":
        assert (await call.execute()).data is True
        return
    with pytest.raises(APIError) as refused:
        await call.execute()
    assert refused.value.code == "21000"
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(False,)]
    config = (await client.rpc("get_autonomous_config", {}).execute()).data
    assert config["emergency_stop"] is False
    made = await client.rpc("create_autonomous_task", {"p_task_type": "bug_fix", "p_description": "d"}).execute()
    assert sandbox.sql("SELECT id::text FROM autonomous_tasks") == [(made.data,)]


async def test_row_level_security_is_enforced(sandbox: Running) -> None:
    sandbox.stuck(1)

    async def seen(key: str, email: str = "", password: str = "") -> tuple[int, int]:
        async with httpx.AsyncClient(verify=authorities()) as http:
            client = AsyncClient(sandbox.url, key, AsyncClientOptions(httpx_client=http))
            if email:
                await client.auth.sign_in_with_password({"email": email, "password": password})
            read = (await client.table("autonomous_tasks").select("id").execute()).data
            changed = (await client.table("autonomous_tasks").update({"priority": 1}).neq("priority", 1).execute()).data
            sandbox.sql("UPDATE autonomous_tasks SET priority = 0")
            return len(read), len(changed)

    info, everybody = sandbox.info, (1, 1) if sandbox.shape == "deployed" else (0, 0)
    assert await seen(sandbox.service_key) == (1, 1)
    assert await seen(sandbox.publishable_key) == everybody
    assert await seen(sandbox.publishable_key, info["user"], info["password"]) == (1, 1)
    assert await seen(sandbox.publishable_key, info["viewer"], info["viewer_password"]) == everybody


async def test_sign_in_refuses_and_refreshes(sandbox: Running) -> None:
    async with httpx.AsyncClient(verify=authorities()) as http:
        client = AsyncClient(sandbox.url, sandbox.publishable_key, AsyncClientOptions(httpx_client=http))
        with pytest.raises(AuthApiError):
            await client.auth.sign_in_with_password({"email": sandbox.info["user"], "password": "wrong"})
        first = await client.auth.sign_in_with_password(
            {"email": sandbox.info["user"], "password": sandbox.info["password"]}
        )
        assert first.session is not None
        again = await client.auth.refresh_session(first.session.refresh_token)
        assert again.session is not None
        assert again.session.access_token != first.session.access_token


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"apikey": "sb_secret_wrong"}, 401), ({"apikey": "KEY", "Authorization": "Bearer a.b.c"}, 401)],
)
async def test_keys_and_tokens_are_checked(headers: dict[str, str], status: int, sandbox: Running) -> None:
    sent = {name: text.replace("KEY", sandbox.publishable_key) for name, text in headers.items()}
    async with httpx.AsyncClient(verify=authorities()) as http:
        answer = await http.get(f"{sandbox.url}/rest/v1/autonomous_tasks", headers=sent)
    assert answer.status_code == status


async def test_edge_functions(sandbox: Running, client: AsyncClient) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    await client.functions.invoke("ai-agent-poll", {"method": "OPTIONS"})
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("pending",)]
    await client.functions.invoke("ai-agent-poll", {"body": {}, "headers": sandbox.to_functions})
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("completed",)]
    mail = {"to": "ops@example.com", "template": "alert", "data": {"a": 1}}
    sandbox.limits(lenient_mail=True)
    await client.functions.invoke("send-template-email", {"body": mail, "headers": sandbox.to_functions})
    assert sandbox.functions()["emails"][-1] == mail
