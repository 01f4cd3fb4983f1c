"""The wheel: what it holds, and that it installs and runs on the other Pythons that it says it supports."""

import re
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Final

import pytest

from tests.running import ONE_SHAPE, ROOT, Command, Running
from tests.until import awaited

OTHERS: Final = tuple(name for name in ("3.11", "3.12", "3.13") if name != f"3.{sys.version_info.minor}")
_NO_INDEX: Final = re.compile("NewConnectionError|NameResolutionError|Temporary failure|ProxyError|ReadTimeout")


def test_it_holds_the_program_and_its_data_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    about = {name for name in names if name.partition("/")[0].endswith(".dist-info")}
    parts = [path for top in ("core", "tui") for path in (ROOT / top).rglob("*") if path.is_file()]
    assert names - about == {str(path.relative_to(ROOT)) for path in parts if "__pycache__" not in path.parts}
    assert {Path(name).suffix for name in names - about} == {".py", ".sql", ".tcss", ".html", ".js"}
    assert any(name.endswith("/licenses/LICENSE") for name in about)


def test_it_says_what_it_is_and_starts_one_command(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel)
    (about,) = {name.partition("/")[0] for name in packed.namelist() if ".dist-info/" in name}
    metadata = packed.read(f"{about}/METADATA").decode()
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert "\n# watchdesk\n" in metadata  # the README
    assert packed.read(f"{about}/entry_points.txt").decode().split("\n", 1)[1].strip() == "watchdesk = tui.cli:main"


@ONE_SHAPE
@pytest.mark.timeout(600)
@pytest.mark.parametrize("minor", OTHERS)
def test_it_installs_and_runs_on_another_python(
    minor: str, wheel: Path, sandbox: Running, command: Command, tmp_path: Path
) -> None:
    """In a bare environment, with what the package index has today. Where there is no such Python a warning says so."""
    python = _python(minor)
    if python is None:
        warnings.warn(f"not shown: the wheel on Python {minor}, because this machine has none", stacklevel=1)
        return
    place = tmp_path / "its"
    subprocess.run([python, "-m", "venv", place], check=True)
    install = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile", wheel]
    done = subprocess.run(install, check=False, capture_output=True, text=True)
    if done.returncode and _NO_INDEX.search(done.stderr):
        warnings.warn(f"not shown: the wheel on Python {minor}, because no package index answers", stacklevel=1)
        return
    assert done.returncode == 0, done.stderr

    def run(*words: str, **env: str) -> "subprocess.CompletedProcess[str]":
        variables = command.environment(sandbox, **env)
        del variables["PYTHONPATH"]
        program = [place / "bin" / "watchdesk", *words]
        return subprocess.run(program, check=False, cwd=tmp_path, env=variables, capture_output=True, text=True)

    assert f"(Python {minor}." in run("--version").stdout
    assert run("--help").stdout.startswith("Usage: watchdesk")
    indexes = awaited(
        lambda: run("sql", "indexes").stdout or None, "an answer in its time: much else is done meanwhile"
    )
    assert indexes == command("sql", "indexes", sandbox=sandbox).stdout
    assert (run("status").returncode, run("doctor").returncode) == (0, 0)
    checked = run(
        "watch",
        "--once",
        PYTHONWARNINGS="error::SyntaxWarning,error::DeprecationWarning:core,error::DeprecationWarning:tui",
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def _python(minor: str) -> str | None:
    """A Python of that version, on the path or where pyenv keeps them; a name on the path may be a shim of nothing."""
    kept = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{minor}.*/bin/python{minor}"))
    for found in (shutil.which(f"python{minor}"), *map(str, reversed(kept))):
        if found and subprocess.run([found, "--version"], check=False, capture_output=True).returncode == 0:
            return found
    return None
