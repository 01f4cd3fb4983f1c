"""Related rows within rows, and the answer's other forms, as the official client's query builder asks for them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from postgrest.exceptions import APIError
from supabase import AsyncClient, AsyncClientOptions

from core.backend.proxies import authorities
from tests.running import Running

SCHEMA = """
DROP TABLE IF EXISTS member, team, city, country, passport CASCADE;
CREATE TABLE country (id int PRIMARY KEY, name text, iso text);
CREATE TABLE city (id int PRIMARY KEY, name text, country_id int REFERENCES country, twin_id int REFERENCES country);
CREATE TABLE passport (id int PRIMARY KEY, country_id int UNIQUE REFERENCES country, colour text);
CREATE TABLE team (id int PRIMARY KEY, name text);
CREATE TABLE member (city_id int REFERENCES city, team_id int REFERENCES team, PRIMARY KEY (city_id, team_id));
INSERT INTO country VALUES (1, 'France', 'FR'), (2, 'Japan', 'JP'), (3, 'Nowhere', NULL);
INSERT INTO city VALUES (10, 'Paris', 1, 2), (11, 'Lyon', 1, NULL), (20, 'Tokyo', 2, 1);
INSERT INTO passport VALUES (1, 1, 'red');
INSERT INTO team VALUES (1, 'A'), (2, 'B');
INSERT INTO member VALUES (10, 1), (10, 2), (20, 1);
CREATE OR REPLACE FUNCTION big_countries() RETURNS SETOF country LANGUAGE sql STABLE
  AS 'SELECT * FROM country WHERE id < 3';
