"""Nothing that others wrote does anything to the terminal: rows, answers of servers, values of the configuration."""

import asyncio
import base64
import codecs
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from core.backend.target import Target
from core.listing import Listing, Table
from core.monitor import Config, Monitor, Places
from tests.hostile import CONTROL, plant
from tests.running import SHAPES, Command, Running
from tests.screen.hand import Cells, Hand, Open, opened
from tests.wire import Act, answer, wire

__all__ = ["opened"]

_SEQUENCE: Final = re.compile(
    r"\x1b\[[<=>?]?[0-9:;]*[ -/]*[@-~]|\x1b[P\]X^_].*?(?:\x07|\x1b\\)|\x1b.|[\x00-\x1f]", re.S
)
_OURS: Final = re.compile(
    r"\x1b\[[0-9;]*m"  # colours and attributes
    r"|\x1b\[[0-9]+;[0-9]+H"  # where to write
    r"|[\r\n\x07]"
    r"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004)[hl]|\x1b\[\?20(?:26|48)\$p|\x1b\[>25u|\x1b\[<u"  # its modes
    r"|\x1b\]22;(?:default|pointer|text)\x07"  # the shape of the mouse pointer
)
_UNFINISHED: Final = re.compile(r"\x1b(?:\[[^A-Za-z]*|\][^\x07]*)?$")
_COPIED: Final = re.compile(r"\x1b\]52;c;([^\x07]*)\x07")
_CALLED: Final = re.compile(r"\x1b\]9;([^\x07\x1b]*)\x07")


def foreign(raw: bytes) -> set[str]:
    """Every sequence and control character in what was sent that neither Textual nor we write ourselves."""
    text = codecs.getincrementaldecoder("utf-8")().decode(raw)  # its end may be under way
    text = _CALLED.sub("", _COPIED.sub("", _UNFINISHED.sub("", text)))
    found = {sequence for sequence in _SEQUENCE.findall(text) if not _OURS.fullmatch(sequence)}
    return found | set(CONTROL.findall(_SEQUENCE.sub("", text)))


def in_order(terminal: Hand) -> None:
    """What it sent is its own, and it lives, on its own screen."""
    assert foreign(terminal.raw) == set()
    assert terminal.process.poll() is None
    assert b"\x1b[?1049l" not in terminal.raw
    assert isinstance(terminal.screen, Cells)
    assert terminal.screen.is_whole()


