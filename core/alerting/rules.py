"""Every alert rule, as data: the condition, how long it must hold, its severity, and the remedy."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from core.alerting.settings import AlertRules
from core.base.text import plural, short
from core.domain.alerts import DISABLED, Severity
from core.domain.records import ONE_CONFIG, Simulated, SuccessRate
from core.domain.status import Level, Truth, Verdict
from core.resilience import BreakerRecord, BreakerState

COMPONENTS: Final = ("db", "edge", "auth")
"""Components whose breakers raise alerts: the project's own. Those of a heartbeat or a mail server are only shown."""

DATABASE: Final = "db"
MUTES: Final = {
    "high_risk": ("high_risk", "error"),
    "failure": ("failure", "error"),
    "braked": ("high_risk", "approval_needed"),
    "end": ("completion", "success"),
}
"""The `notify_on_…` columns of the config row that mute a kind: both those in the field and those documented."""


_PROBED_WITHIN_S: Final = 180.0
"""The seconds from a breaker's opening within which an operation in use has probed, the open time included."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The input of all rules at one moment. `None` was not measured now.

    `review_waits_s`: seconds the oldest task has waited for a review, 0 where none does; `in_review`: their number.
    `config_rows`: their number, which should be one. `simulated`: completions of the last day that were only simulated,
    `simulated_age_s`: seconds since the last of them. `stopped_by`: the operator who ordered the stop, empty for the
    watchdog or an unknown source. `blind_for_s`: 0 while there is live data. `lost`: the components not on live data.
    `health_row_age_s`: the age of the newest row of any monitor, or the time none has been found
    (`health_row_missing`), `health_row_late_s`: from when on that is too long. `fought_over`: what a watchdog reversed
    of an operator's actions. `set_aside`: what this machine could not keep.
    """

    at: datetime
    verdicts: Mapping[str, Verdict] = {}
    stopped: bool | None = None
    stop_text: str = ""
    stopped_by: str = ""
    enabled: bool | None = None
    config_rows: int | None = None
    success_1h: SuccessRate | None = None
    success_24h: SuccessRate | None = None
    simulated: Simulated | None = None
    simulated_age_s: float | None = None
    breakers: tuple[BreakerRecord, ...] = ()
    blind_for_s: float = 0.0
    lost: tuple[str, ...] | None = None
    health_row_age_s: float | None = None
    health_row_missing: bool = False
    health_row_late_s: float = 660.0
    in_review: int | None = None
    review_waits_s: float | None = None
    braked: str = ""
    fought_over: str | None = None
    set_aside: str = ""
    clock_skew_s: float | None = None

    def verdict(self, name: str) -> Verdict:
        """Return the last verdict of a check."""
        return self.verdicts.get(name, Verdict.unknown("not checked yet"))


class Condition(msgspec.Struct, frozen=True):
    """The state of a rule's condition for one subject. `held_s`: seconds it has held already, where known.

    `by`: the operator whose action caused it.
    """

    truth: Truth
    text: str = ""
    held_s: float = 0.0
    by: str = ""


Judge = Callable[[Facts, AlertRules], Condition]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `for_s`: how long it must hold, `None` for two evaluations. `hidden_by`: rules that hide it.

    `when`: its condition in words, with settings in braces: `{alerts.blind_s}`.
    `begins`: its severity at first, where that rises once it has held for `rises_s`.
    `kind`: what may mute it, of `MUTES`; empty is by its severity. `rate`: about a rate, so it resolves late.
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
    return (*_critical(settings), *_high(settings), *_medium(), *_low())


