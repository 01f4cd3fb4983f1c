"""The README is true: every command it shows parses, every file it names is there, and it stays short."""

import re
import shlex
from pathlib import Path

import click
import pytest

from tui.cli import cli
from tui.cli.commands import COMMANDS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = sorted(set(re.findall(r"`(watchdesk(?: [^`]+)?)`", TEXT)))


def parse(words: list[str]) -> None:
    """Parse a command line down to its last command, without running any. Raises click's errors."""
    context, command, rest = None, cli, words
    while True:
        context = command.make_context("watchdesk", list(rest), parent=context)
        rest = [*context._protected_args, *context.args]
        if not isinstance(command, click.Group) or not rest:
            return
        found = command.get_command(context, rest[0])
        assert found is not None, f"no command {rest[0]!r}"
        command, rest = found, rest[1:]


@pytest.mark.parametrize("line", SHOWN)
def test_every_command_it_shows_can_be_given(line: str) -> None:
    words = shlex.split(line)[1:]
    if words != ["--help"]:  # which ends in the parser
        parse(words)


def test_what_it_shows_is_looked_at_and_what_there_is_not_is_found() -> None:
    assert len(SHOWN) > 15
    with pytest.raises(click.UsageError):
        parse(["status", "--jsonn"])
    with pytest.raises(AssertionError):
        parse(["statuss"])


def test_the_files_and_targets_it_names_are_there() -> None:
    for path in re.findall(r"\]\(((?!http)[^)]+)\)", TEXT) + re.findall(r"`((?:core|tui|\.ci)/[\w/.]+)`", TEXT):
        assert re.search(r"NOUN|VERB", path) or (ROOT / path).exists(), path
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake (\w+)", TEXT):
        assert f"\n{target}:" in makefile, target


def test_it_is_short_and_says_how_to_run_the_tests() -> None:
    assert len(TEXT.encode()) < 7500
    assert "\n```\nmake test\n```\n" in TEXT


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_its_help_what_it_is(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    sentence = (command.help or "").strip()
    assert sentence.endswith(".")
    assert COMMANDS[name].endswith(".")
    words = f"{sentence} {COMMANDS[name]}".lower()
    assert not re.search(r"\b(lift|lifts|lifted|gives? back|sends? back)\b", words)
