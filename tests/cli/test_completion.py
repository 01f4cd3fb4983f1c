"""`completion`: a real shell completes commands, options and values by the script that is printed."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.running import Command
from tests.tui.hand import Hand

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")


class Bash(Hand):
    """Somebody in a shell."""

    def program(self, _: Sequence[str]) -> list[str]:
        return ["bash", "--norc", "--noprofile", "-i"]


@pytest.fixture
def bash(command: Command) -> Iterator[Bash]:
    """A shell that knows the program, and has the script."""
    own = command.home / "bin"
    own.mkdir()
    program = own / "watchdesk"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tui "$@"\n')
    program.chmod(0o755)
    script = command.home / "script"
    script.write_text(command("completion", "bash").stdout)
    shell = Bash(command, None, size=(100, 24), PATH=f"{own}:{os.environ['PATH']}", PS1="$ ", INPUTRC="/dev/null")
    shell.await_text("$")
    shell.press(f". {script}; clear; echo rea''dy\n")
    shell.await_text("ready")
    yield shell
    shell.dispose()


@needs_bash
def test_bash_completes_commands_options_and_values(bash: Bash) -> None:
    for typed, whole in (
        ("watchdesk doc", "watchdesk doctor "),
        ("watchdesk --obs", "watchdesk --observe "),
        ("watchdesk doctor --js", "watchdesk doctor --json "),
        ("watchdesk config sh", "watchdesk config show "),
        ("watchdesk config show blackb", "watchdesk config show blackbox "),
        ("watchdesk approve --dry", "watchdesk approve --dry-run "),
        ("watchdesk completion z", "watchdesk completion zsh "),
    ):
        bash.press(f"{typed}\t#")  # which stands behind what was completed
        bash.await_text(f"$ {whole}#")
        bash.press("\x15\x0c")  # the line away, the screen empty
        bash.await_gone(whole)


@pytest.mark.parametrize(
    ("shell", "words"), [("bash", "complete -o nosort"), ("zsh", "#compdef watchdesk"), ("fish", "complete --no-files")]
)
def test_each_shell_has_its_script_and_is_told_where_it_belongs(command: Command, shell: str, words: str) -> None:
    done = command("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert words in done.stdout
    assert "_WATCHDESK_COMPLETE=" in done.stdout
    assert f"watchdesk completion {shell} > ~/" in command("completion", "--help").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_parses(command: Command, tmp_path: Path, shell: str) -> None:
    """Asked of the shell itself, where it is there."""
    script = tmp_path / "script"
    script.write_text(command("completion", shell).stdout)
    assert "watchdesk" in script.read_text()
    assert shutil.which(shell) is None or os.spawnlp(os.P_WAIT, shell, shell, "-n", str(script)) == 0


def test_another_shell_is_refused(command: Command) -> None:
    done = command("completion", "tcsh")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'tcsh' is not one of" in done.stderr
