"""Tasks that an order of ours marked, put back to what they were: batch by batch, only where the marker stands."""

from collections.abc import AsyncIterator

from core.act.means import Means, lost
from core.backend.commands import BATCH
from core.resilience import NotLive


async def give_back(means: Means, marker: str, *, from_status: str, to_status: str) -> AsyncIterator[tuple[str, ...]]:
    """The ids of each batch that changed, until none is left or none changes any more. Raises NotLive."""
    while ids := await means.live.marked(marker, from_status, BATCH):
        changed = await _batch(means, ids, marker, from_status, to_status)
        if not changed:
            return
        yield changed


async def _batch(means: Means, ids: tuple[str, ...], marker: str, from_status: str, to_status: str) -> tuple[str, ...]:
    commands = means.commands
    try:
        return await means.write(
            "db:give_back",
            lambda: commands.give_back(ids, marker=marker, from_status=from_status, to_status=to_status),
        )
    except NotLive as not_live:
        if not lost(not_live):
            raise
        left = await means.live.marked_among(ids, from_status, marker)
        return tuple(name for name in ids if name not in left)
