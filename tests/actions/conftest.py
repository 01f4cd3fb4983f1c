"""Several monitors of one project, each in a home of its own, closed at the end."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.actions.driving import Driven, Watchdog
from tests.clock import FakeClock
from tests.in_memory import in_memory
from tests.running import Running

__all__ = ["begin", "in_memory"]


class Begin(Protocol):
    """Begins a monitor that acts only when it is ordered to. `name`: its home; begun again there it is the next one."""

    async def __call__(
        self, name: str = "one", *, url: str = "", clock: FakeClock | None = None, keeps: bool = False, **more: Any
    ) -> Driven: ...


@pytest.fixture
async def begin(sandbox: Running, tmp_path: Path) -> AsyncIterator[Begin]:
    made: list[Driven] = []

    async def one(
        name: str = "one", *, url: str = "", clock: FakeClock | None = None, keeps: bool = False, **more: Any
    ) -> Driven:
        settings = {"autonomous": False} | more
        driven = await Watchdog(url or sandbox.url, sandbox.service_key, tmp_path / name, clock, **settings).begin()
        driven.scheduler.ready = keeps  # one that runs keeps the orders nobody answered
        made.append(driven)
        return driven

    yield one
    for driven in made:
        driven.scheduler.ready = False
        await driven.monitor.close()
