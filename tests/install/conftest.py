"""The wheel as it would be published, and a systemd it is installed under."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.booted import Booted, CannotBoot
from tests.running import ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel; built from this checkout, asking no index."""
    place = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (made,) = place.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def booted(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted | None]:
    """A real systemd with the wheel installed; `None`, and a warning, where none can be started."""
    try:
        systemd = Booted(tmp_path_factory.mktemp("systemd") / "place", wheel)
    except CannotBoot as why:
        warnings.warn(f"not shown: the service under a real systemd, because none can be started: {why}", stacklevel=1)
        yield None
        return
    yield systemd
    systemd.close()
