"""The real parts tests use, everywhere; and which tests are run only where they are asked for by name."""

import gc
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from tests.running import account, command, lone_sandbox, sandbox, sandboxes, session_sandbox, warm

__all__ = ["account", "command", "lone_sandbox", "sandbox", "sandboxes", "session_sandbox", "warm"]

# What a test interrupts must hear it, also where this was begun in the background by a shell that ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes, or is made, says how busy the machine is, and nothing else.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

BROWSER: Final = Path(__file__).parent / "browser"
"""Needs a Chromium: `make browser`."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What needs more than Python and the package index is no part of `make test`."""
    named = (Path(arg.partition("::")[0]).resolve() for arg in config.args)
    if collection_path != BROWSER or any(one.is_relative_to(BROWSER) for one in named):
        return None
    return True


LONG: Final = (
    "tests/alerting/test_processes.py",
    "tests/backend/rows/test_every_column.py",
    "tests/history/report/test_golden.py",
    "tests/sandbox/test_selftest.py",
    "tests/tui/serve/test_session.py",
    "tests/tui/test_demo.py",
    "tests/tui/test_hostile.py",
    "tests/tui/test_painted.py",
    "tests/tui/test_slips.py",
    "tests/tui/test_time_travel_for_real.py",
)
"""The files of tests that take ten seconds and more."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays: the collector of garbage would go through it a thousand times and find nothing."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first in what each worker begins with: begun last, one would keep all the others waiting."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    size = -(-len(items) // workers)
    parts = (items[start : start + size] for start in range(0, len(items), size or 1))
    items[:] = [one for part in parts for one in sorted(part, key=lambda item: not item.nodeid.startswith(LONG))]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported is there to the end: the collector need not go through it again and again (a third of CPU)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
