"""Composes the snapshot from the records of all services at one moment, without computing anything itself."""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from core.actions.lease import Lease
from core.actions.waiting import LAPSES, WaitingAction
from core.alerting.conditions import BREAKERS, Facts, breakers_refuse
from core.base.text import plural
from core.domain.alert_view import AlertView, in_order
from core.domain.last_known import last_known
from core.domain.low_success import LowSuccess
from core.domain.newest_known import last_completed
from core.domain.records import ONE_CONFIG
from core.domain.snapshot import (
    Degradation,
    Health,
    LinkWord,
    Project,
    Snapshot,
    State,
    Tasks,
    Telling,
    Waiting,
    policies_in_words,
    policies_open,
)
from core.domain.state_word import as_readings_show, hidden, state_of
from core.domain.status import NOT_VISIBLE, Truth
from core.history.kpis import with_day
from core.monitor.container import Container
from core.monitor.scheduler import Scheduler
from core.resilience import degradation
from core.resilience.reading import Reading
from core.services.components import components
from core.services.own_cost import over_in_words

_MOST_OVERDUE: Final = 20
"""The most overdue tasks that are told in full."""

_TOKEN_ENDS_SOON: Final = timedelta(minutes=15)


def compose(parts: Container, scheduler: Scheduler) -> Snapshot:
    """Return the snapshot as of now."""
    readings, rules = parts.readings, parts.config.alerts
    values, config = readings.values, readings.config
    lives_on = components(parts.readings, parts.checks)
    link = parts.connection.link(_moment(parts, _next_try(parts, scheduler.next_refresh)))
    snapshot = Snapshot(
        at=parts.clock.now(),
        project=_project(parts),
        link=link,
        config=config,
        health=Health(
            checks=parts.checks.checks_now(),
            critical_in_a_row=parts.streak.count,
            stop_after=parts.config.watch.stop_after,
            last_at=parts.checks.checked_at,
            next_at=_moment(parts, scheduler.next_check),
            running=scheduler.ready and not scheduler.watchdog_dead,
            restarts=scheduler.watchdog_restarts,
        ),
        may_act=parts.autonomy.permission(),
        braked=parts.autonomy.braked,
        waiting=tuple(_waiting(one, parts.clock.now()) for one in parts.waiting.known),
        left_over=parts.left_over.plan,
        pauses=readings.pauses,
        lease=parts.lease.view(),
        service=parts.attachment.view(),
        breakers=parts.breakers.all(),
        tasks=Tasks(
            counts=readings.counts,
            newest=values["tasks"],
            stuck=tuple(task.id for task in parts.checks.overdue.stuck),
            slow=tuple(task.id for task in parts.checks.overdue.slow),
            unproven=tuple(task.id for task in parts.checks.overdue.unproven),
            success_24h=values["success_24h"],
            simulated_24h=values["simulated"],
            last_completed_at=last_completed(
                values["last_completed"],
                values["tasks"],
                simulated=values["simulated"],
                config=config,
                now=parts.time.likely(),
            ),
            oldest_review_at=values["oldest_review"],
            overdue=parts.checks.overdue.silent[:_MOST_OVERDUE],
            oldest_pending_at=parts.checks.oldest_pending_at,
            urgent=parts.urgent.tasks,
        ),
        throughput=parts.trends.throughput,
        kpis=with_day(parts.kpis.kpis, values["success_24h"].value, values["success_24h"].at),
        last_incident=parts.kpis.last_incident,
        alerts=in_order(_as_breakers_stand(parts, as_readings_show(parts.alerts.views(), config, link.word))),
        telling=parts.alerts.telling(),
        logs=values["logs"],
        degradation=Degradation(level=degradation({part.name: part.source for part in lives_on}), components=lives_on),
        events=parts.events.events(values["logs"].value or (), live=values["logs"].live),
        start=tuple(parts.startup.steps),
        policies=parts.checks.policies,
        notices=_notices(parts, scheduler),
        own=parts.self_monitor.own,
        cost=parts.cost.cost,
        ready=scheduler.ready,
        low_success=LowSuccess(rules.success_warning_percent, rules.few_finished),
    )
    if link.word not in {LinkWord.LIVE, LinkWord.CONNECTING}:  # a check or the clock may know it before any reading
        snapshot = last_known(snapshot, snapshot.at)
    state, why = state_of(snapshot, blind_for_s=parts.connection.blind_for_s())
    return parts.state_since.told(msgspec.structs.replace(snapshot, state=state, state_why=why))


