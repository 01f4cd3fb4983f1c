"""The HTTP client asks for what httpx itself would ask for, in the same words, and keeps the cookies that come."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backend.http_client import LeanClient

_ADDRESS = "https://project.example/rest/v1/autonomous_tasks"
_LEAN, _PLAIN = (kind(headers={"apikey": "k"}, verify=False) for kind in (LeanClient, httpx.AsyncClient))
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(_TEXT, _TEXT), max_size=4), st.sampled_from([_ADDRESS, f"{_ADDRESS}?limit=1"]))
def test_an_address_is_what_httpx_makes_of_it_also_the_second_time(params: list[tuple[str, str]], url: str) -> None:
    asked = httpx.QueryParams(params)
    for _ in range(2):
        one = _LEAN.build_request("GET", url, params=asked, headers={"Prefer": "count=exact"})
        other = _PLAIN.build_request("GET", url, params=asked, headers={"Prefer": "count=exact"})
        assert (str(one.url), one.headers.raw) == (str(other.url), other.headers.raw)


def test_two_addresses_are_never_taken_for_one() -> None:
    client = LeanClient()
    asked = ({"a": "1", "b": "2"}, {"a": "1&b=2"}, {"a": "1", "b": ""}, {"a": "1"})
    urls = [str(client.build_request("GET", _ADDRESS, params=httpx.QueryParams(one)).url) for one in asked]
    assert len(set(urls)) == len(asked)


@pytest.mark.parametrize("told", ["", "session=x; Path=/"])
async def test_cookies_that_came_are_sent_back_and_none_is_made_up(told: str) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie", ""))
        return httpx.Response(200, headers={"set-cookie": told} if told else {})

    async with LeanClient(transport=httpx.MockTransport(answer)) as client:
        for _ in range(2):
            await client.get(_ADDRESS)
    assert seen == ["", "session=x" if told else ""]
