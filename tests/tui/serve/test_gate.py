"""Who is let in, and who is not: token, host, origin, on page, files and WebSocket alike."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.tui.serve.serving import Serve, Served, refused, serve
from tests.warm import Warm
from tui.serve.gate import new_token

__all__ = ["serve"]

pytestmark = ONE_SHAPE

PATHS = ("", "ws", "static/js/textual.js", "static/css/xterm.css", "static/", "focus.js", "download/x", "nowhere")


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(scope="module")
def served(session_sandbox: Running, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all whom it does not let in, or lets read: none of them leaves anything there."""
    one = Served(Command(tmp_path_factory.mktemp("served"), warm), session_sandbox)
    yield one
    one.dispose()


@pytest.fixture
def own(sandbox: Running, serve: Serve) -> Served:
    """One that a test ends itself."""
    return serve(sandbox)


async def test_the_page_and_its_files_are_served_and_name_nobody_else(
    served: Served, client: aiohttp.ClientSession
) -> None:
    async with client.get(served.address) as answer:
        page = await answer.text()
        assert answer.status == 200
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert f'data-session-websocket-url="ws://{served.host}/{served.token}/ws"' in page
    assert page.count("//") == 1
    for path in (
        "static/js/textual.js",
        "static/css/xterm.css",
        "static/fonts/RobotoMono-VariableFont_wght.ttf",
        "focus.js",
    ):
        assert path in page
        async with client.get(served.address + path) as answer:
            assert (answer.status, answer.headers["Referrer-Policy"]) == (200, "no-referrer")


@pytest.mark.parametrize("given", ["none", "empty", "another", "a part", "with more", "in the query", "upper"])
async def test_a_missing_or_wrong_token_is_refused_everywhere(
    given: str, served: Served, client: aiohttp.ClientSession
) -> None:
    token = {
        "none": "",
        "empty": "/",
        "another": f"{new_token()}/",
        "a part": f"{served.token[:-1]}/",
        "with more": f"{served.token}x/",
        "in the query": f"?token={served.token}&x=/",
        "upper": f"{served.token.swapcase()}/",
    }[given]
    for path in PATHS:
        async with client.get(f"{served.origin}/{token}{path}") as answer:
            assert answer.status == 403, path
            assert served.token not in await answer.text()
            assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert await refused(client, f"{served.origin}/{token}ws", Origin=served.origin) == 403
    assert served.monitors() == []


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "0.0.0.0:{port}"]
)
async def test_a_name_that_was_made_to_point_here_is_refused(
    host: str, served: Served, client: aiohttp.ClientSession
) -> None:
    name = host.format(port=served.port)
    for path in PATHS:
        async with client.get(served.address + path, headers={"Host": name}) as answer:
            assert answer.status == 403, path
    assert await refused(client, f"{served.address}ws", Host=name, Origin=f"http://{name}") == 403
    assert served.monitors() == []


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://localhost:1", "https://127.0.0.1:{port}"]
)
async def test_another_page_opens_no_websocket(
    origin: str | None, served: Served, client: aiohttp.ClientSession
) -> None:
    headers = {} if origin is None else {"Origin": origin.format(port=served.port)}
    assert await refused(client, f"{served.address}ws", **headers) == 403
    assert served.monitors() == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_is_sent_to_it(method: str, served: Served, client: aiohttp.ClientSession) -> None:
    async with client.request(method, served.address) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    "line", ["OPTIONS * HTTP/1.1", "CONNECT {host} HTTP/1.1", "GET {host} HTTP/1.1", "GET * HTTP/1.1"]
)
async def test_a_line_that_names_no_path_is_refused_without_a_fuss(line: str, own: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", own.port)
    writer.write(f"{line}\r\nHost: {{host}}\r\nConnection: close\r\n\r\n".replace("{host}", own.host).encode())
    status = (await asyncio.wait_for(reader.readline(), 10)).split()[1]
    writer.close()
    assert status in {b"400", b"403"}
    assert own.end() == 0
    assert "Traceback" not in own.stderr.read()


async def test_nothing_can_be_taken_away_and_a_tunnel_may_have_its_own_port(
    served: Served, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{served.address}download/x") as answer:
        assert answer.status == 404
    async with client.get(served.address, headers={"Host": "localhost:9000"}) as answer:
        assert f"ws://localhost:9000/{served.token}/ws" in await answer.text()


async def test_the_address_is_printed_once_and_is_in_no_log(
    own: Served, client: aiohttp.ClientSession, command: Command
) -> None:
    for path in PATHS:
        async with client.get(own.address + path):
            pass
    assert own.end() == 0
    said = own.stderr.read()
    assert own.stdout.read() == ""
    assert f"ssh -L {own.port}:127.0.0.1:{own.port} " in said
    assert len(said.splitlines()) == 1
    logged = "".join(path.read_text() for path in command.home.rglob("watchdesk.log*"))
    assert own.token not in said + logged
