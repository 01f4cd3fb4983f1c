"""Reads of the config row, and the proof that there is none."""

from typing import Final

from core.backend.columns import of_only
from core.backend.faults import Failed, garbage
from core.backend.overview_sql import MOST_CONFIGS
from core.backend.reads.read import Subject, read
from core.backend.rows import config_of, config_selection, merged
from core.backend.schema import CONFIG, CONFIG_RPC, Shape
from core.domain.records import SystemConfig
from core.resilience.fault import Evidence

_KEY: Final = "db:fetch_system_config"


class ConfigReads(Subject):
    """Typed reads of one project's config."""

    @read(_KEY)
    async def fetch(self) -> SystemConfig | None:
        """Return the config row, or several of them merged.

        `None` when none is visible to this account, which is not proof that there is none.
        """
        return merged(await self.rows().ask())

    @read(_KEY)
    async def rows(self) -> tuple[SystemConfig, ...]:
        """Return every config row that is visible to this account, each by itself."""
        columns = config_selection(deployed=self._schema.shape is Shape.DEPLOYED)
        rows = await self._calls.selected("read config", columns, lambda query: query.order("id").limit(MOST_CONFIGS))
        return tuple(self._calls.oddities.see("config row", config_of(row)) for row in rows)

    @read(_KEY)
    async def visible(self) -> SystemConfig | None:
        """Return the same, `None` only where that is proven. Raises Failed where the row may be hidden from us."""
        config = await self.fetch().ask()
        if config is None and not await self._is_proven_absent():
            await self._calls.must_show(CONFIG)
        return config

    @read("db:prove_config_absent")
    async def is_absent(self) -> bool:
        """Return whether the project's own function, which bypasses row level security, finds no config row either."""
        try:
            answer = await self._calls.query("ask for config", lambda c: c.rpc(CONFIG_RPC, {}))
        except Failed as failed:
            if failed.fault.code == "P0001":  # it raises where there is no row
                return True
            raise
        found = answer.data[0] if isinstance(answer.data, list) and answer.data else answer.data
        if found is None or found == []:
            return True
        if not isinstance(found, dict):
            raise Failed(garbage("expected a config row, got something else"))
        return of_only([found], "id") is None  # an older one answers a composite of nulls

    async def _is_proven_absent(self) -> bool:
        try:
            return await self.is_absent().ask()
        except Failed as failed:
            if failed.fault.evidence is not Evidence.ALIVE:
                raise
            return False
