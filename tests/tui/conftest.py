"""What tests of the screen need, everywhere: what they start, and one time zone, wherever pictures are taken."""

import time
from collections.abc import Iterator

import pytest

from tests.in_memory import in_memory
from tests.tui import idle
from tests.tui.states import start

__all__ = ["in_memory", "start", "utc"]

idle.install()


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def berlin(utc: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clocks are changed twice a year."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