def _critical(settings: AlertRules) -> Iterable[Rule]:
    yield Rule(
        name="emergency_stop",
        severity=Severity.CRITICAL,
        title="emergency stop is set",
        when="the emergency stop is set",
        runbook="find out why it was set; when that is mended, resume: u, or watchdesk resume",
        judge=_stopped,
        for_s=0.0,
    )
    yield Rule(
        name="config_rows",
        severity=Severity.CRITICAL,
        title="several config rows",
        when="there is more than one config row",
        runbook=f"a stop is set on all of them, but nobody knows which one steers the agents: {ONE_CONFIG}",
        judge=_config_rows,
        for_s=0.0,
        hidden_by=("database_down",),
    )
    yield Rule(
        name="database_down",
        severity=Severity.CRITICAL,
        title="database down",
        when="the check database finds it down",
        runbook="look at the project's status page and dashboard; nothing can be changed until it answers",
        judge=lambda facts, _: _database(facts),
        subject=DATABASE,
        for_s=0.0,
        begins=Severity.HIGH,
        rises_s=settings.database_down_s,
    )
    for component in COMPONENTS:
        yield Rule(
            name="breakers",
            severity=Severity.CRITICAL,
            title=f"calls to {_NAMES[component]} fail",
            when=f"a breaker of {_NAMES[component]} is open or probing",
            runbook="read the breaker's last error; when its cause is gone it closes by itself, or reset it: r",
            judge=lambda facts, _, component=component: _breakers(facts, component),  # type: ignore[misc]  # bound early
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
        judge=lambda facts, _: _verdict(facts, "failure_rate", {Level.CRITICAL}),
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
        "in 1 h completed",
        runbook="read what failed within the last hour; a deployment just before it is the usual cause",
        judge=lambda facts, rules: _below(facts.success_1h, rules.success_critical_percent, rules),
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
        judge=lambda facts, _: _verdict(facts, "failure_rate", {Level.WARNING, Level.CRITICAL}),
        subject="failure rate",
        hidden_by=("database_down", "failure_rate_critical"),
        rate=True,
    )
    yield Rule(
        name="stuck_tasks",
        severity=Severity.HIGH,
        title="tasks are stuck",
        when="a running task is past {stuck.after_s} and {stuck.estimate_factor} times its estimate, and "
        "silent for {stuck.quiet_s}",
        runbook="look which agent holds them; fail them by a heal: h, or watchdesk heal",
        judge=lambda facts, _: _verdict(facts, "stuck_tasks", {Level.WARNING, Level.CRITICAL}),
        hidden_by=("database_down",),
    )
    yield Rule(
        name="healing_braked",
        severity=Severity.HIGH,
        title="healing is braked",
        when="more than {heal.brake_rows} tasks were stuck within {heal.brake_window_s}, or too large a "
        "share of what runs",
        runbook="so much at once is seldom chance: find the cause first, then heal by hand: h, or watchdesk heal",
        judge=lambda facts, _: Condition(Truth.of(bool(facts.braked)), facts.braked),
        hidden_by=("database_down",),
        kind="braked",
    )
    yield Rule(
        name="blind",
        severity=Severity.HIGH,
        title="this monitor is blind",
        when="nothing of the project is reached, and nothing proves it down",
        runbook="check this machine's network and DNS: nothing is proven about the project itself",
        judge=_blind,
        for_s=settings.blind_s,
    )


def _medium() -> Iterable[Rule]:
    yield Rule(
        name="degraded",
        severity=Severity.MEDIUM,
        title="degraded mode",
        when="a part of the screen is not on live data",
        runbook="the Degradation panel says which part is not on live data, and why",
        judge=_degraded,
        hidden_by=("database_down", "blind"),
    )
    yield Rule(
        name="fighting",
        severity=Severity.MEDIUM,
        title="the healer is fighting you",
        when="a watchdog reversed an operator within {conflicts.told_s}, or a breaker that was reset opened at once",
        runbook="find the cause before you do it again; --observe keeps a watchdog from acting, z silences this",
        judge=_fighting,
        for_s=0.0,
        hidden_by=("database_down",),
    )
    yield Rule(
        name="success_rate_medium",
        severity=Severity.MEDIUM,
        title="success rate is below its target",
        when="less than {alerts.success_warning_percent} of at least {alerts.few_finished} tasks finished in "
        "24 h completed",
        runbook="read what failed within the day: watchdesk logs --stats, and the newest failed tasks",
        judge=lambda facts, rules: _below(facts.success_24h, rules.success_warning_percent, rules),
        subject="success rate",
        hidden_by=("database_down", "success_rate_critical", "emergency_stop", DISABLED),
        rate=True,
    )
    yield Rule(
        name="simulated_work",
        severity=Severity.MEDIUM,
        title="pending work is only simulated",
        when="within 1 h dry-run marked a task completed that nobody did",
        runbook="dry-run marks tasks completed and does none: turn it off (d, or watchdesk dry-run off), requeue them",
        judge=_simulated,
        hidden_by=("database_down",),
    )
    yield Rule(
        name="review_waits",
        severity=Severity.MEDIUM,
        title="tasks wait for a review",
        when="a task waits for a review for more than {alerts.review_s}",
        runbook="read them and approve or reject each; agents do not touch them: t, then /status:awaiting_review",
        judge=_review,
        hidden_by=("database_down", DISABLED),
    )
    yield Rule(
        name="health_rows",
        severity=Severity.MEDIUM,
        title="no monitor has reported for too long",
        when="no health row of any monitor came for more than two checks ({watch.interval_s} each), or ever",
        runbook="somebody's watchdog has died, or may not write: see who acts in the top line, and the log file",
        judge=_health_rows,
        hidden_by=("database_down",),
    )


