"""`config init`: asks, tries, writes a file that is whole and private, and replaces none unasked."""

import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from core.backend.target import Target
from core.base.settings import Layers
from core.services.config import SECTIONS, read_sections
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Hand
from tui.base.settings import ScreenSettings
from tui.cli.config_template import config_text, name_of


@pytest.fixture
def file(command: Command) -> Path:
    return command.home / "config" / "watchdesk" / "config.toml"


@pytest.fixture
def hand(command: Command) -> Iterator[Hand]:
    one = Hand(command, None, "config", "init", size=(200, 50))
    yield one
    one.dispose()


def answer(hand: Hand, url: str, key: str, time: int = 1) -> None:
    for asked, given in (("URL of the project", url), ("Key (secret or publishable", key)):
        hand.await_that(lambda text, asked=asked: text.count(asked) == time, f"{asked!r} did not appear")
        hand.press(f"{given}\n")


def test_what_is_written_parses_and_with_every_comment_taken_away_is_all_defaults() -> None:
    target = Target(name="shop", url="https://shop.supabase.co", key='sb_secret_"\\x')
    text = config_text("shop", target)
    entry = {"url": target.url, "key": target.key}
    assert tomllib.loads(text) == {"projects": {"shop": entry}}
    told = tomllib.loads(re.sub(r"^# (?=\[|\w+ = \S)", "", text, flags=re.MULTILINE))
    kinds: dict[str, type[msgspec.Struct]] = {**SECTIONS, "screen": ScreenSettings}
    assert set(told) == {"projects", *kinds}
    assert {name: set(table) for name, table in told.items() if name != "projects"} == {
        name: {field.name for field in msgspec.structs.fields(kind) if field.default is not None}
        for name, kind in kinds.items()
    }
    assert read_sections(Layers(file=told)) == read_sections(Layers())
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://abc.supabase.co", "abc"),
        ("http://127.0.0.1:54321", "127-0-0-1"),
        ("http://localhost:54321", "localhost"),
        ("nonsense", "main"),
    ],
)
def test_a_project_is_named_after_its_url(url: str, name: str) -> None:
    assert name_of(url) == name


@ONE_SHAPE
def test_url_and_key_are_asked_for_tried_and_written_for_ones_own_eyes(
    sandbox: Running, command: Command, hand: Hand, file: Path
) -> None:
    answer(hand, "nonsense", "x")
    hand.await_text("is not a URL")
    answer(hand, sandbox.url, sandbox.service_key, time=2)
    assert hand.ended() == 0
    assert f"wrote {file} with the project 127-0-0-1" in hand.text
    assert sandbox.service_key.encode() not in hand.raw
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert command("status").returncode == 0
    shown = command("config", "show", "project").stdout
    assert f"from {file}: [projects.127-0-0-1] key" in shown


@ONE_SHAPE
def test_a_key_that_is_refused_is_written_only_if_one_says_so(sandbox: Running, hand: Hand, file: Path) -> None:
    answer(hand, sandbox.url, "sb_secret_wrong")
    hand.await_text("Invalid API key")
    hand.await_text("Write it anyway?")
    hand.press("\n")
    assert hand.ended() == 2
    assert not file.exists()


def test_a_file_that_is_there_is_not_replaced_unasked(command: Command, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("# mine\n")
    hand = Hand(command, None, "config", "init", size=(200, 50))
    try:
        hand.await_text("Replace it and everything in it?")
        hand.press("\n")
        assert hand.ended() == 1
    finally:
        hand.dispose()
    assert file.read_text() == "# mine\n"


@ONE_SHAPE
def test_a_variable_that_goes_before_the_file_is_said(sandbox: Running, command: Command, file: Path) -> None:
    hand = Hand(command, sandbox, "--project", "shop", "config", "init", size=(200, 50))
    try:
        answer(hand, sandbox.url, sandbox.publishable_key)
        assert hand.ended() in {0, 1}
        assert "SUPABASE_URL overrides the file; unset it, or use --project shop" in hand.text
        assert "watchdesk login" in hand.text
    finally:
        hand.dispose()
    assert "[projects.shop]" in file.read_text()


def test_without_a_terminal_nothing_is_asked(command: Command, file: Path) -> None:
    done = command("config", "init")
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a terminal" in done.stderr
    assert not file.exists()
