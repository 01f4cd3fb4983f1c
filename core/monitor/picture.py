"""Composes the snapshot: every room's records, at one moment. Nothing is computed here that a room knows better."""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from core.act.permission import may_act
from core.facts import Level, Reading, Source, Truth
from core.monitor.loops import Loops
from core.monitor.sight import Sight
from core.monitor.wiring import Rooms
from core.resilience import degradation
from core.snapshot import POLICIES, Component, Degradation, Health, Project, Snapshot, State, Tasks, state_of

_TOKEN_ENDS_SOON: Final = timedelta(minutes=15)
_WORSE: Final = {Source.LIVE: 0, Source.CACHED: 1, Source.DEFAULT: 2}
_COMPONENTS: Final = {
    "system_config": ("config",),
    "tasks": ("open_counts", "tasks"),
    "execution_logs": ("logs",),
    "stats": ("other_counts", "success_24h", "last_completed"),
}


def compose(rooms: Rooms, sight: Sight, loops: Loops) -> Snapshot:
    """The picture now."""
    readings = rooms.readings
    values, config = readings.values, readings.config
    live_stop = config.value.emergency_stop if config.live and config.value is not None else None
    parts = components(rooms, sight)
    snapshot = Snapshot(
        at=rooms.clock.now(),
        project=_project(rooms, sight),
        link=rooms.link.picture(_moment(rooms, loops.next_refresh)),
        config=config,
        health=Health(
            checks=sight.checks,
            critical_in_a_row=sight.critical_in_a_row,
            stop_after=rooms.config.watch.stop_after,
            last_at=sight.checked_at,
            next_at=_moment(rooms, loops.next_check),
            running=loops.ready,
        ),
        may_act=may_act(
            autonomous=rooms.config.autonomous,
            dry_run=rooms.config.dry_run,
            observing=rooms.config.observe,
            lease=loops.owner and rooms.lease.valid(),
            stopped=live_stop,
            braked=False,
        ),
        lease=rooms.lease.view(),
        breakers=rooms.breakers.all(),
        tasks=Tasks(
            counts=readings.counts,
            newest=values["tasks"],
            stuck=tuple(task.id for task in sight.overdue.stuck),
            slow=tuple(task.id for task in sight.overdue.slow),
            success_24h=values["success_24h"],
            last_completed_at=values["last_completed"],
        ),
        logs=values["logs"],
        degradation=Degradation(level=degradation({part.name: part.source for part in parts}), components=parts),
        events=rooms.journal.events(values["logs"].value or ()),
        start=tuple(loops.steps),
        policies_open=sight.anybody_reads,
        notices=_notices(rooms, sight, loops),
        ready=loops.ready,
    )
    state, why = state_of(snapshot, blind_for_s=rooms.link.blind_for_s())
    return msgspec.structs.replace(snapshot, state=state, state_why=why)


def compose_one_shot(rooms: Rooms, sight: Sight, loops: Loops) -> Snapshot:
    """The picture for a command that looked once: what was not read live now is not known."""
    snapshot = compose(rooms, sight, loops)
    if any(reading.live for reading in rooms.readings.values.values()):
        return snapshot
    why = next((fault.sentence() for fault in sight.faults()), "nothing could be read")
    return msgspec.structs.replace(snapshot, state=State.UNKNOWN, state_why=why)


def _project(rooms: Rooms, sight: Sight) -> Project:
    config, target = rooms.config, rooms.config.target
    return Project(
        name=target.name,
        url=urlsplit(target.url).netloc,
        user=target.user,
        shape=sight.schema.shape.value if sight.schema is not None else "unknown",
        colour=target.colour,
        observe=config.observe,
        autonomous=config.autonomous,
        dry_run=config.dry_run,
        session_ends_at=rooms.backend.sign_in.expires_at,
        session_renews=rooms.backend.sign_in.renews,
    )


def components(rooms: Rooms, sight: Sight) -> tuple[Component, ...]:
    """What each component currently lives on."""
    values = rooms.readings.values
    found = []
    for name, keys in _COMPONENTS.items():
        worst = max((values[key] for key in keys), key=lambda r: _WORSE[r.source])
        why = worst.fault.sentence() if worst.fault is not None else ""
        found.append(Component(name=name, source=worst.source, at=worst.at, why=why))
    edge = next(check for check in sight.checks if check.name == "edge_function")
    answers = edge.level is Level.OK
    source = Source.LIVE if answers else Source.DEFAULT
    return (
        *found,
        Component(name="edge_function", source=source, at=sight.edge_at, why="" if answers else edge.text),
    )


def _notices(rooms: Rooms, sight: Sight, loops: Loops) -> tuple[str, ...]:
    """Standing facts an operator must know."""
    notices = list(dict.fromkeys(fault.sentence() for fault in sight.schema_faults() if fault.person))
    if sight.anybody_reads is Truth.TRUE:
        notices.append(f"policies {POLICIES[Truth.TRUE]}")
    config: Reading[Any] = rooms.readings.values["config"]
    if config.live and config.value is None:
        notices.append("no config row is visible to us: what the agents are set to is not known")
    notices += [warning for warning in (rooms.cache.warning, rooms.state.warning) if warning is not None]
    ends = rooms.backend.sign_in.expires_at
    if ends is not None and not rooms.backend.sign_in.renews and ends - rooms.clock.now() < _TOKEN_ENDS_SOON:
        at = f"{ends.astimezone():%H:%M}"
        notices.append(f"the access token ends at {at} and cannot be renewed: set a new one, or run: watchdesk login")
    if loops.ready and not loops.owner:
        notices.append(f"{rooms.state.owner() or 'another watchdesk'} acts for this project here; this one only shows")
    return tuple(notices)


def _moment(rooms: Rooms, elapsed: float | None) -> datetime | None:
    return None if elapsed is None else rooms.clock.now() + timedelta(seconds=elapsed - rooms.clock.elapsed())