def _low() -> Iterable[Rule]:
    yield Rule(
        name="no_activity",
        severity=Severity.LOW,
        title="nothing is being done",
        when="nothing was completed, and a task is pending for more than {watch.patience_s}",
        runbook="look whether the agents run; run what is pending: p, or watchdesk run",
        judge=lambda facts, _: _verdict(facts, "activity", {Level.WARNING, Level.CRITICAL}),
        hidden_by=("database_down", "emergency_stop", DISABLED),
    )
    yield Rule(
        name="breakers_held",
        severity=Severity.LOW,
        title="breakers are held open",
        when="somebody holds a breaker open",
        runbook="release them when what they were held for is done: r",
        judge=lambda facts, _: _held(facts),
    )
    yield Rule(
        name="set_aside",
        severity=Severity.LOW,
        title="something on this machine's disk was set aside",
        when="a file that is kept on this machine was broken and is set aside, or cannot be used",
        runbook="look at the disk; what was set aside lies beside the new one and may be deleted",
        judge=lambda facts, _: Condition(Truth.of(bool(facts.set_aside)), facts.set_aside),
    )
    yield Rule(
        name="clock_skew",
        severity=Severity.LOW,
        title="this machine's clock is wrong",
        when="this machine's clock differs from the project's by more than {alerts.clock_skew_s}",
        runbook="let it be set by the network (NTP)",
        judge=_skewed,
    )


_SIMULATED_WITHIN_S: Final = 3600.0
_NAMES: Final = {"db": "the database", "edge": "the edge functions", "auth": "the sign-in"}


def _stopped(facts: Facts, _: AlertRules) -> Condition:
    return Condition(Truth.of(facts.stopped), facts.stop_text, by=facts.stopped_by)


def _config_rows(facts: Facts, _: AlertRules) -> Condition:
    count = facts.config_rows
    if count is None:
        return Condition(Truth.UNKNOWN)
    return Condition(Truth.of(count > 1), f"{plural(count, 'config row')} instead of one" if count > 1 else "")


def _verdict(facts: Facts, name: str, levels: set[Level]) -> Condition:
    verdict = facts.verdict(name)
    if verdict.level is Level.UNKNOWN:
        return Condition(Truth.UNKNOWN, verdict.text)
    return Condition(Truth.of(verdict.level in levels), verdict.text)


def _database(facts: Facts) -> Condition:
    condition = _verdict(facts, "database", {Level.CRITICAL})
    return msgspec.structs.replace(condition, text=condition.text.removeprefix("down: "))  # the title says it


def _below(rate: SuccessRate | None, percent: float, settings: AlertRules) -> Condition:
    if rate is None:
        return Condition(Truth.UNKNOWN)
    if rate.percent is None or rate.finished < settings.few_finished:
        return Condition(Truth.FALSE, f"too few finished to tell ({rate.finished})")
    hours = rate.window.total_seconds() / 3600
    text = f"{rate.percent:.1f} % of {rate.finished:,} completed in {hours:.0f} h"
    return Condition(Truth.of(rate.percent < percent), text)


