"""The snapshot as one plain page, and as the JSON of `status --json`: versioned, with stable names."""

from collections.abc import Sequence
from typing import Any, Final

from core.base.text import in_steps
from core.domain.alert_view import AlertView
from core.domain.alerts import Silence
from core.domain.check_rows import check_rows
from core.domain.maintenance import WeeklyWindow
from core.domain.monitor_process import MonitorProcess
from core.domain.own_cost import OwnCost
from core.domain.permission import auto_heal
from core.domain.records import STATUSES
from core.domain.silence_words import shown_soon, silence_line
from core.domain.snapshot import LEGACY_KEY, Snapshot, Telling, policies_in_words, policies_open
from core.domain.status import Truth
from core.resilience.reading import Reading, Source
from tui.cli.monitor_page import watchdog_as_data, watchdog_lines


def page(snapshot: Snapshot, running: Sequence[MonitorProcess] = ()) -> str:
    """Return the snapshot as one page of text. `running`: the monitors on this machine, the one that acts first."""
    project = snapshot.project
    lines = [
        f"{snapshot.state.upper()}  {snapshot.state_why}",
        f"{project.name} ({project.url}) as {project.user}, {project.shape} shape, {snapshot.link.word}"
        + ("" if project.sees_all else ", only what this account can see"),
        "",
    ]
    whose = {"breakers": " (of this command alone)"} if running else {}
    lines += [
        f"  {row.level.upper():<9} {row.check.name.replace('_', ' '):<14} {row.text}{whose.get(row.check.name, '')}"
        for row in check_rows(snapshot)
    ]
    firing = [alert for alert in snapshot.alerts if alert.fires]
    lines += [f"  ALERT     {alert.severity:<14} {alert.title}: {alert.text} ({alert.word})" for alert in firing]
    told = (*snapshot.telling.silences, *snapshot.telling.planned)
    lines += [f"  ALERTS    {silence_line(one, snapshot.at)}" for one in told if shown_soon(one, snapshot.at)]
    counts = snapshot.tasks.counts
    lines.append("")
    if counts.value is not None:
        lines.append(f"tasks: {counts.value}{_age(counts, snapshot)}")
    else:
        lines.append("tasks: —" + (f" ({counts.fault.message})" if counts.fault is not None else ""))
    rate = snapshot.tasks.success_24h
    text = rate.value.shown if rate.value is not None else ""
    lines.append(f"success 24 h: {text or '—'}{_age(rate, snapshot)}")
    simulated = snapshot.tasks.simulated_24h
    if simulated.value is not None and simulated.value.count:
        many = f"{simulated.value.count:,}{_age(simulated, snapshot)}"
        lines.append(f"simulated 24 h: {many}, in dry-run: counted as completed, not as success")
    lines += [f"paused: {one.text}" for one in snapshot.pauses]
    lines.append(f"degradation: {snapshot.degradation.level}")
    lines += watchdog_lines(running, snapshot.at)
    lines.append(auto_heal(snapshot.may_act, snapshot.lease)[0].replace("auto-heal ", "auto-heal: ", 1))
    if project.session_ends_at is not None:
        renewed = "renewed automatically" if project.session_renews else "cannot be renewed"
        lines.append(f"session: until {project.session_ends_at.astimezone():%H:%M}, {renewed}")
    if project.legacy_key:
        lines.append(f"key: {LEGACY_KEY}")
    lines.append(f"policies: {policies_in_words(snapshot.policies)}")
    lines += [f"note: {notice}" for notice in snapshot.notices]
    return "\n".join(lines)


_OPEN: Final = {Truth.TRUE: True, Truth.FALSE: False}
"""The JSON value of each truth; unknown is null."""


