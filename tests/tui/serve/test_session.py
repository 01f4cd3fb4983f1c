"""A monitor per browser: live, read-only for good, and gone with its page or with the server, however those end."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.running import ONE_SHAPE, ROOT, Command, Running
from tests.tui.hand import Open, opened
from tests.tui.serve.serving import REFUSALS, Page, Serve, Served, gone, kept, killed, look, refused, serve
from tui.serve.driver import BEAT_S
from tui.serve.session import InputBlocked, Session, cells

__all__ = ["opened", "serve"]


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def until_gone(pids: list[int]) -> None:
    async with asyncio.timeout(60):
        while not gone(pids):
            await asyncio.sleep(0.05)


def pids(served: Served) -> list[int]:
    return [one.pid for one in served.monitors()]


@ONE_SHAPE
async def test_panels_are_live_keys_work_orders_are_refused_and_observe_is_not_lifted(
    sandbox: Running, serve: Serve, client: aiohttp.ClientSession
) -> None:
    sandbox.completed(20)
    sandbox.stuck(3)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('it broke', 'failed')")
    served = serve(sandbox)
    page = await look(client, served, 120, 40)
    for word in ("LIVE", "checked", "observing", "STUCK", "it broke"):
        await page.await_text(word)
    before, asked = kept(sandbox), sandbox.functions()
    for key in REFUSALS:
        if key == "R":
            await page.type("t")
            await page.await_text("follows")
        await page.refuses(key)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('came just now', 'pending')")
    await page.await_text("came just now")
    sandbox.sql("DELETE FROM autonomous_tasks WHERE description = 'came just now'")
    await page.type("\x10")
    await page.await_text("Search")
    await page.type("allow actions")
    await page.await_text("not now: this screen is read-only")
    await page.type("\r")
    await page.await_text("Search", gone=True)
    await page.await_text("Allow actions: this screen is read-only")
    assert "for 15 min" not in page.text
    assert kept(sandbox) == before
    assert sandbox.functions() == asked
    assert page.told == []


@ONE_SHAPE
async def test_it_does_not_take_the_place_of_the_monitor_that_acts(
    sandbox: Running, serve: Serve, client: aiohttp.ClientSession, command: Command, opened: Open
) -> None:
    sandbox.stuck(4)
    page = await look(client, serve(sandbox), 120, 40)
    await page.await_text("STUCK")
    await page.await_text("tasks are stuck")  # judged for itself: nobody else is there
    terminal = opened(command, sandbox, size=(120, 40))
    text = await asyncio.to_thread(terminal.await_text, "tasks are stuck", 30.0)
    assert "this one is on standby" not in text + page.text


@ONE_SHAPE
async def test_it_has_the_size_of_its_page_whatever_that_says(
    sandbox: Running, serve: Serve, client: aiohttp.ClientSession
) -> None:
    served = serve(sandbox, "--wall")
    page = await look(client, served, 80, 24)
    await page.await_text("b back  q quit")
    assert page.screen.display[-1].startswith(" b back")
    page.screen.resize(40, 60)
    await page.socket.send_json(["resize", {"width": 60, "height": 40}])
    await page.await_text("LIVE, seen")
    while not page.screen.display[-1].startswith(" b back"):
        assert await page.read()
    await page.socket.send_json(["resize", {"width": 10**9, "height": -3}])
    await page.socket.send_json(["resize", {"width": 60, "height": 40}])
    await page.type("b")
    await page.await_text("Health")


@ONE_SHAPE
async def test_a_page_hears_of_a_monitor_whose_picture_stands(
    sandbox: Running, serve: Serve, client: aiohttp.ClientSession
) -> None:
    page = await look(client, serve(sandbox))
    await page.await_text("LIVE")
    await page.type(" ")
    await page.await_text("FROZEN")
    async with asyncio.timeout(3 * BEAT_S):
        while (message := await page.socket.receive()).type is not aiohttp.WSMsgType.BINARY or message.data:
            pass


def test_no_size_is_taken_as_it_is_told() -> None:
    assert [cells(number) for number in (80, "80", 0, -1, 10**12)] == [80, 80, 1, 1, 500]


NONSENSE = ("no json", '["stdin", 5]', '["resize", {"width": "wide", "height": 1}]')


@ONE_SHAPE
async def test_nonsense_ends_its_own_session_and_no_other(
    sandbox: Running, serve: Serve, client: aiohttp.ClientSession
) -> None:
    served = serve(sandbox)
    other = await look(client, served)
    await other.await_text("LIVE")
    its = set(pids(served))
    for nonsense in NONSENSE:
        page = await look(client, served)
        assert await page.read(), nonsense
        await page.socket.send_str(nonsense)
        await page.ended()
        await until_gone([pid for pid in pids(served) if pid not in its])
        assert (await client.get(served.address)).status == 200, nonsense
    assert its <= set(pids(served))
    await other.settled()


# Ends


@ONE_SHAPE
async def test_a_closed_page_and_q_end_its_monitor_and_make_room(
    sandbox: Running, serve: Serve, client: aiohttp.ClientSession
) -> None:
    served = serve(sandbox, "--most", "1")
    page = await look(client, served)
    await page.await_text("LIVE")
    first = pids(served)
    assert len(first) == 1
    assert await refused(client, f"{served.address}ws", Origin=served.origin) == 503
    await page.socket.close()
    await until_gone(first)
    second = await room(client, served)
    await second.await_text("LIVE")
    await second.type("q")
    await second.ended()
    await until_gone(pids(served))
    assert (await client.get(served.address)).status == 200


async def room(client: aiohttp.ClientSession, served: Served) -> Page:
    """As soon as there is some."""
    for _ in range(200):
        try:
            return await look(client, served)
        except aiohttp.WSServerHandshakeError:
            await asyncio.sleep(0.05)
    raise AssertionError("there is no room")


@ONE_SHAPE
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_all_monitors_and_gives_the_port_back(
    number: int, sandbox: Running, serve: Serve, client: aiohttp.ClientSession
) -> None:
    served = serve(sandbox)
    pages = [await look(client, served) for _ in range(2 if number == signal.SIGTERM else 1)]
    for page in pages:
        await page.await_text("LIVE")
    running = pids(served)
    assert len(running) == len(pages)
    assert await asyncio.to_thread(served.end, number) == 0
    assert gone(running)
    for page in pages:
        await page.ended()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", served.port))
        again.listen()


@ONE_SHAPE
async def test_monitors_end_with_a_server_that_was_killed(
    sandbox: Running, serve: Serve, client: aiohttp.ClientSession
) -> None:
    served = serve(sandbox)
    page = await look(client, served)
    await page.await_text("LIVE")
    running = pids(served)
    killed(served)
    await until_gone(running)


async def test_a_monitor_that_does_not_end_is_killed() -> None:
    closed = asyncio.Event()

    async def close() -> None:
        closed.set()

    stubborn = (
        "import signal,sys,time; signal.signal(15, signal.SIG_IGN); print('__GANGLION__', flush=True); time.sleep(99)"
    )
    session = session_of(stubborn, [], [], close)
    await session.start(80, 24)
    process = session._process
    assert process is not None
    await session.stop()
    assert process.returncode == -signal.SIGKILL


@ONE_SHAPE
async def test_one_that_takes_no_keys_any_more_ends_with_its_page_nevertheless(
    sandbox: Running, serve: Serve, client: aiohttp.ClientSession
) -> None:
    served = serve(sandbox)
    page = await look(client, served)
    await page.await_text("LIVE")
    (monitor,) = served.monitors()
    monitor.suspend()
    for _ in range(10):  # more than any pipe holds
        await page.type("x" * 60_000)
    await page.ended()
    await until_gone([monitor.pid])
    assert (await client.get(served.address)).status == 200


async def nothing(*_: object) -> None:
    """Takes what it is given."""


async def forever(*_: object) -> None:
    """Takes nothing: a browser that does not read."""
    await asyncio.Event().wait()


@pytest.mark.parametrize("reads", [True, False])
async def test_a_monitor_whose_input_is_full_is_killed_in_time(reads: bool) -> None:
    deaf = """