def _breakers(facts: Facts, component: str) -> Condition:
    """Return whether calls are refused or fail. A breaker that is only due waits for its next call to tell."""
    ours = [record for record in facts.breakers if record.component == component]
    failing = [record for record in ours if record.state in {BreakerState.OPEN, BreakerState.HALF_OPEN}]
    if failing:
        worst = min(failing, key=lambda record: record.not_closed_since or record.since)
        held_s = (facts.at - (worst.not_closed_since or worst.since)).total_seconds()
        more = f" and {len(failing) - 1} more" if len(failing) > 1 else ""
        said = f": {worst.last_error}" if worst.last_error else ""
        return Condition(Truth.TRUE, f"{worst.key}{more} refused since {short(held_s)}{said}", held_s=max(0.0, held_s))
    due = [record for record in ours if record.state is BreakerState.DUE]
    if any((facts.at - one.since).total_seconds() < _PROBED_WITHIN_S for one in due):
        return Condition(Truth.UNKNOWN, "due, not probed yet")
    return Condition(Truth.FALSE if ours else Truth.UNKNOWN)


def _held(facts: Facts) -> Condition:
    held = [record for record in facts.breakers if record.state is BreakerState.HELD]
    if not held:
        return Condition(Truth.FALSE)
    words = "; ".join(f"{one.key}: {one.held_why or 'no reason given'}" for one in held)
    return Condition(Truth.TRUE, words, by=held[0].held_by or "an operator")


def _blind(facts: Facts, _: AlertRules) -> Condition:
    if not facts.blind_for_s:
        return Condition(Truth.FALSE)
    return Condition(Truth.TRUE, f"nothing is known for {short(facts.blind_for_s)}", held_s=facts.blind_for_s)


def _degraded(facts: Facts, _: AlertRules) -> Condition:
    if facts.lost is None:
        return Condition(Truth.UNKNOWN)
    words = ", ".join(facts.lost).replace("_", " ")
    return Condition(Truth.of(bool(facts.lost)), f"not live: {words}" if words else "")


def _simulated(facts: Facts, _: AlertRules) -> Condition:
    if facts.simulated is None:
        return Condition(Truth.UNKNOWN)
    age_s = facts.simulated_age_s
    if not facts.simulated.count or age_s is None:
        return Condition(Truth.FALSE)
    text = f"{plural(facts.simulated.count, 'task')} in 24 h, the last {short(age_s)} ago, completed without being done"
    return Condition(Truth.of(age_s <= _SIMULATED_WITHIN_S), text)


def _review(facts: Facts, settings: AlertRules) -> Condition:
    if facts.in_review is None or facts.review_waits_s is None:
        return Condition(Truth.UNKNOWN)
    text = f"{plural(facts.in_review, 'task')} in review, the oldest came in {short(facts.review_waits_s)} ago"
    return Condition(Truth.of(facts.review_waits_s > settings.review_s), text)


def _health_rows(facts: Facts, _: AlertRules) -> Condition:
    age_s = facts.health_row_age_s
    if age_s is None:
        return Condition(Truth.UNKNOWN)
    said = f"the newest health row is {short(age_s)} old"
    if facts.health_row_missing:
        said = f"no health row of the last 7 days, and none has come in {short(age_s)}"
    return Condition(Truth.of(age_s > facts.health_row_late_s), said)


def _fighting(facts: Facts, _: AlertRules) -> Condition:
    if facts.fought_over is None:
        return Condition(Truth.UNKNOWN)
    return Condition(Truth.of(bool(facts.fought_over)), facts.fought_over)


def _skewed(facts: Facts, settings: AlertRules) -> Condition:
    skew_s = facts.clock_skew_s
    if skew_s is None:
        return Condition(Truth.UNKNOWN)
    way = "ahead of" if skew_s > 0 else "behind"
    return Condition(Truth.of(abs(skew_s) > settings.clock_skew_s), f"{short(abs(skew_s))} {way} the project's")
