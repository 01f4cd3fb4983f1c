"""`watchdesk man`: a page that the manual systems take as it is, with every command and every option."""

import shutil
import subprocess

import click
import pytest

from tests.running import Command
from tui.cli import cli
from tui.cli.commands import COMMANDS
from tui.cli.manual import manual_page

READERS = {
    "mandoc": ["mandoc", "-T", "lint", "-W", "warning"],
    "groff": ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z"],
}


def test_it_has_every_command_and_every_option(command: Command) -> None:
    page = command("man").stdout
    said = page.replace("\\-", "-")
    for name in COMMANDS:
        assert f'\n.SS "{name}' in said
        found = cli.get_command(click.Context(cli), name)
        assert found is not None
        for option in (one for one in found.params if isinstance(one, click.Option) and not one.hidden):
            assert option.opts[0] in said, f"{name} {option.opts[0]}"
    for word in ("Exit codes, everywhere:", "WATCHDESK_… (section and name)", "watchdesk \\- watch a self\\-healing"):
        assert word in page


def test_the_manual_systems_find_nothing_wrong_with_it(command: Command) -> None:
    readers = [words for name, words in READERS.items() if shutil.which(name)]
    page = command("man").stdout
    for words in readers:
        ended = subprocess.run(words, input=page, capture_output=True, text=True, check=False)
        told = [line for line in (ended.stdout + ended.stderr).splitlines() if "missing date" not in line]
        assert told == [], words
    assert page.startswith('.TH WATCHDESK 1 "" "watchdesk ')  # where there is no reader, it begins as a page does


@pytest.mark.parametrize("text", [".so /etc/passwd", "'br", "a \\fB \\n(.z b", "-", '"', ""])
def test_no_text_is_a_command_of_the_page(text: str) -> None:
    program = click.Group(
        help=text, epilog=text, commands=[click.Command("one", help=text, params=[click.Option(["--x"], help=text)])]
    )
    lines = manual_page(program, "prog").splitlines()
    known = {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".RS", ".RE", ".nf", ".fi"}
    assert {line.split()[0] for line in lines if line[:1] in {".", "'"}} <= known
    assert "\\fB \\n" not in "\n".join(lines)
