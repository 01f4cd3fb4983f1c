"""A box in a directory of its own, and the clock its recorder goes by."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.history.blackbox import BlackboxRules, Box, Recorder
from tests.clock import FakeClock

Recorders = Callable[..., Recorder]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "blackbox" / "a1b2"


@pytest.fixture
def recorders(place: Path, clock: FakeClock) -> Recorders:
    """Makes one after the other, each as a process of its own would have it."""

    def make(**rules: float) -> Recorder:
        return Recorder(place, BlackboxRules(**rules), clock)

    return make


@pytest.fixture
def box(place: Path) -> Box:
    return Box(place)
