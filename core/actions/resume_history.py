"""When a stop or dry-run was last lifted, by whomever: automatic actions go only by what failed since."""

from datetime import datetime
from typing import Final

import msgspec

from core.backend.reads import Reads
from core.base.store import NotKept, Store
from core.domain.records import SystemConfig

_KIND: Final = "stop_seen"
_KEY: Final = "config"


class ConfigSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The last live config row, and when its stop was first seen cleared after it had been set."""

    stopped: bool
    dry_run: bool
    lifted_at: datetime | None = None


class ResumeHistory:
    """Our own audit rows tell of our lifts; what others cleared is noticed by reading, over restarts too."""

    def __init__(self, reads: Reads, state: Store) -> None:
        self._reads = reads
        self._state = state
        self._seen: ConfigSeen | None = None

    async def restore(self) -> None:
        """Load the last state from the disk."""
        self._seen = await self._state.get(_KIND, _KEY, ConfigSeen)

    async def saw(self, config: SystemConfig, now: datetime) -> None:
        """Take note of a config row read live at the server's time `now`."""
        before = self._seen
        lifted = before is not None and (
            (before.stopped and not config.emergency_stop) or (before.dry_run and not config.dry_run)
        )
        seen = ConfigSeen(
            stopped=config.emergency_stop,
            dry_run=config.dry_run,
            lifted_at=now if lifted else (before.lifted_at if before is not None else None),
        )
        if seen != before:
            self._seen = seen
            try:
                await self._state.put(_KIND, _KEY, seen)
            except NotKept:
                return  # the state says so itself; until the next start it is remembered

    async def last(self) -> datetime | None:
        """The later of what the audit trail tells and what was seen. Raises NotLive."""
        audited = await self._reads.audit.last_resume_at()
        seen = self._seen.lifted_at if self._seen is not None else None
        return max((at for at in (audited, seen) if at is not None), default=None)
