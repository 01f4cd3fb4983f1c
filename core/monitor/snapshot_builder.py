"""Composes the snapshot: every room's records, at one moment. Nothing is computed here that a room knows better."""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from core.actions.waiting import LAPSES, WaitingAction
from core.base.text import plural
from core.domain.lease import LeaseView
from core.domain.records import ONE_CONFIG
from core.domain.snapshot import (
    Degradation,
    Health,
    Project,
    Snapshot,
    State,
    Tasks,
    Telling,
    Waiting,
    policies_in_words,
    policies_open,
)
from core.domain.state_word import hidden, state_of
from core.domain.status import NOT_VISIBLE, Truth
from core.monitor.container import Container
from core.monitor.scheduler import Scheduler
from core.resilience import degradation
from core.resilience.reading import Reading
from core.services.check_service import CheckService
from core.services.components import components

_TOKEN_ENDS_SOON: Final = timedelta(minutes=15)


def compose(rooms: Container, sight: CheckService, loops: Scheduler) -> Snapshot:
    """The picture now."""
    readings = rooms.readings
    values, config = readings.values, readings.config
    parts = components(rooms, sight)
    snapshot = Snapshot(
        at=rooms.clock.now(),
        project=_project(rooms, sight),
        link=rooms.link.picture(_moment(rooms, loops.next_refresh)),
        config=config,
        health=Health(
            checks=sight.checks_now(),
            critical_in_a_row=rooms.streak.count,
            stop_after=rooms.config.watch.stop_after,
            last_at=sight.checked_at,
            next_at=_moment(rooms, loops.next_check),
            running=loops.ready and not loops.watchdog_dead,
            restarts=loops.watchdog_restarts,
        ),
        may_act=loops.autonomy.permission(),
        braked=loops.autonomy.braked,
        waiting=tuple(_waiting(one, rooms.clock.now()) for one in rooms.pending.known),
        left_over=loops.autonomy.left_over,
        lease=rooms.lease.view(),
        breakers=rooms.breakers.all(),
        tasks=Tasks(
            counts=readings.counts,
            newest=values["tasks"],
            stuck=tuple(task.id for task in sight.overdue.stuck),
            slow=tuple(task.id for task in sight.overdue.slow),
            unproven=tuple(task.id for task in sight.overdue.unproven),
            success_24h=values["success_24h"],
            simulated_24h=values["simulated"],
            last_completed_at=values["last_completed"],
        ),
        kpis=loops.scores.kpis,
        last_incident=loops.scores.last_incident,
        alerts=loops.alarms.alarms(),
        telling=loops.alarms.telling(),
        logs=values["logs"],
        degradation=Degradation(level=degradation({part.name: part.source for part in parts}), components=parts),
        events=rooms.journal.events(values["logs"].value or ()),
        start=tuple(loops.steps),
        policies=sight.policies,
        notices=_notices(rooms, sight, loops),
        own=loops.self_watch.own,
        ready=loops.ready,
    )
    state, why = state_of(snapshot, blind_for_s=rooms.link.blind_for_s())
    return msgspec.structs.replace(snapshot, state=state, state_why=why)


def compose_one_shot(rooms: Container, sight: CheckService, loops: Scheduler) -> Snapshot:
    """The picture for a command that looked once: what was not read live now is not known."""
    snapshot = compose(rooms, sight, loops)
    if any(reading.live for reading in rooms.readings.values.values()) or hidden(snapshot):
        return snapshot
    why = next((fault.sentence() for fault in sight.faults()), "nothing could be read")
    return msgspec.structs.replace(snapshot, state=State.UNKNOWN, state_why=why)


def _project(rooms: Container, sight: CheckService) -> Project:
    config, target = rooms.config, rooms.config.target
    return Project(
        name=target.name,
        url=urlsplit(target.url).netloc,
        user=target.user,
        shape=sight.schema.shape.value if sight.schema is not None else "unknown",
        colour=target.colour,
        observe=config.observe,
        orders_for_s=rooms.observing.lifted_for_s(),
        autonomous=config.autonomous,
        dry_run=config.dry_run,
        session_ends_at=rooms.backend.sign_in.expires_at,
        session_renews=rooms.backend.sign_in.renews,
        sees_all=target.sees_all,
        legacy_key=target.legacy_key,
    )


def _waiting(one: WaitingAction, now: datetime) -> Waiting:
    old = one.old(now)
    lapses = None if not one.automatic else one.at + LAPSES
    return Waiting(id=one.id, words=one.words(), at=one.at, lapses_at=lapses, asks=old and not one.automatic)


