"""A copy of the product to which tests add files, each named in one place, as a newcomer would."""

import shutil
from pathlib import Path

import pytest

from tests.running import ROOT, Command, Running
from tests.warm import Warm


class Checkout:
    """The two packages in a place of their own. Each thing added counts as one file and the lines that name it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for package in ("core", "tui"):
            shutil.copytree(ROOT / package, place / package)  # with what is compiled, where it is: it fits the copies
        (place / "tests").mkdir()
        for name in ("__init__.py", "warm.py"):
            shutil.copy(ROOT / "tests" / name, place / "tests" / name)  # so that its commands are forked, too

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


class CommandOfCopy(Command):
    """The command line of a copy, as it was when this was made."""

    def __init__(self, home: Path, checkout: Checkout, warm: Warm) -> None:
        super().__init__(home, warm)
        self._place = checkout.place

    def environment(self, sandbox: Running | None = None, **more: str) -> dict[str, str]:
        """As for the product itself, but that the copy is what runs."""
        return super().environment(sandbox, **more) | {"PYTHONPATH": str(self._place)}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of the product."""
    return Checkout(tmp_path_factory.mktemp("copy"))
