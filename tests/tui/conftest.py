"""What tests of the screen need, everywhere: what they start, and one time zone, wherever pictures are taken."""

import logging
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


class AnyError(logging.Handler):
    """What the screen raised that nobody foresaw."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note it."""
        if (said := record.getMessage()).startswith(("this key ", "this input ", "this dialog ", "this screen ")):
            self._told.append(said)

    def taken(self) -> list[str]:
        """Return what was raised up to now, once."""
        told, self._told = self._told, []
        return told


@pytest.fixture(autouse=True)
def errors_of_keys() -> Iterator[AnyError]:
    """Nothing on the screen raises what nobody foresaw, unless a test takes note of it: the app tells it in passing."""
    errors = AnyError()
    loggers = [logging.getLogger(name) for name in ("core.base.error_boundary", "tui.app.surviving")]
    for logger in loggers:
        logger.addHandler(errors)
    yield errors
    for logger in loggers:
        logger.removeHandler(errors)
    assert errors.taken() == []
