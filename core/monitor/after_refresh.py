"""What follows from a refresh: each part that depends on the readings takes them in, however another one fares."""

from core.monitor.container import Container


async def after_refresh(parts: Container, *, live: bool) -> None:
    """Update all that depends on a refresh, each part independently. `live`: the project answered."""
    parts.recent_log.refreshed()
    boundary = parts.boundary
    with boundary.around("reading the actions that wait"):
        await parts.waiting.all()  # another process of ours may have added or withdrawn one
    await note_config(parts)
    with boundary.around("reading paused types"):
        await parts.paused.look_if_due()
    if live and parts.left_over.plan.tasks:  # it is on the screen; else the next check looks
        with boundary.around("looking for what a stop left rejected"):
            await parts.left_over.look_if_due()
    with boundary.around("reading tasks that wait"):
        await parts.urgent.look_if_due()
    with boundary.around("counting a refresh for the key figures"):
        await parts.kpis.refreshed(live=live, checks=parts.checks.checks)
    with boundary.around("keeping a refresh for the trends"):
        await parts.trends.refreshed()
    with boundary.around("counting what watching costs"):
        await parts.cost.refreshed()
        parts.attention.over_budget = parts.cost.cost.over
    with boundary.around("reading stored alerts"):
        await parts.alerts.refreshed()


async def note_config(parts: Container) -> None:
    """Notice what somebody lifted."""
    config = parts.readings.config
    if config.live and config.value is not None:
        with parts.boundary.around("detecting a resume"):
            await parts.resumes.saw(config.value, parts.time.likely())