import os, time
os.write(1, b"__GANGLION__\\n")
for _ in range(99):
    os.write(1, b"D\\0\\0\\0\\1x" * 9_999)
time.sleep(99)
"""
    session = Session(
        [sys.executable, "-c", deaf],
        write_bytes=nothing if reads else forever,
        write_str=nothing,
        close=nothing,
        download_manager=None,  # type: ignore[arg-type]  # nothing is downloaded
    )
    await session.start(80, 24)
    process = session._process
    assert process is not None
    session.stdin.write(b"x" * 1_000_000)
    await asyncio.wait_for(session.stop(0.2), 10)
    assert process.returncode == -signal.SIGKILL


async def test_who_takes_no_keys_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.serve.session.DEAF_S", 0.2)
    session = session_of("import time; time.sleep(99)", [], [], nothing)
    await session.start(80, 24)
    session.stdin.write(b"x" * 1_000_000)
    with pytest.raises(InputBlocked):
        await asyncio.wait_for(session.send_bytes(b"x"), 10)
    await asyncio.wait_for(session.stop(0.2), 10)


# What is not given away


def session_of(script: str, pictures: list[bytes], told: list[str], close: object) -> Session:
    async def picture(data: bytes) -> None:
        pictures.append(data)

    async def tell(text: str) -> None:
        told.append(text)

    return Session(
        [sys.executable, "-c", script], write_bytes=picture, write_str=tell, close=close, download_manager=None
    )


async def test_of_what_a_monitor_asks_only_pictures_and_its_end_reach_the_browser() -> None:
    closed = asyncio.Event()

    async def close() -> None:
        closed.set()

    script = """
