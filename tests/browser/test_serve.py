"""`watchdesk serve` in a real Chromium: it loads from us alone, is live, takes keys, refuses orders and others.

Run by `make browser`, where there is one.
"""

import http.server
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from core.base.colours import rgb
from tests.browser.chromium import Chromium
from tests.running import ONE_SHAPE, Running
from tests.tui.serve.serving import REFUSALS, Serve, Served, kept, serve
from tui.rendering.palettes import PALETTES
from tui.serve.gate import new_token

__all__ = ["serve"]

OK = rgb(PALETTES["dark"].roles["ok"])
"""The ground of a state that is well, in the dark theme."""


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    browser = Chromium()
    yield browser
    browser.close()


def await_monitors(served: Served, count: int) -> None:
    until = time.monotonic() + 20
    while len(served.monitors()) != count:
        assert time.monotonic() < until, served.monitors()
        time.sleep(0.1)


def test_it_loads_is_live_takes_keys_and_refuses_orders(sandbox: Running, serve: Serve, chromium: Chromium) -> None:
    sandbox.completed(20)
    served = serve(sandbox)
    chromium.open(served.address)
    for word in ("LIVE", "observing", "Health"):
        chromium.await_text(word)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('came just now', 'pending')")
    chromium.await_text("came just now")
    chromium.press("?")
    chromium.await_text("escape closes")
    chromium.press("\ue00c")
    chromium.await_text("escape closes", gone=True)
    before = kept(sandbox)
    for key in ("h", "p", "d", "n"):
        chromium.press(key)
        chromium.await_text(REFUSALS[key])
    assert kept(sandbox) == before
    await_monitors(served, 1)
    chromium.driver.get("about:blank")
    await_monitors(served, 0)


def test_the_lists_are_read_filtered_and_grouped_but_nothing_is_changed_from_them(
    sandbox: Running, serve: Serve, chromium: Chromium
) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, requires_approval, error_message, completed_at)"
        " SELECT 'task ' || i, CASE WHEN i < 4 THEN 'awaiting_review' ELSE 'failed' END, i < 4,"
        " CASE WHEN i < 4 THEN NULL ELSE 'timeout after ' || i || ' ms' END, now() FROM generate_series(1, 9) AS i"
    )
    served = serve(sandbox)
    chromium.open(served.address)
    chromium.await_text("LIVE")
    before = kept(sandbox)
    for keys, word in (
        ("i", "Inbox"),
        ("t", "Tasks"),
        ("/", "filter"),
        ("status:failed\ue007", "filter: status:failed"),
        ("\ue00c", "Tasks 1/9"),
        ("\ue00c", "Health"),
        ("C", "max_daily_tasks"),
        ("V", "Figures"),
        ("s", "Safety"),
        (":", "tasks"),
        ("groups error\ue007", "timeout after"),
    ):
        chromium.press(keys)
        chromium.await_text(word)
    assert kept(sandbox) == before
    assert chromium.complaints() == []


@ONE_SHAPE
def test_it_is_really_seen_and_asks_nobody_else(sandbox: Running, serve: Serve, chromium: Chromium) -> None:
    served = serve(sandbox, "--wall")
    chromium.open(served.address)
    chromium.await_text("LIVE, seen")
    until = time.monotonic() + 20
    while (share := chromium.painted(*OK)) < 0.2:
        assert time.monotonic() < until, f"{share:.0%} is green"
    assert chromium.complaints() == []
    chromium.read()
    others = {url for url in chromium.asked if not url.startswith(("data:", "chrome:", "chrome-untrusted:", "about:"))}
    assert f"{served.address}static/js/textual.js" in others
    mine = (served.address, f"ws://{served.host}/{served.token}/ws?")
    assert {url for url in others if not url.startswith(mine)} == set()


@ONE_SHAPE
def test_a_line_that_is_dead_without_having_ended_is_not_taken_for_live(
    sandbox: Running, serve: Serve, chromium: Chromium
) -> None:
    served = serve(sandbox)
    chromium.open(served.address)
    chromium.await_text("LIVE")
    assert not chromium.is_marked_as_over()
    served.process.send_signal(signal.SIGSTOP)
    chromium.later(40)
    time.sleep(6)  # the page looks every five
    assert not chromium.is_marked_as_over()
    chromium.later(46)
    await_mark(chromium, over=True)
    served.process.send_signal(signal.SIGCONT)
    await_mark(chromium, over=False)


def await_mark(chromium: Chromium, *, over: bool) -> None:
    until = time.monotonic() + 20
    while chromium.is_marked_as_over() is not over:
        assert time.monotonic() < until
        time.sleep(0.1)


@ONE_SHAPE
def test_a_wrong_token_shows_nothing(sandbox: Running, serve: Serve, chromium: Chromium) -> None:
    served = serve(sandbox)
    for wrong in ("", f"{new_token()}/", f"{served.token[:-1]}/"):
        chromium.open(f"{served.origin}/{wrong}")
        chromium.await_source("the address is not complete")
        chromium.read()
    assert not any(url.startswith("ws:") for url in chromium.asked)
    assert served.monitors() == []


@ONE_SHAPE
def test_another_page_cannot_look_even_if_it_knows_the_address(
    sandbox: Running, serve: Serve, chromium: Chromium
) -> None:
    served = serve(sandbox)
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    chromium.open(f"http://127.0.0.1:{other.server_port}/")
    script = """
        const [address, done] = arguments;
        const socket = new WebSocket(address);
        socket.onopen = () => done("open");
        socket.onerror = () => done("refused");
    """
    websocket = f"ws://{served.host}/{served.token}/ws?width=80&height=24"
    assert chromium.driver.execute_async_script(script, websocket) == "refused"
    framed = """
        const [address, done] = arguments;
        const frame = document.createElement("iframe");
        frame.onload = () => setTimeout(() => done(true), 1500);
        frame.src = address;
        document.body.append(frame);
    """
    assert chromium.driver.execute_async_script(framed, served.address)
    assert served.monitors() == []
    other.shutdown()
    other.server_close()


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A page of somebody else's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>elsewhere</title><body>")

    def log_message(self, *_: object) -> None:
        """Not among the tests' lines."""