NOTIFY pgrst, 'reload schema';
"""


@pytest.fixture
async def world(sandbox: Running) -> AsyncIterator[AsyncClient]:
    sandbox.sql(SCHEMA)
    async with httpx.AsyncClient(timeout=10, verify=authorities()) as http:
        client = AsyncClient(
            sandbox.url, sandbox.service_key, AsyncClientOptions(httpx_client=http, postgrest_client_retry=False)
        )
        yield client
    sandbox.sql("DROP FUNCTION big_countries(); DROP TABLE member, team, city, country, passport CASCADE")


Case = tuple[Any, list[dict[str, Any]]]
CASES: dict[str, Case] = {
    "to one": (
        lambda c: c.table("city").select("name,country!city_country_id_fkey(name)").order("id"),
        [
            {"name": "Paris", "country": {"name": "France"}},
            {"name": "Lyon", "country": {"name": "France"}},
            {"name": "Tokyo", "country": {"name": "Japan"}},
        ],
    ),
    "to one by column, alias, null": (
        lambda c: c.table("city").select("name,twin:twin_id(iso)").order("id"),
        [
            {"name": "Paris", "twin": {"iso": "JP"}},
            {"name": "Lyon", "twin": None},
            {"name": "Tokyo", "twin": {"iso": "FR"}},
        ],
    ),
    "to many, hint by column, empty": (
        lambda c: c.table("country").select("iso,city!country_id(name)").order("id"),
        [
            {"iso": "FR", "city": [{"name": "Paris"}, {"name": "Lyon"}]},
            {"iso": "JP", "city": [{"name": "Tokyo"}]},
            {"iso": None, "city": []},
        ],
    ),
    "one to one": (
        lambda c: c.table("country").select("iso,passport(colour)").in_("id", [1, 2]).order("id"),
        [{"iso": "FR", "passport": {"colour": "red"}}, {"iso": "JP", "passport": None}],
    ),
    "many to many": (
        lambda c: c.table("city").select("name,team(name)").eq("id", 10),
        [{"name": "Paris", "team": [{"name": "A"}, {"name": "B"}]}],
    ),
    "nested": (
        lambda c: c.table("country").select("iso,city!country_id(name,team(name))").eq("id", 2),
        [{"iso": "JP", "city": [{"name": "Tokyo", "team": [{"name": "A"}]}]}],
    ),
    "inner with a filter on the embedded": (
        lambda c: c.table("country").select("iso,city!country_id!inner(name)").eq("city.name", "Tokyo"),
        [{"iso": "JP", "city": [{"name": "Tokyo"}]}],
    ),
    "left with a filter on the embedded": (
        lambda c: c.table("country").select("iso,city!country_id(name)").eq("city.name", "Tokyo").order("id").limit(2),
        [{"iso": "FR", "city": []}, {"iso": "JP", "city": [{"name": "Tokyo"}]}],
    ),
    "or on a reference table": (
        lambda c: (
            c.table("country")
            .select("iso,city!country_id!inner(name)")
            .or_("name.eq.Lyon,name.eq.Tokyo", reference_table="city")
            .order("id")
        ),
        [{"iso": "FR", "city": [{"name": "Lyon"}]}, {"iso": "JP", "city": [{"name": "Tokyo"}]}],
    ),
    "order and limit of the embedded": (
        lambda c: (
            c.table("country")
            .select("iso,city!country_id(name)")
            .eq("id", 1)
            .order("name", foreign_table="city")
            .limit(1, foreign_table="city")
        ),
        [{"iso": "FR", "city": [{"name": "Lyon"}]}],
    ),
    "embedded is null": (
        lambda c: c.table("country").select("iso,city!country_id()").is_("city", "null"),
        [{"iso": None}],
    ),
    "or over embedded": (
        lambda c: (
            c.table("country")
            .select("name,city!country_id(),passport()")
            .or_("city.is.null,passport.not.is.null")
            .order("id")
        ),
        [{"name": "France"}, {"name": "Nowhere"}],
    ),
    "spread": (
        lambda c: c.table("city").select("name,...country_id(land:name)").eq("id", 20),
        [{"name": "Tokyo", "land": "Japan"}],
    ),
    "related order": (
        lambda c: c.table("city").select("name,country_id(name)").order("country_id(name)", desc=True).order("id"),
        [
            {"name": "Tokyo", "country_id": {"name": "Japan"}},
            {"name": "Paris", "country_id": {"name": "France"}},
            {"name": "Lyon", "country_id": {"name": "France"}},
        ],
    ),
    "rows of a function": (
        lambda c: c.rpc("big_countries", {}).select("iso,passport(colour)").order("id"),
        [{"iso": "FR", "passport": {"colour": "red"}}, {"iso": "JP", "passport": None}],
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_embedding(case: str, world: AsyncClient) -> None:
    build, expected = CASES[case]
    assert (await build(world).execute()).data == expected


async def test_counts_follow_inner_joins(world: AsyncClient) -> None:
    query = world.table("country").select("id,city!country_id!inner(id)", count="exact").eq("city.name", "Paris")
    answer = await query.execute()
    assert (len(answer.data), answer.count) == (1, 1)


async def test_a_write_gives_back_related_rows(world: AsyncClient) -> None:
    query = world.table("city").update({"name": "Kyoto"}).eq("id", 20).select("name,country!country_id(iso)")
    assert (await query.execute()).data == [{"name": "Kyoto", "country": {"iso": "JP"}}]


REFUSED = {
    "no relation": (lambda c: c.table("team").select("*,passport(*)"), "PGRST200"),
    "several": (lambda c: c.table("city").select("*,country(*)"), "PGRST201"),
    "not embedded": (lambda c: c.table("city").select("*").eq("country.name", "x"), "PGRST108"),
    "to-many order": (
        lambda c: c.table("country").select("*,city!country_id(*)").order("city(name)"),
        "PGRST118",
    ),
    "aggregate": (lambda c: c.table("city").select("count()"), "PGRST123"),
    "unknown column inside": (lambda c: c.table("city").select("team(nme)"), "42703"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_embedded_is_refused(case: str, world: AsyncClient) -> None:
    build, code = REFUSED[case]
    with pytest.raises(APIError) as caught:
        await build(world).execute()
    assert caught.value.code == code


async def test_csv(world: AsyncClient) -> None:
    answer = await world.table("country").select("id,name,iso").order("id").csv().execute()
    assert answer.data == "id,name,iso\n1,France,FR\n2,Japan,JP\n3,Nowhere,"


async def test_nulls_are_stripped(world: AsyncClient) -> None:
    answer = await world.table("country").select("name,iso").eq("id", 3).strip_nulls().execute()
    assert answer.data == [{"name": "Nowhere"}]
    one = await world.table("country").select("name,iso").eq("id", 3).strip_nulls().single().execute()
    assert one.data == {"name": "Nowhere"}


async def test_explain(world: AsyncClient) -> None:
    plan = await world.table("country").select("*").eq("id", 1).explain(format="json", verbose=True).execute()
    assert "Plan" in plan.data[0]
    text: Any = await world.table("country").select("*").explain(analyze=True).execute()
    assert "actual" in text