def _notices(rooms: Container, sight: CheckService, loops: Scheduler) -> tuple[str, ...]:
    """Standing facts an operator must know."""
    notices = [_waits(one, rooms.clock.now()) for one in rooms.pending.known]
    if loops.watchdog_dead:
        notices.append("the watchdog's loop is dead: w restarts it")
    if loops.autonomy.left_over.tasks:
        left = loops.autonomy.left_over
        notices.append(f"{plural(left.tasks, 'task')} of {left.of} still rejected: u, or watchdesk resume --requeue")
    if loops.autonomy.braked:
        notices.append(f"healing braked: {loops.autonomy.braked}; look, then heal by hand")
    notices += loops.self_watch.own.out
    notices += _untold(loops.alarms.telling())
    notices += _holder(rooms.lease.view(), suspect=loops.alarms.tellers.suspect)
    notices += list(dict.fromkeys(fault.sentence() for fault in sight.schema_faults() if fault.person))
    if policies_open(sight.policies) is Truth.TRUE:
        notices.append(f"policies {policies_in_words(sight.policies)}")
    config: Reading[Any] = rooms.readings.values["config"]
    if (config.live and config.value is None) or (config.fault is not None and config.fault.kind == NOT_VISIBLE):
        notices.append("no config row is visible to us: what the agents are set to is not known")
    if config.value is not None and config.value.several:
        notices.append(f"{config.value.several}: {ONE_CONFIG}")
    if config.value is not None:
        notices += [f"odd config row: {words}" for words in config.value.odd]
    notices += kept_badly(rooms)
    if loops.autonomy.heartbeat_fault:
        notices.append(loops.autonomy.heartbeat_fault)
    ends = rooms.backend.sign_in.expires_at
    if ends is not None and not rooms.backend.sign_in.renews and ends - rooms.clock.now() < _TOKEN_ENDS_SOON:
        at = f"{ends.astimezone():%H:%M}"
        notices.append(f"the access token ends at {at} and cannot be renewed: set a new one, or run: watchdesk login")
    if loops.ready and not loops.owner and not rooms.config.only_looks:
        notices.append(f"{rooms.state.owner() or 'another watchdesk'} acts for this project here; this one only shows")
    return tuple(notices)


def kept_badly(rooms: Container) -> tuple[str, ...]:
    """What was set aside of what this machine keeps, or cannot be used, each in a sentence."""
    kept = (rooms.cache, rooms.state, rooms.recording, rooms.log_watch)
    said = (*(one.warning for one in kept), rooms.config.trouble)
    return tuple(words for words in said if words)


def _untold(telling: Telling) -> list[str]:
    """Alerts that reach nobody, or might not."""
    said = []
    if telling.nobody_left:
        why = "nobody left to tell" if telling.contacts or telling.channels else "nobody is told: set [alerts] contacts"
        said.append(f"{', '.join(telling.nobody_left)}: {why}; a acknowledges")
    said += [f"alert not delivered to {lost}" for lost in telling.undelivered]
    said += [f"alert not delivered yet to {late}; tried again" for late in telling.retrying]
    said += [f"nobody is told by the config row's notification_email: {why}" for why in telling.refused]
    if telling.unreachable:
        who = ", ".join(telling.unreachable)
        said.append(f"no way to mail {who}: set [alerts] smtp_host and smtp_from, or email_template")
    return said


def _holder(lease: LeaseView, *, suspect: bool) -> list[str]:
    """What is wrong with how another monitor, which holds the lease, tells of alerts."""
    if lease.mine or not lease.holder:
        return []
    said = []
    if suspect:
        said.append(f"the lease is suspect: {lease.holder} on {lease.host} renews it and writes no health rows")
    if lease.tells is False:
        said.append(f"the monitor on {lease.host}, which holds the lease, reaches nobody with its alerts")
    return said


def _waits(one: WaitingAction, now: datetime) -> str:
    since = f"waits since {one.at.astimezone():%H:%M}, NOT carried out yet"
    asked = "; is it still meant? confirm or withdraw it (o)" if not one.automatic and one.old(now) else ""
    return f"{one.words()} {since}{asked}"


def _moment(rooms: Container, elapsed: float | None) -> datetime | None:
    return None if elapsed is None else rooms.clock.now() + timedelta(seconds=elapsed - rooms.clock.elapsed())
