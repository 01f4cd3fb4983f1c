"""Everything at once, as an operator asks for it: breakers may probe, the panels refresh, every check runs."""

import asyncio
from collections.abc import Callable

from core.monitor.after_refresh import after_refresh
from core.monitor.container import Container


async def check_now(parts: Container, refresh_soon: Callable[[], None]) -> None:
    """Refresh and check now. Where one request answers for all, the check's own is the refresh."""
    checks = parts.checks
    parts.breakers.make_all_due()
    if checks.may_ask_at_once():
        await checks.check()
        if checks.refreshed:
            await after_refresh(parts, live=True)
            return
    refresh_soon()
    await asyncio.gather(checks.refresh(everything=True), checks.check())
