"""Breakers held open by an operator: kept in the durable store, so that they survive a restart."""

from datetime import datetime
from typing import Final

import msgspec

from core.base.clock import Clock
from core.base.store import Store
from core.resilience import Breakers

KIND: Final = "held_breaker"


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A hold of one breaker: by whom, why, since and until when (`None`: until it is released). Wall time."""

    who: str
    why: str
    at: datetime
    until: datetime | None = None


class BreakerHolds:
    """Holds and releases breakers; each change is on the disk before it takes effect."""

    def __init__(self, clock: Clock, breakers: Breakers, store: Store) -> None:
        self._clock = clock
        self._breakers = breakers
        self._store = store

    async def restore(self) -> int:
        """Restore the holds of the last process, and delete those that ended meanwhile. Returns how many are held."""
        held = 0
        for key, hold in (await self._store.all(KIND, Hold)).items():
            if hold.until is not None and hold.until <= self._clock.now():
                await self._store.remove(KIND, key)
                continue
            self._breakers.hold(key, hold.who, hold.why, hold.until)
            held += 1
        return held

    def state(self, key: str) -> str:
        """Return the state of one breaker in a word; of one never used, or of all, that."""
        found = next((record for record in self._breakers.all() if record.key == key), None)
        return "not used yet" if found is None else found.state.value.replace("_", "-")

    async def hold(self, key: str, who: str, why: str, until: datetime | None) -> None:
        """Hold a breaker open. Raises NotKept: a hold must survive a restart."""
        await self._store.put(KIND, key, Hold(who=who, why=why, at=self._clock.now(), until=until))
        self._breakers.hold(key, who, why, until)

    async def release(self, key: str, who: str) -> None:
        """End a hold: the next call probes. Raises NotKept; KeyError for a key that was never used."""
        await self._store.remove(KIND, key)
        self._breakers.release(key, who)

    async def reset(self, key: str | None, who: str) -> None:
        """Close one breaker, or all, held or not. Raises NotKept; KeyError for a key that was never used."""
        keys = [record.key for record in self._breakers.all() if record.held_by and key in {None, record.key}]
        for held in keys:
            await self._store.remove(KIND, held)
        self._breakers.reset(key, who)
