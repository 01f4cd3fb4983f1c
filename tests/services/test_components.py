"""The age of a component: that of the oldest of what it consists of, as far as that is as bad as the worst of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.resilience.reading import Reading, Source
from core.services.components import components
from tests.running import ONE_SHAPE, Running
from tests.services.test_trends import looking
from tests.tui.well import ACTIVE

LIVE, CACHED = Source.LIVE, Source.CACHED


@ONE_SHAPE
@pytest.mark.parametrize(
    ("ages_s", "age_s"),
    [
        ({"completed_count": (CACHED, 20), "success_24h": (CACHED, 90)}, 90),
        ({"completed_count": (CACHED, 90), "success_24h": (CACHED, 20)}, 90),
        ({"completed_count": (LIVE, 200), "success_24h": (CACHED, 20)}, 20),
        ({"completed_count": (LIVE, 20), "success_24h": (LIVE, 50)}, 50),
    ],
)
async def test_a_component_is_as_old_as_the_oldest_of_its_worst_parts(
    ages_s: dict[str, tuple[Source, int]], age_s: int, sandbox: Running, tmp_path: Path
) -> None:
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        parts = monitor.parts
        for name in parts.readings.values:
            source, ago_s = ages_s.get(name, (LIVE, 1))
            at = ACTIVE.at - timedelta(seconds=ago_s)
            parts.readings.values[name] = Reading(value=None, source=source, at=at)
        stats = next(one for one in components(parts.readings, parts.checks) if one.name == "stats")
    assert stats.at == ACTIVE.at - timedelta(seconds=age_s)