@pytest.fixture(scope="module", params=SHAPES)
def hostile(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A project of each shape, hostile throughout. Nothing here changes it for good."""
    running = Running(request.param)
    plant(running)
    yield running
    running.close()


def test_the_parser_finds_what_is_not_ours() -> None:
    assert foreign(b"\x1b[1;2mfine\x1b[3;4H\x1b[?1049h") == set()
    for one in (
        "\x1b[2J",
        "\x1b]0;t\x07",
        "\x1b]8;;x\x1b\\",
        "\x1bP+q\x1b\\",
        "\x1bc",
        "\x0e",
        "\t",
        "\u009b",
        "\u202e",
    ):
        assert foreign(f"a{one}b".encode()), one


SIZES: Final = {"wide": (200, 50), "narrow": (80, 24)}
LISTS: Final = {
    "t": "Tasks", "l": "Logs", "s": "Safety checks", "1": "Health", "3": "Degradation", "4": "Breakers",
    "5": "KPIs", "6": "Alerts", "7": "Events", "8": "Audit trail",
}  # fmt: skip


RIGHT: Final = ("age", "took", "pri", "told", "since", "failed", "live", "value", "target")
"""Columns whose names stand at their right."""


def blank(terminal: Hand, column: int, first: int, last: int) -> bool:
    """Whether a column of cells is empty from one line on to before another."""
    return all(terminal.screen.buffer[y][column].data == " " for y in range(first, last))


@pytest.mark.parametrize("size", SIZES)
def test_lists_and_documents_of_hostile_rows_keep_their_layout(
    size: str, hostile: Running, command: Command, opened: Open
) -> None:
    width, height = SIZES[size]
    terminal = opened(command, hostile, size=SIZES[size])
    terminal.await_text("LIVE")
    terminal.await_text("STUCK")
    head = next(y for y, line in enumerate(terminal.screen.display) if "1 Health" in line)
    for column in (87, 143) if width == 200 else (44,):
        assert blank(terminal, column, head, height - 1), column
    for key, title in LISTS.items():
        terminal.press(key)
        terminal.await_text(f"─ {title}")
        terminal.gone("reading …")
        rule = next(y for y, line in enumerate(terminal.screen.display) if line.startswith(f"─ {title}"))
        names = terminal.screen.display[rule + 1]
        for begin in (match.start() for match in re.finditer(r"(?<=  )\w", names)):
            right = names[begin:].startswith(
                ("age", "took", "pri", "told", "since", "failed", "live", "value", "target")
            )
            assert right or blank(terminal, begin - 1, rule + 1, height - 1), (title, begin)
        terminal.await_text("q quit")
        terminal.press("\r")
        terminal.read(0.3)
        in_order(terminal)
        terminal.press("\x1b")
        terminal.read(0.3)
        terminal.press("\x1b")
        terminal.await_text("1 Health") if width == 200 else terminal.await_text("─ 2 Tasks")
    terminal.await_text("LIVE")
    in_order(terminal)
    terminal.press("q")
    assert terminal.ended(5.0) == 0
    assert foreign(terminal.raw) == set()


DIALOGS: Final = {
    "\x05": ("EMERGENCY STOP", "already stopped"),
    "u": ("Lift the emergency stop", "It is stopped"),
    "h": ("Heal ", "•"),
    "p": ("Run pending", "pending."),
    "d": ("Dry-run of", "Dry-run is"),
    "o": ("Which order or task?", "retry: "),
    "z": ("Silence what?", "everything"),
    "a": ("Take care of which alert?", "emergency stop"),
    "r": ("Which breaker?", "hold one open"),
    "?": ("Notices", "heal"),
    "\x10": ("Heal", "shows the plan"),
}


@pytest.mark.parametrize("size", SIZES)
def test_dialogs_and_notifications_about_hostile_rows_do_nothing(
    size: str, hostile: Running, command: Command, opened: Open
) -> None:
    terminal = opened(command, hostile, size=SIZES[size], WATCHDESK_ALERTS_BELL="1", WATCHDESK_ALERTS_DESKTOP="osc9")
    terminal.await_text("LIVE")
    terminal.await_text("STUCK")
    for key, words in DIALOGS.items():
        terminal.press(key)
        for word in words:
            terminal.await_text(word)
        in_order(terminal)
        terminal.press("\x1b")
        terminal.gone(words[0])
    terminal.press("a")
    terminal.await_text("Take care of which alert?")
    terminal.read(0.4)
    terminal.press("\x1b[B\r")
    terminal.await_text("acknowledged")
    terminal.press("y")
    terminal.await_text("copied, if")
    terminal.press("/status:failed\r")
    terminal.await_text("filter: status:failed")
    terminal.gone("reading …")
    terminal.press("\r")
    terminal.await_text("All columns") if size == "wide" else terminal.await_text("─ Task ")
    terminal.gone("reading …")
    terminal.press("\r")
    terminal.await_text("retry: send it back")
    terminal.read(0.4)
    terminal.press("\x1b[B\r")
    terminal.await_text("Retry a failed task")
    terminal.await_text("task ")
    in_order(terminal)
    terminal.read(0.4)
    terminal.press("\x1b")
    terminal.gone("Retry a failed task")
    terminal.press("y")
    terminal.await_text("copied, if")
    terminal.await_text("LIVE")
    in_order(terminal)
    copied = [base64.b64decode(one).decode() for one in _COPIED.findall(terminal.raw.decode())]
    assert len(copied) == 2
    assert "STOPPED LIVE" in copied[0]
    assert not any(CONTROL.search(one) for one in copied)
    terminal.press("q")
    assert terminal.ended(5.0) == 0
    assert terminal.raw.decode().rsplit("\x1b[?1049l", 1)[1].strip("\r\n") in {"\x1b[?25h\x1b[?1004l", ""}


PIPED: Final = (("status", "--json"), ("logs", "--healing", "--json"), ("logs", "--watchdog"), ("undo", "\x1b[2J"))
SHOWN: Final = (("status",), ("logs", "--healing"), ("alerts",), ("orders",), ("retry", "\x1b[2J"))


def of_failed(sandbox: Running) -> tuple[str, ...]:
    """Hostile failed tasks."""
    return tuple(
        str(name) for (name,) in sandbox.sql("SELECT id FROM autonomous_tasks WHERE status = 'failed' LIMIT 3")
    )


def test_what_commands_print_of_hostile_rows_is_harmless(hostile: Running, command: Command, opened: Open) -> None:
    before = hostile.sql("SELECT id, status FROM autonomous_tasks ORDER BY id")
    for call in PIPED:
        done = command(*call, sandbox=hostile)
        assert done.stdout or done.stderr, call
        for text in (done.stdout, done.stderr):
            assert set(CONTROL.findall(text)) <= {"\n"}, (call, text)
        if "--json" in call:
            assert "evil" in json.dumps(json.loads(done.stdout), ensure_ascii=False)
    asked = [("retry", name) for name in of_failed(hostile)]
    for call in (*SHOWN, *asked):
        terminal = opened(command, hostile, *call, size=(200, 50))
        if call in asked:
            terminal.await_text("Go on?")
            terminal.press("n\n")
        terminal.ended(20.0)
        assert foreign(terminal.raw) == set(), call
        assert len(terminal.raw) > 10, call
    assert hostile.sql("SELECT id, status FROM autonomous_tasks ORDER BY id") == before


EVIL: Final = "evil\x1b[2J\x1b]52;c;ZXZpbA==\x07\u009b2J\u202e\x1b]0;t\x07\n\x1b[?1049l"
ANSWERS: Final = {
    "a web page": answer(f"<html><title>{EVIL}</title>".encode(), "503 Service Unavailable", "text/html"),
    "an error of the API": answer(
        json.dumps({"message": EVIL, "code": EVIL, "hint": EVIL, "details": EVIL}, ensure_ascii=False).encode(),
        "500 Internal Server Error",
    ),
    "an error of the database": answer(
        json.dumps({"message": EVIL, "code": "42501", "hint": EVIL, "details": EVIL}).encode(), "403 Forbidden"
    ),
    "data that are text": answer(json.dumps(EVIL).encode()),
    "headers": answer(b"{}", "418 evil\x1b[2J", headers="Retry-After: \x1b[2J\r\nDate: \x1b[2J\r\n"),
}


@contextmanager
def answering(act: Act) -> Iterator[str]:
    """A server that answers everything in one way, while the test waits for a terminal; its URL."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    url = ""

    async def serve() -> None:
        nonlocal url
        async with wire() as one:
            one.acts["/"] = act
            url = one.url
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_server_answers_does_nothing(name: str, command: Command, opened: Open) -> None:
    with answering(ANSWERS[name]) as url:
        env = {"SUPABASE_URL": url, "SUPABASE_KEY": "sb_secret_x"}
        for call in (("status",), ("retry", "x")):
            done = command(*call, **env)
            assert done.returncode != 0
            assert set(CONTROL.findall(done.stdout + done.stderr)) <= {"\n"}, call
        terminal = opened(command, None, size=(140, 40), **env)
        terminal.await_text("UNKNOWN")
        terminal.await_text("7 Events")
        for key, title in {"t": "─ Tasks", "4": "─ Breakers", "h": "Heal "}.items():
            terminal.press(key)
            terminal.await_text(title)
        terminal.await_text("cannot be read now")
        terminal.press("\x1b")
        terminal.gone("cannot be read now")
        in_order(terminal)
        terminal.press("q")
        assert terminal.ended(5.0) == 0
        assert foreign(terminal.raw) == set()


@pytest.mark.parametrize("depth", [800, 5_000])
async def test_one_row_nested_too_deeply_hides_no_other(depth: int, sandbox: Running, tmp_path: Path) -> None:
    for text in ("plain", "deep"):
        nested = f"[{'[' * depth}{']' * depth}]" if text == "deep" else "1"
        row = f'{{"text": "{text}", "rule": "r", "order": "heal", "nested": {nested}, "]}}[{{": "[[["}}'
        sandbox.sql(
            "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data) VALUES"
            " ('watchdog_alert_critical', 'failed', %s), ('watchdog_healing', 'completed', %s)",
            row,
            row,
        )
    monitor = Monitor(
        Config(target=Target(name="probe", url=sandbox.url, key=sandbox.service_key)), places=Places.within(tmp_path)
    )
    found = (await monitor.page(Listing(table=Table.LOGS), 0, 20)).rows
    assert sorted(row.summary for row in found) == ["deep", "deep", "plain", "plain"]
    for row in found:
        detail = await monitor.log_detail(row.id)
        assert detail is not None
    await monitor.refresh(everything=True)
    await monitor.check()
    await monitor.look_at_alerts()
    assert monitor.faults() == ()
    rows = await monitor.rooms.live.alert_rows(datetime.now(UTC) - timedelta(hours=1), ("heal",))
    assert sorted(row["text"] for row in rows) == ["deep", "deep", "plain", "plain"]
    await monitor.close()
