"""Nothing that others wrote does anything to the terminal: rows, answers of servers, values of the configuration."""

import asyncio
import base64
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
from core.domain.queries import Listing, Table
from core.monitor import Config, Monitor, Places
from tests.hostile import CONTROL, plant
from tests.running import ONE_SHAPE, SHAPES, Command, Running
from tests.tui.hand import Cells, Hand, Open, opened
from tests.wire import Act, answer, wire

__all__ = ["opened"]

_SEQUENCE: Final = re.compile(
    r"\x1b\[[<=>?]?[0-9:;]*[ -/]*[@-~]|\x1b[P\]X^_].*?(?:\x07|\x1b\\)|\x1b.|[\x00-\x1f]", re.S
)
_OURS: Final = re.compile(
    r"\x1b\[[0-9;]*m"  # colours and attributes
    r"|\x1b\[[0-9]+;[0-9]+H"  # where to write
    r"|[\r\n\x07]"
    r"|\x1b\[\?(?:7|25|1000|1002|1004|1006|1049|2004|2026)[hl]|\x1b\[\?20(?:26|48)\$p|\x1b\[>25u|\x1b\[<u"  # its modes
    r"|\x1b\]22;(?:default|pointer|text)\x07"  # the shape of the mouse pointer
)
COPY: Final = b"\x1b]52;c;"
_COPIED: Final = re.compile(r"\x1b\]52;c;([^\x07]*)\x07")
_CALLED: Final = re.compile(r"\x1b\]9;([^\x07\x1b]*)\x07")


def foreign(raw: bytes) -> set[str]:
    """Every sequence and control character in all that was sent that neither Textual nor we write ourselves."""
    text = _CALLED.sub("", _COPIED.sub("", raw.decode()))
    found = {sequence for sequence in _SEQUENCE.findall(text) if not _OURS.fullmatch(sequence)}
    return found | set(CONTROL.findall(_SEQUENCE.sub("", text)))


def leave(terminal: Hand) -> None:
    """It is live, quits when told to, and all it ever sent was its own."""
    terminal.await_text("LIVE")
    terminal.press("q")
    assert terminal.ended() == 0
    harmless(terminal)


def harmless(terminal: Hand) -> None:
    """All that it sent was its own, and its screen was left once, at the end."""
    assert foreign(terminal.raw) == set()
    assert terminal.raw.count(b"\x1b[?1049l") == 1
    rest = terminal.raw.decode().rsplit("\x1b[?1049l", 1)[1]
    assert re.sub(r"\x1b\[\?\d+[hl]", "", rest).strip("\r\n") == ""


def whole(terminal: Hand) -> None:
    """No wide character is cut in half, once it is painted."""
    screen = terminal.screen
    assert isinstance(screen, Cells)
    terminal.await_that(lambda _: screen.is_whole(), "a wide character is cut in half", 15.0)