def as_json(snapshot: Snapshot, running: Sequence[MonitorProcess] = ()) -> dict[str, Any]:
    """Return the snapshot as JSON values, in version 1 of the format.

    `running`: the monitors on this machine. Checks and breakers of the first are told, as far as there is one.
    """
    watching = next(iter(running), None)
    counts, rate = snapshot.tasks.counts, snapshot.tasks.success_24h
    known = counts.value.counts if counts.value is not None else {}
    simulated = snapshot.tasks.simulated_24h
    return {
        "version": 1,
        "state": snapshot.state,
        "why": snapshot.state_why,
        "link": snapshot.link.word,
        "project": {"name": snapshot.project.name, "url": snapshot.project.url, "shape": snapshot.project.shape},
        "at": snapshot.at,
        "config_rows": _config_rows(snapshot),
        "last_completed_at": snapshot.tasks.last_completed_at.value,
        "success_rate_24h": {
            "value": rate.value.percent if rate.value is not None else None,
            "exact": rate.value.exact if rate.value is not None else None,
            **_origin(rate, snapshot),
        },
        "simulated_24h": None if simulated.value is None else simulated.value.count,
        "tasks": {
            "counts": {status: known.get(status) for status in STATUSES}
            | {status: count for status, count in known.items() if status not in STATUSES},
            "exact": counts.value.exact if counts.value is not None else None,
            "estimated": counts.value.estimated if counts.value is not None else None,
            **_origin(counts, snapshot),
        },
        "checks": [
            {"name": c.name, "verdict": c.level, "text": c.text, "took_s": c.took_s, "at": c.at}
            for c in snapshot.health.checks
        ],
        "watchdog": None if watching is None else watchdog_as_data(watching, snapshot.at),
        "breakers": [
            {"key": b.key, "state": b.state, "failures": b.failures, "since": b.since, "held_by": b.held_by or None}
            for b in (snapshot.breakers if watching is None else watching.breakers)
        ],
        "degradation": {
            "level": snapshot.degradation.level,
            "components": {
                c.name: {
                    "source": c.source,
                    "age_s": None if c.at is None else max(0.0, (snapshot.at - c.at).total_seconds()),
                }
                for c in snapshot.degradation.components
            },
        },
        "alerts": [alert_as_json(alert) for alert in snapshot.alerts],
        "lease": _lease(snapshot),
        "may_act": {"allowed": snapshot.may_act.allowed, "missing": snapshot.may_act.missing},
        "legacy_key": snapshot.project.legacy_key,
        "policies_open": _OPEN.get(policies_open(snapshot.policies)),
        "cost": _cost_as_json(snapshot.cost),
        "policies": {table: _OPEN.get(known) for table, known in snapshot.policies.items()},
        "waiting": [{"id": one.id, "order": one.words, "at": one.at} for one in snapshot.waiting],
        "pauses": [
            {"task_type": one.task_type, "since": one.at, "by": one.who, "reason": one.reason, "set_aside": one.tasks}
            for one in snapshot.pauses
        ],
        "left_over": {"tasks": snapshot.left_over.tasks, "of": snapshot.left_over.of or None},
        "notices": snapshot.notices,
    }


def _cost_as_json(cost: OwnCost) -> dict[str, int | bool | None]:
    return {
        "requests_per_hour": cost.requests_h,
        "bytes_sent_per_hour": cost.sent_h,
        "bytes_received_per_hour": cost.received_h,
        "requests_per_month": cost.requests_month,
        "bytes_received_per_month": cost.received_month,
        "budget_bytes_per_month": cost.budget,
        "over_budget": cost.over,
    }


def silences_as_json(telling: Telling) -> dict[str, Any]:
    """Return the silences for `--json`: those that hold, and those to come."""
    return {"silences": list(map(_silence, telling.silences)), "planned": list(map(_silence, telling.planned))}


def _silence(one: Silence) -> dict[str, Any]:
    weekly = one.window if isinstance(one.window, WeeklyWindow) else None
    return {
        "id": one.id,
        "matcher": one.matcher,
        "reason": one.reason,
        "who": one.who,
        "since": one.period.since if one.period is not None else None,
        "until": one.period.until if one.period is not None else None,
        "weekly": weekly.text if weekly is not None else None,
        "zone": one.window.zone if one.window is not None else None,
        "weekly_until": weekly.until if weekly is not None else None,
    }


def alert_as_json(alert: AlertView) -> dict[str, Any]:
    """Return one alert as JSON values, with stable names."""
    return {
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": alert.severity,
        "state": alert.state,
        "title": alert.title,
        "text": alert.text,
        "runbook": alert.runbook,
        "episode": alert.episode or None,
        "began_at": alert.began_at,
        "fired_at": alert.fired_at,
        "resolved_at": alert.resolved_at,
        "acknowledged_by": alert.acked or None,
        "muted": alert.muted or None,
        "flapping": alert.flapping,
    }


def _config_rows(snapshot: Snapshot) -> int | None:
    """Return the number of config rows: one, as it should be, or several; `None` if none was ever read."""
    config = snapshot.config
    return None if config.value is None or config.source is Source.DEFAULT else len(config.value.ids)


def _lease(snapshot: Snapshot) -> dict[str, Any] | None:
    lease = snapshot.lease
    if not lease.holder:
        return None
    return {"holder": lease.holder, "host": lease.host, "term": lease.term, "mine": lease.mine}


def _origin(reading: Reading[Any], snapshot: Snapshot) -> dict[str, Any]:
    return {"source": reading.source, "age_s": reading.age_s(snapshot.at)}


def _age(reading: Reading[Any], snapshot: Snapshot) -> str:
    age = reading.age_s(snapshot.at)
    return "" if reading.source is Source.LIVE or age is None else f" (last known, {in_steps(age)} old)"
