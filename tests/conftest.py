"""The real parts tests use, everywhere; and which tests are run only where they are asked for by name."""

import gc
from pathlib import Path
from typing import Final

import pytest

from tests.running import account, command, lone_sandbox, sandbox, session_sandbox, warm

__all__ = ["account", "command", "lone_sandbox", "sandbox", "session_sandbox", "warm"]

BROWSER: Final = Path(__file__).parent / "browser"
"""Needs a Chromium: `make browser`."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What needs more than Python and the package index is no part of `make test`."""
    named = (Path(arg.partition("::")[0]).resolve() for arg in config.args)
    if collection_path != BROWSER or any(one.is_relative_to(BROWSER) for one in named):
        return None
    return True


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported is there to the end: the collector need not go through it again and again (a third of CPU)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