import os, json
put = lambda kind, data: os.write(1, kind + len(data).to_bytes(4, "big") + data)
os.write(1, b"a warning of some library\\n__GANGLION__\\n")
put(b"D", b"one")
put(b"M", json.dumps({"type": "open_url", "url": "https://example.org", "new_tab": True}).encode())
put(b"M", json.dumps({"type": "deliver_file_start", "key": "k", "path": "/etc/passwd", "open_method": "browser",
                      "mime_type": "text/html", "encoding": "", "name": None}).encode())
put(b"P", b"t2:13:deliver_chunk")
put(b"D", b"two")
put(b"M", b'{"type": "exit"}')
"""
    pictures: list[bytes] = []
    told: list[str] = []
    session = session_of(script, pictures, told, close)
    await session.start(80, 24)
    async with asyncio.timeout(60):
        await closed.wait()
    await session.stop()
    assert (pictures, told) == ([b"one", b"two"], [])


def test_an_app_that_opens_addresses_and_delivers_files_sends_pictures_alone() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tui.serve.greedy"],
        cwd=ROOT,
        env=os.environ | {"TEXTUAL_DRIVER": "tui.serve.driver:BrowserDriver", "COLUMNS": "80", "ROWS": "24"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process, process.stdout as stdout:
        assert stdout.readline() == b"__GANGLION__\n"
        packets = []
        while kind := stdout.read(1):
            packets.append((kind, stdout.read(int.from_bytes(stdout.read(4), "big"))))
        process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
    others = [payload for kind, payload in packets if kind != b"D"]
    assert others == [b'{"type": "exit"}']
    sent = b"".join(payload for kind, payload in packets if kind == b"D")
    assert b"\x1b[?1049h" in sent
    assert b"example.org" not in sent
    assert b"\x1b[?1003h" not in sent  # a report for each move of the pointer