def compose_one_shot(parts: Container, scheduler: Scheduler) -> Snapshot:
    """Return the snapshot for a command that read once: values that are not live count as unknown."""
    snapshot = compose(parts, scheduler)
    if any(reading.live for reading in parts.readings.values.values()) or hidden(snapshot):
        return snapshot
    why = next((fault.sentence() for fault in parts.checks.faults()), "nothing could be read")
    return msgspec.structs.replace(snapshot, state=State.UNKNOWN, state_why=why)


def _project(parts: Container) -> Project:
    config, target = parts.config, parts.config.target
    return Project(
        name=target.name,
        url=urlsplit(target.url).netloc,
        user=target.user,
        shape=parts.checks.schema.shape.value if parts.checks.schema is not None else "unknown",
        colour=target.colour,
        observe=config.observe,
        orders_for_s=parts.read_only.lifted_for_s(),
        autonomous=config.autonomous,
        dry_run=config.dry_run,
        session_ends_at=parts.backend.sign_in.expires_at,
        session_renews=parts.backend.sign_in.renews,
        sees_all=target.sees_all,
        legacy_key=target.legacy_key,
    )


def _waiting(one: WaitingAction, now: datetime) -> Waiting:
    old = one.old(now)
    lapses = None if not one.automatic else one.at + LAPSES
    return Waiting(id=one.id, words=one.words(), at=one.at, lapses_at=lapses, asks=old and not one.automatic)


def _notices(parts: Container, scheduler: Scheduler) -> tuple[str, ...]:
    """Return the standing facts an operator must know, what asks for an action first, this monitor itself last."""
    notices = [_waits(one, parts.clock.now()) for one in parts.waiting.known]
    if scheduler.watchdog_dead:
        notices.append("the watchdog has stopped working: press w to restart it")
    if parts.left_over.plan.tasks:
        left = parts.left_over.plan
        notices.append(f"{plural(left.tasks, 'task')} of {left.of} still rejected: u, or watchdesk resume --requeue")
    if parts.autonomy.braked:
        notices.append(f"auto-heal paused: {parts.autonomy.braked}; find the cause, then heal manually (h)")
    notices += _untold(parts.alerts.telling())
    notices += _holder(parts.lease, suspect=parts.alerts.alert_owner.suspect)
    notices += list(dict.fromkeys(fault.sentence() for fault in parts.checks.schema_faults() if fault.person))
    if parts.checks.schema is not None and parts.checks.schema.overview is Truth.UNKNOWN:
        notices.append(
            "the project's watchdesk_overview has another version: run the SQL that `watchdesk sql stats` prints"
        )
    if (slow := parts.readings.too_slow) and not _all_is_slow(parts):
        notices.append(
            f"too slow to read: {', '.join(slow)}; run the SQL that `watchdesk sql indexes` and `watchdesk sql stats`"
            " print"
        )
    if policies_open(parts.checks.policies) is Truth.TRUE:
        notices.append(f"policies {policies_in_words(parts.checks.policies)}")
    config: Reading[Any] = parts.readings.values["config"]
    if (config.live and config.value is None) or (config.fault is not None and config.fault.kind == NOT_VISIBLE):
        notices.append("this account cannot see the config row: the agents' settings are unknown")
    if config.value is not None and config.value.several:
        notices.append(f"{config.value.several}: {ONE_CONFIG}")
    if config.value is not None:
        notices += [f"invalid config row: {words}" for words in config.value.odd]
    notices += parts.storage_warnings()
    if parts.heartbeat.fault:
        notices.append(parts.heartbeat.fault)
    ends = parts.backend.sign_in.expires_at
    if ends is not None and not parts.backend.sign_in.renews and ends - parts.clock.now() < _TOKEN_ENDS_SOON:
        at = f"{ends.astimezone():%H:%M}"
        notices.append(
            f"the access token expires at {at} and cannot be renewed: set a new one, or run: watchdesk login"
        )
    if parts.cost.cost.over:
        notices.append(over_in_words(parts.cost.cost))
    notices += parts.self_monitor.own.out
    if (service := parts.attachment.view()) is not None:
        notices.append(service.acts)
    elif scheduler.ready and not parts.ownership.mine and not parts.config.only_looks:
        notices.append(
            f"{parts.ownership.anothers() or 'another watchdesk'} acts for this project on this machine; this one is on"
            " standby"
        )
    return tuple(notices)