@pytest.fixture(scope="module", params=SHAPES)
def hostile(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A project of each shape, hostile throughout. Nothing here changes it for good.

    A long text is longer than any record or document keeps; a megabyte of it is in `test_lists`.
    """
    running = Running(request.param)
    plant(running, 50_000)
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


LISTS: Final = {
    "t": "Tasks", "l": "Logs", "s": "Safety checks", "1": "Health", "3": "Degradation", "4": "Breakers",
    "5": "Key figures", "6": "Alerts", "7": "Events", "8": "Audit trail",
}  # fmt: skip
READ: Final = "tls8"
"""Lists whose rows are documents."""

RIGHT: Final = ("age", "took", "pri", "told", "since", "failed", "live", "value", "target")
"""Columns whose names stand at their right."""

DIALOGS: Final = {
    "\x05": ("Emergency stop (", "already stopped"),
    "u": ("Resume (", "It is stopped"),
    "h": ("Heal (", "- "),
    "o": ("Which action or task?", "retry: "),
    "a": ("Acknowledge which alert?", "emergency stop"),
    "r": ("Which breaker?", "hold one open"),
    "?": ("─ Help", "heal"),
    "\x10": ("Search for commands", "Acknowledge an alert"),
}


def blank(terminal: Hand, column: int, first: int, last: int) -> bool:
    """Whether a column of cells is empty from one line on to before another."""
    return all(terminal.screen.buffer[y][column].data == " " for y in range(first, last))


def line_of(terminal: Hand, word: str) -> int:
    """The first line that says `word`."""
    return next(y for y, line in enumerate(terminal.screen.display) if word in line)


def keeps_its_panels(terminal: Hand, gaps: tuple[int, ...]) -> bool:
    """Whether the columns of cells between panels are empty; what lies below is as wide as two."""
    if "1 Health" not in terminal.text:
        return False
    head, last = line_of(terminal, "1 Health"), terminal.screen.lines - 1
    below = next((y for y, line in enumerate(terminal.screen.display) if " Throughput " in line), last)
    return all(blank(terminal, column, head, last if column == gaps[0] else below) for column in gaps)


def keeps_its_columns(terminal: Hand, title: str) -> None:
    """In a list, the cell before each column is empty in every row, once nothing lies on it and it is painted."""
    terminal.await_that(lambda _: not crossed_columns(terminal, title), f"{title} runs into another column", 15.0)


def crossed_columns(terminal: Hand, title: str) -> list[int]:
    """Where a column begins that the one before runs into."""
    if f"─ {title}" not in terminal.text:
        return [0]
    rule = line_of(terminal, f"─ {title}")
    names = terminal.screen.display[rule + 1]
    begins = [match.start() for match in re.finditer(r"(?<=  )\w", names)]
    left = [begin for begin in begins if not names[begin:].startswith(RIGHT)]
    rows = range(rule + 1, terminal.screen.lines - 1)
    return [begin for begin in left if not all(keeps_apart(terminal, y, begin) for y in rows)]


def keeps_apart(terminal: Hand, y: int, begin: int) -> bool:
    """Whether the cell before a column is empty, or one text of one colour runs on where the column has nothing."""
    before, here = terminal.screen.buffer[y][begin - 1], terminal.screen.buffer[y][begin]
    return before.data == " " or before._replace(data="") == here._replace(data="")


TOURS: Final = {"documented wide": (200, 50), "deployed narrow": (80, 24)}


@pytest.mark.parametrize(
    ("hostile", "size"), [(name.split()[0], size) for name, size in TOURS.items()], indirect=["hostile"], ids=TOURS
)
def test_a_tour_through_hostile_rows_does_nothing_to_the_terminal(
    size: tuple[int, int], hostile: Running, command: Command, opened: Open
) -> None:
    width, _ = size
    hand = opened(command, hostile, size=size, WATCHDESK_ALERTS_BELL="1", WATCHDESK_ALERTS_DESKTOP="osc9")
    hand.await_text("LIVE")
    hand.await_text("STUCK")
    gaps = (89, 145) if width == 200 else ()
    hand.await_that(lambda _: keeps_its_panels(hand, gaps), f"panels run into columns {gaps}", 15.0)
    whole(hand)
    for key, title in LISTS.items():
        hand.press(key)
        hand.await_text(f"─ {title}")
        hand.gone("reading …")
        hand.await_text("q quit")
        keeps_its_columns(hand, title)
        whole(hand)
        if key in READ:
            hand.press("\r")
            hand.gone(f"─ {title}")
            hand.gone("reading …")
            whole(hand)
            copies(hand)
            hand.escape()
            hand.await_text(f"─ {title}")
        hand.escape()
        hand.gone(f"─ {title} ")
        hand.await_text("7 Events")
    for key, (heading, told) in DIALOGS.items():
        hand.press(key)
        hand.await_text(heading)
        hand.await_text(told)
        whole(hand)
        hand.escape()
        hand.gone(heading)
    copies(hand)
    leave(hand)
    copied = [base64.b64decode(one).decode() for one in _COPIED.findall(hand.raw.decode())]
    assert len(copied) == 1 + len(READ)
    assert "STOPPED LIVE" in copied[-1]
    assert not any(CONTROL.search(one) for one in copied)


def copies(terminal: Hand) -> None:
    """Copy what is there, and wait until it was sent."""
    before = terminal.raw.count(COPY)
    terminal.press("y")
    terminal.await_that(lambda _: terminal.raw.count(COPY) > before, "nothing was copied")


COMMANDS: Final = (
    ("status",), ("status", "--json"), ("logs", "--watchdog"), ("alerts",), ("orders",), ("undo", "\x1b[2J"),
)  # fmt: skip


@pytest.mark.parametrize("hostile", ["deployed"], indirect=True)  # they print records, whatever columns these were
def test_what_commands_print_of_hostile_rows_is_harmless(hostile: Running, command: Command, opened: Open) -> None:
    before = hostile.sql("SELECT id, status FROM autonomous_tasks ORDER BY id")
    failed = str(hostile.sql("SELECT id FROM autonomous_tasks WHERE status = 'failed' LIMIT 1")[0][0])
    for call in (*COMMANDS, ("retry", failed)):
        hand = opened(command, hostile, *call, size=(200, 50))
        if call[0] == "retry":
            hand.await_text("Go on?", 30.0)
            hand.press("n\n")
        hand.ended()
        assert foreign(hand.raw) == set(), call
        assert hand.raw.strip(), call
    done = command("status", "--json", sandbox=hostile)
    assert set(CONTROL.findall(done.stdout + done.stderr)) <= {"\n"}
    assert "evil" in json.dumps(json.loads(done.stdout), ensure_ascii=False)
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
    assert ready.wait(60)
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
        for key, title in {"t": "─ Tasks", "4": "─ Breakers", "h": "Heal ("}.items():
            terminal.press(key)
            terminal.await_text(title)
        terminal.await_text("cannot be read now")
        terminal.escape()
        terminal.gone("cannot be read now")
        whole(terminal)
        terminal.press("q")
        assert terminal.ended() == 0
        harmless(terminal)


CONFIGURED: Final = {
    "a name": ("evil\x1b[2J", {}),
    "a name that turns": ("prod\u202e", {}),
    "a name with nothing in it": ("pro\u200bd", {}),
    "a URL": ("p", {"url": "http://127.0.0.1:1\u202e/"}),
    "a URL's path": ("p", {"url": "http://127.0.0.1:1/a\x1b[2J"}),
    "an e-mail": ("p", {"email": "a@example.org\x1b]52;c;eA==\x07"}),
    "an e-mail that turns": ("p", {"email": "a\u202e@example.org"}),
    "a key": ("p", {"key": "sb_secret_\u200b"}),
}


def test_a_configuration_with_hidden_characters_is_refused_in_one_sentence(command: Command) -> None:
    for name in CONFIGURED:
        is_refused(name, command)


def is_refused(name: str, command: Command) -> None:
    """Run a command with such a configuration."""
    project, more = CONFIGURED[name]
    entry = {"url": "http://127.0.0.1:1", "key": "sb_secret_x", "password": "x"} | more
    place = command.home / "config" / "watchdesk" / "config.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"[projects.{json.dumps(project)}]", *(f"{key} = {json.dumps(value)}" for key, value in entry.items())]
    place.write_text("\n".join(lines))
    done = command("status")
    assert (done.returncode, done.stdout) == (2, ""), (name, done)
    assert done.stderr.count("\n") == 1, name
    assert not CONTROL.search(done.stderr.rstrip("\n")), name


def test_whom_a_token_names_is_shown_cleaned() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"sub": EVIL}).encode()).decode().rstrip("=")
    target = Target(name="p", url="http://127.0.0.1:1", key="sb_publishable_x", access_token=f"e.{claims}.s")
    assert "evil" in target.user
    assert not CONTROL.search(target.user)


@ONE_SHAPE
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
    rows = await monitor.parts.reads.logs.alert_rows(datetime.now(UTC) - timedelta(hours=1), ("heal",))
    assert sorted(row["text"] for row in rows) == ["deep", "deep", "plain", "plain"]
    await monitor.close()
