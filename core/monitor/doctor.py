"""The doctor: every step from here to the project, in the order they are told, on a monitor without loops."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from core.backend.tables import CONFIG, LOGS, SAFETY, TASKS
from core.monitor.monitor import Monitor
from core.services.config import Config, Places
from core.services.doctor import machine
from core.services.doctor.project import ProjectSteps
from core.services.doctor.steps import TOTAL_S, Diagnosis, DoctorStep, not_tried, ok, take, warned

_TABLES: Final = (CONFIG, TASKS, LOGS, SAFETY)
PROJECT_STEPS: Final = (
    *("proxy", "dns", "tcp", "tls", "answer", "clock", "key", "sign-in"),
    *(f"table {name}" for name in _TABLES),
    *("schema", "agents' function", "SQL function"),
)
"""The steps that need a project, in their order."""

_ALERTS_S: Final = 12.0


def steps_here(places: Places) -> tuple[DoctorStep, ...]:
    """Return the steps on this machine's disk."""
    kept = {"cache": places.cache, "state": places.state.parent}
    return tuple(
        DoctorStep(name=f"{name} on disk", ask=partial(machine.directory, path)) for name, path in kept.items()
    )


def unconfigured() -> tuple[DoctorStep, ...]:
    """Return the steps that cannot be tried where no project is configured."""

    async def ask() -> Diagnosis:
        return not_tried("settings failed")

    return tuple(DoctorStep(name=name, ask=ask) for name in (*PROJECT_STEPS, "alerts", "monitors", "lease"))


async def examine(
    config: Config,
    places: Places,
    *,
    before: Sequence[DoctorStep] = (),
    after: Sequence[DoctorStep] = (),
    whole: bool = True,
) -> dict[str, Diagnosis]:
    """Take every step, and return what each found, within 20 s. Writes nothing to the project.

    `before` and `after` are more steps, told before and after these; not `whole`: the project's own alone.
    """
    monitor = Monitor(config, places=places)
    try:
        own = _project_steps(monitor, config)
        if whole:
            own = (*own, *steps_here(places), *_monitor_steps(monitor, config))
        return await take((*before, *own, *after), TOTAL_S)
    finally:
        await monitor.close()


def _project_steps(monitor: Monitor, config: Config) -> tuple[DoctorStep, ...]:
    parts = monitor.parts
    project = ProjectSteps(parts.backend, parts.clock)

    async def schema() -> Diagnosis:
        found = await project.look_at_schema()
        if project.schema is not None:
            parts.learn(project.schema)
        return found

    asks = (project.proxy, project.dns, project.tcp, project.tls, project.answer)
    way = [
        DoctorStep(name=name, ask=ask, after=(before,))
        for name, ask, before in zip(PROJECT_STEPS, asks, ("", *PROJECT_STEPS), strict=False)
    ]
    return (
        *way,
        DoctorStep(name="clock", ask=partial(project.clock, config.alerts.clock_skew_s), after=("answer",)),
        DoctorStep(name="key", ask=project.key, after=("answer",)),
        DoctorStep(name="sign-in", ask=project.sign_in, after=("key",)),
        *(DoctorStep(name=f"table {one}", ask=partial(project.table, one), after=("sign-in",)) for one in _TABLES),
        DoctorStep(name="schema", ask=schema, after=("sign-in",)),
        DoctorStep(name="agents' function", ask=project.poll_function, after=("sign-in",)),
        DoctorStep(name="SQL function", ask=project.sql_function, after=("schema",)),
    )


def _monitor_steps(monitor: Monitor, config: Config) -> tuple[DoctorStep, ...]:
    parts, rules = monitor.parts, config.alerts

    async def alerts() -> Diagnosis:
        row = None if rules.contacts else await parts.reads.config.fetch()
        project = ProjectSteps(parts.backend, parts.clock)
        return await machine.alerts(rules, row.notification_email or "" if row else "", project.ask_function)

    async def monitors() -> Diagnosis:
        running = await parts.processes.running()
        if warning := parts.store.warning:
            return warned(warning)
        told = ", ".join(f"pid {one.pid}{' (acts)' if one.acts else ''}" for one in running)
        return ok(f"on this machine: {told or 'none'}")

    async def lease() -> Diagnosis:
        await monitor.look_at_lease()
        view = parts.lease.view()
        if view.why:
            return warned(view.why)
        holder = f"held by {view.holder} on {view.host}{', which acts' if view.acts else ''}"
        return ok(holder if view.holder else "not held")

    needs_row = ("settings",) if rules.contacts else ("settings", "schema")
    return (
        DoctorStep(name="alerts", ask=alerts, after=needs_row, limit_s=_ALERTS_S),
        DoctorStep(name="monitors", ask=monitors),
        DoctorStep(name="lease", ask=lease, after=("schema",)),
    )
