"""Every alert rule, as data: the condition, how long it must hold, its severity, and the remedy."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from core.alerting.conditions import (
    BREAKERS,
    COMPONENT_NAMES,
    COMPONENTS,
    DATABASE,
    Condition,
    Facts,
    blind,
    breaker_held,
    breakers_refuse,
    clock_skewed,
    conflict,
    database_down,
    database_slow,
    degraded,
    dry_run_on,
    health_rows_late,
    review_waits,
    several_config_rows,
    simulated,
    stopped,
    success_below,
    verdict_is,
)
from core.alerting.settings import AlertRules
from core.domain.alerts import DISABLED, SLOW_RULE, Severity
from core.domain.records import ONE_CONFIG
from core.domain.status import Level, Truth

MUTES: Final = {
    "high_risk": ("high_risk", "error"),
    "failure": ("failure", "error"),
    "braked": ("high_risk", "approval_needed"),
    "end": ("completion", "success"),
}
"""The `notify_on_…` columns of the config row that mute a kind: both those in the field and those documented."""


Judge = Callable[[Facts, AlertRules], Condition]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `for_s`: how long it must hold, `None` for two evaluations. `hidden_by`: rules that hide it.

    `when`: its condition in words, with settings in braces: `{alerts.blind_s}`.
    `begins`: its severity at first, where that rises once it has held for `rises_s`.
    `kind`: what may mute it, of `MUTES`; empty is by its severity. `rate`: about a rate, so it resolves late.
    `switch`: about something that is set or not, so it resolves as soon as it is not.
    """

    name: str
    severity: Severity
    title: str
    when: str
    runbook: str
    judge: Judge
    subject: str = ""
    for_s: float | None = None
    hidden_by: tuple[str, ...] = ()
    kind: str = ""
    rate: bool = False
    switch: bool = False
    begins: Severity | None = None
    rises_s: float = 0.0

    @property
    def mutes(self) -> tuple[str, ...]:
        """The `notify_on_…` columns that mute it where they are false, without that beginning."""
        return MUTES[self.kind or ("high_risk" if self.severity is Severity.CRITICAL else "failure")]

    def muted_by(self, columns: tuple[str, ...]) -> str:
        """Return the one of `columns` that mutes it, each a `notify_on_…` column that is false; empty if none does."""
        return next((column for column in self.mutes if column in columns), "")


def rules(settings: AlertRules) -> tuple[Rule, ...]:
    """Return all rules, the worst first."""
    return (*_critical(settings), *_high(settings), *_medium(settings), *_low())


def _critical(settings: AlertRules) -> Iterable[Rule]:
    yield Rule(
        name="emergency_stop",
        severity=Severity.CRITICAL,
        title="emergency stop is set",
        when="the emergency stop is set",
        runbook="find out why it was set; when that is fixed, resume: u, or watchdesk resume",
        judge=stopped,
        for_s=0.0,
        switch=True,
    )
    yield Rule(
        name="config_rows",
        severity=Severity.CRITICAL,
        title="several config rows",
        when="there is more than one config row",
        runbook=f"a stop is set on all of them, but nobody knows which one steers the agents: {ONE_CONFIG}",
        judge=several_config_rows,
        for_s=0.0,
        hidden_by=("database_down",),
    )
    yield Rule(
        name="database_down",
        severity=Severity.CRITICAL,
        title="database down",
        when="the database check reports it down",
        runbook="check the project's dashboard and Supabase's status page; no action can run until it answers",
        judge=lambda facts, _: database_down(facts),
        subject=DATABASE,
        for_s=0.0,
        begins=Severity.HIGH,
        rises_s=settings.database_down_s,
    )
    for component in COMPONENTS:
        yield Rule(
            name=BREAKERS,
            severity=Severity.CRITICAL,
            title=f"calls to {COMPONENT_NAMES[component]} fail",
            when=f"a breaker of {COMPONENT_NAMES[component]} is open or probing",
            runbook="read the breaker's last error (4); once the cause is fixed it closes automatically, or reset it:"
            " r",
            judge=lambda facts, _, component=component: breakers_refuse(facts, component),  # type: ignore[misc]  # bound early
            subject=component,
            for_s=settings.breakers_s,
            hidden_by=("database_down",),
        )
    yield Rule(
        name="failure_rate_critical",
        severity=Severity.CRITICAL,
        title="most tasks fail",
        when="more than {failures.critical_percent} of at least {failures.few_finished} tasks finished in "
        "{failures.window_h} failed",
        runbook="read the newest failed tasks' errors; consider the emergency stop: ctrl+e, or watchdesk stop",
        judge=lambda facts, _: verdict_is(facts, "failure_rate", {Level.CRITICAL}),
        subject="failure rate",
        for_s=0.0,
        hidden_by=("database_down",),
        rate=True,
    )
    yield Rule(
        name="success_rate_critical",
        severity=Severity.CRITICAL,
        title="success rate is low",
        when="less than {alerts.success_critical_percent} of at least {alerts.few_finished} tasks finished "
        "in 1 h were completed",
        runbook="read what failed within the last hour; a deployment just before it is the usual cause",
        judge=lambda facts, rules: success_below(facts.success_1h, rules.success_critical_percent, rules),
        subject="success rate",
        hidden_by=("database_down", "emergency_stop", DISABLED),
        rate=True,
    )


