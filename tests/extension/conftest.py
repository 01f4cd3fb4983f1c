"""A copy of the product to which a test adds one file and names it in one place, as a newcomer would."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, Command, Running


class Checkout:
    """The two packages in a place of their own. Each thing added counts as one file and the lines that name it."""

    def __init__(self, place: Path, command: Command) -> None:
        self.place = place
        self._command = command
        for package in ("core", "tui"):
            shutil.copytree(ROOT / package, place / package)  # with what is compiled, where it is: it fits the copies

    def add(self, path: str, text: str) -> None:
        """Write one new file."""
        assert not (self.place / path).exists(), path
        (self.place / path).write_text(text)

    def name(self, path: str, entry: str, *, after: str, imports: str = "") -> None:
        """Name it where its like are named: an entry behind the line `after`, and the import that goes with it."""
        text = (self.place / path).read_text()
        assert text.count(after) == 1, (path, after)
        text = text.replace(after, f"{after}\n{entry}")
        if imports:
            first = text.index("\nfrom ") + 1
            text = f"{text[:first]}{imports}\n{text[first:]}"
        (self.place / path).write_text(text)

    def program(self) -> list[str]:
        """How the copy is started."""
        return [sys.executable, "-m", "tui"]

    def environment(self, sandbox: Running | None) -> dict[str, str]:
        """For one call of the copy."""
        return self._command.environment(sandbox) | {"PYTHONPATH": str(self.place)}

    def run(self, *args: str, sandbox: Running | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a command of the copy to its end."""
        return subprocess.run(
            [*self.program(), *args],
            check=False,
            cwd=self.place,
            env=self.environment(sandbox),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of the product, and a home beside it."""
    home = tmp_path / "home"
    home.mkdir()
    os.makedirs(tmp_path / "copy")
    return Checkout(tmp_path / "copy", Command(home))