def _untold(telling: Telling) -> list[str]:
    """Return the notices about alerts that reach nobody, or might not."""
    said = []
    if telling.nobody_left:
        why = (
            ("every contact was notified, nobody acknowledged")
            if telling.contacts or telling.channels
            else "nobody is notified: set [alerts] contacts"
        )
        said.append(f"{', '.join(telling.nobody_left)}: {why}; press a to acknowledge")
    said += [f"alert not delivered to {lost}" for lost in telling.undelivered]
    said += [f"alert not delivered yet to {late}; retrying" for late in telling.retrying]
    said += [f"the config row's notification_email is not used: {why}" for why in telling.refused]
    if telling.unreachable:
        who = ", ".join(telling.unreachable)
        said.append(f"cannot mail {who}: set [alerts] smtp_host and smtp_from, or email_template")
    return said


def _holder(held: Lease, *, suspect: bool) -> list[str]:
    """Return the notices about the lease's holder, another monitor, and how it sends alerts."""
    if not held.anothers():
        return []  # nobody's, or our own which could not be renewed
    lease, said = held.view(), list[str]()
    if suspect:
        said.append(f"{lease.holder} on {lease.host} holds the lease but writes no health rows: check that monitor")
    if lease.tells is False:
        said.append(
            f"the monitor on {lease.host} holds the lease but cannot deliver alerts: check its [alerts] settings"
        )
    return said


def _all_is_slow(parts: Container) -> bool:
    """Return whether every answer is slow, or none comes: an index helps nothing then."""
    if parts.connection.failing:
        return True
    quickest_s = parts.connection.quickest_s()
    return quickest_s is not None and quickest_s > parts.config.alerts.slow_answer_s


def _waits(one: WaitingAction, now: datetime) -> str:
    since = f"NOT carried out yet, waits since {one.at.astimezone():%H:%M}"
    asked = "; do you still want it? Confirm or withdraw it (o)" if not one.automatic and one.old(now) else ""
    return f"{since}{asked}: {one.words()}"


def _moment(parts: Container, elapsed: float | None) -> datetime | None:
    return None if elapsed is None else parts.clock.now() + timedelta(seconds=elapsed - parts.clock.elapsed())


def _as_breakers_stand(parts: Container, alerts: tuple[AlertView, ...]) -> tuple[AlertView, ...]:
    """Return the alerts, those about our own breakers as these stand now: they are evaluated but once a minute."""
    if not parts.ownership.mine:
        return alerts
    facts = Facts(at=parts.clock.now(), breakers=parts.breakers.all())
    return tuple(_stands(one, facts) if one.rule == BREAKERS and one.state != "resolved" else one for one in alerts)


def _stands(alert: AlertView, facts: Facts) -> AlertView:
    condition = breakers_refuse(facts, alert.subject)
    if condition.truth is Truth.UNKNOWN:
        return alert
    holds = condition.truth is Truth.TRUE
    return msgspec.structs.replace(alert, well=not holds, text=condition.text if holds else alert.text)


def _next_try(parts: Container, next_refresh: float | None) -> float | None:
    """Return when a refresh will next ask the project, on the elapsed clock: once no breaker refuses all of it."""
    refused_s = parts.readings.refused_for_s(parts.breakers.all())
    if next_refresh is None or not refused_s:
        return next_refresh
    return max(next_refresh, parts.clock.elapsed() + refused_s)