def _high(settings: AlertRules) -> Iterable[Rule]:
    yield Rule(
        name="failure_rate_high",
        severity=Severity.HIGH,
        title="many tasks fail",
        when="more than {failures.warning_percent} of at least {failures.few_finished} tasks finished in "
        "{failures.window_h} failed",
        runbook="read the newest failed tasks' errors; a heal turns dry-run on: h, or watchdesk heal",
        judge=lambda facts, _: verdict_is(facts, "failure_rate", {Level.WARNING, Level.CRITICAL}),
        subject="failure rate",
        hidden_by=("database_down", "failure_rate_critical", "success_rate_critical"),
        rate=True,
    )
    yield Rule(
        name="stuck_tasks",
        severity=Severity.HIGH,
        title="tasks are stuck",
        when="a running task is past {stuck.after_s} and {stuck.estimate_factor} times its estimate, and "
        "silent for {stuck.quiet_s}",
        runbook="check which agent holds them; a heal marks them as failed: h, or watchdesk heal",
        judge=lambda facts, _: verdict_is(facts, "stuck_tasks", {Level.WARNING, Level.CRITICAL}),
        hidden_by=("database_down",),
    )
    yield Rule(
        name="healing_braked",
        severity=Severity.HIGH,
        title="auto-heal is paused",
        when="more than {heal.brake_rows} tasks were stuck within {heal.brake_window_s}, or too large a "
        "share of what runs",
        runbook="so many at once is rarely a coincidence: find the cause first, then heal manually: h, or watchdesk"
        " heal",
        judge=lambda facts, _: Condition(Truth.of(bool(facts.braked)), facts.braked),
        hidden_by=("database_down",),
        kind="braked",
    )
    yield Rule(
        name="blind",
        severity=Severity.HIGH,
        title="this monitor is blind",
        when="this machine cannot reach the project, and it is not known whether the project is down",
        runbook="check this machine's network, DNS and proxy; the project itself may be fine",
        judge=blind,
        for_s=settings.blind_s,
    )


def _medium(settings: AlertRules) -> Iterable[Rule]:
    yield Rule(
        name=SLOW_RULE,
        severity=Severity.MEDIUM,
        title="database slow",
        when="each of the last three answers took more than {alerts.slow_answer_s}",
        runbook="look for load, locks and slow queries in the project's dashboard; if the project is quick elsewhere,"
        " check this machine's network",
        judge=database_slow,
        subject=DATABASE,
        for_s=settings.database_slow_s,
        hidden_by=("database_down",),
    )
    yield Rule(
        name="degraded",
        severity=Severity.MEDIUM,
        title="degraded mode",
        when="a part of the screen is not on live data",
        runbook="the Degradation list (3) shows which part is not live, and why",
        judge=degraded,
        hidden_by=("database_down", "blind"),
    )
    yield Rule(
        name="fighting",
        severity=Severity.MEDIUM,
        title="auto-heal and an operator undo each other",
        when="within {conflicts.told_s} a watchdog reversed an operator's action, or a breaker opened again right after"
        " a reset",
        runbook="find the cause before you do it again; --observe keeps a watchdog from acting, z silences this",
        judge=conflict,
        for_s=0.0,
        hidden_by=("database_down",),
    )
    yield Rule(
        name="success_rate_medium",
        severity=Severity.MEDIUM,
        title="success rate is below its target",
        when="less than {alerts.success_warning_percent} of at least {alerts.few_finished} tasks finished in "
        "24 h were completed",
        runbook="read what failed within the day: watchdesk logs --stats, and the newest failed tasks",
        judge=lambda facts, rules: success_below(facts.success_24h, rules.success_warning_percent, rules),
        subject="success rate",
        hidden_by=(
            *("database_down", "failure_rate_critical", "success_rate_critical", "failure_rate_high"),
            *("emergency_stop", DISABLED),
        ),
        rate=True,
    )
    yield Rule(
        name="dry_run_on",
        severity=Severity.MEDIUM,
        title="dry-run was turned on by a heal",
        when="dry-run is on because a heal turned it on",
        runbook="find out why so many tasks failed, then turn dry-run off: d, or watchdesk dry-run off; a watchdog"
        " turns it on again if tasks still fail",
        judge=dry_run_on,
        for_s=0.0,
        switch=True,
        hidden_by=("database_down",),
    )
    yield Rule(
        name="simulated_work",
        severity=Severity.MEDIUM,
        title="tasks were completed only in dry-run",
        when="within the last hour dry-run marked a task as completed without doing it",
        runbook="dry-run marks tasks as completed without doing them: turn it off (d), then run: watchdesk"
        " requeue-simulated",
        judge=simulated,
        hidden_by=("database_down",),
    )
    yield Rule(
        name="review_waits",
        severity=Severity.MEDIUM,
        title="tasks wait for a review",
        when="a task waits for a review for more than {alerts.review_s}",
        runbook="approve or reject each in the inbox (i); no agent touches them before",
        judge=review_waits,
        hidden_by=("database_down", DISABLED),
    )
    yield Rule(
        name="health_rows",
        severity=Severity.MEDIUM,
        title="no monitor has reported for too long",
        when="no monitor has written a health row for more than two check intervals ({watch.interval_s} each), or at"
        " all",
        runbook="a watchdog has died, or has no permission to write: the top line says which one acts; then see its log"
        " file",
        judge=health_rows_late,
        hidden_by=("database_down",),
    )


def _low() -> Iterable[Rule]:
    yield Rule(
        name="no_activity",
        severity=Severity.LOW,
        title="nothing is being done",
        when="nothing was completed, and a task is pending for more than {watch.patience_s}",
        runbook="look whether the agents run; run what is pending: p, or watchdesk run",
        judge=lambda facts, _: verdict_is(facts, "activity", {Level.WARNING, Level.CRITICAL}),
        hidden_by=("database_down", "emergency_stop", DISABLED),
    )
    yield Rule(
        name="breakers_held",
        severity=Severity.LOW,
        title="breakers are held open",
        when="somebody holds a breaker open",
        runbook="release them when what they were held for is done: r",
        judge=lambda facts, _: breaker_held(facts),
    )
    yield Rule(
        name="set_aside",
        severity=Severity.LOW,
        title="a damaged local file was moved aside",
        when="a file that is kept on this machine was damaged and moved aside, or cannot be used",
        runbook="check the disk; the damaged copy (NAME.WHEN.broken) is next to the new file and may be deleted",
        judge=lambda facts, _: Condition(Truth.of(bool(facts.set_aside)), facts.set_aside),
    )
    yield Rule(
        name="clock_skew",
        severity=Severity.LOW,
        title="this machine's clock is wrong",
        when="this machine's clock differs from the project's by more than {alerts.clock_skew_s}",
        runbook="let it be set by the network (NTP)",
        judge=clock_skewed,
    )
