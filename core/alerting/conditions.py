"""Conditions of alert rules: each reads the facts and returns whether it holds, with the finding in words. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from core.alerting.settings import AlertRules
from core.base.text import amount, over, percentage, plural, short
from core.domain.checks import UNREACHABLE
from core.domain.counts import Simulated, SuccessRate
from core.domain.status import Level, Truth, Verdict
from core.resilience import BreakerRecord, BreakerState

COMPONENTS: Final = ("db", "edge", "auth")
"""Components whose breakers raise alerts: the project's own. Those of a heartbeat or a mail server are only shown."""


DATABASE: Final = "db"
BREAKERS: Final = "breakers"
"""The rule about breakers, and its alerts."""


_PROBED_WITHIN_S: Final = 180.0
"""The seconds from a breaker's opening within which an operation in use has probed, the open time included."""

_SIMULATED_WITHIN_S: Final = 3600.0
"""Work that was only simulated longer ago than this is no alert any more."""

COMPONENT_NAMES: Final = {"db": "the database", "edge": "the edge functions", "auth": "the sign-in"}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The input of all rules at one moment. `None` was not measured now.

    `review_waits_s`: seconds the oldest task has waited for a review, 0 where none does; `in_review`: their number.
    `config_rows`: their number, which should be one. `simulated`: completions of the last day that were only
    simulated, `simulated_age_s`: seconds since the last of them. `stopped_by`: the operator who ordered the stop,
    empty for the watchdog or an unknown source; `stop_id`: the same for everybody who reads this stop.
    `blind_for_s`: 0 while there is live data. `lost`: the components not on live data. `health_row_age_s`: the age
    of the newest row of any monitor, or the time none has been found (`health_row_missing`), `health_row_late_s`:
    from when on that is too long. `answers_for_s`: seconds since the last outage, `None` where none was seen.
    `answer_s`: the seconds that the quickest of the last three answers took, `None` where there was none lately.
    `conflict`: what a watchdog reversed of an operator's actions. `dry_run_by`: since when a heal keeps dry-run on, and
    why; empty where none does. `set_aside`: what this machine could not keep.
    `checked_at`, `config_at`: when the verdicts and the config row were read; the rest
    was read at `at`, or within a refresh before it.
    """

    at: datetime
    verdicts: Mapping[str, Verdict] = {}
    checked_at: Mapping[str, datetime] = {}
    config_at: datetime | None = None
    stopped: bool | None = None
    stop_text: str = ""
    stopped_by: str = ""
    stop_id: str = ""
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
    answers_for_s: float | None = None
    answer_s: float | None = None
    in_review: int | None = None
    review_waits_s: float | None = None
    braked: str = ""
    conflict: str | None = None
    dry_run_by: str | None = None
    set_aside: str = ""
    clock_skew_s: float | None = None

    def verdict(self, name: str) -> Verdict:
        """Return the last verdict of a check."""
        return self.verdicts.get(name, Verdict.unknown("not checked yet"))


class Condition(msgspec.Struct, frozen=True):
    """The state of a rule's condition for one subject. `held_s`: seconds it has held already, where known.

    `by`: the operator whose action caused it. `at`: when what it rests on was read; `None` is the time of the facts.
    """

    truth: Truth
    text: str = ""
    held_s: float = 0.0
    by: str = ""
    at: datetime | None = None
    episode: str = ""
    """The name of what holds, the same on every monitor that sees it; empty where there is none."""
    title: str = ""
    """What to call it, where the rule's own title would say too much."""


def stopped(facts: Facts, _: AlertRules) -> Condition:
    """Hold while an emergency stop is set."""
    return Condition(
        Truth.of(facts.stopped), facts.stop_text, by=facts.stopped_by, at=facts.config_at, episode=facts.stop_id
    )


def several_config_rows(facts: Facts, _: AlertRules) -> Condition:
    """Hold while there is more than one config row."""
    count = facts.config_rows
    if count is None:
        return Condition(Truth.UNKNOWN)
    text = f"{plural(count, 'config row')} instead of one" if count > 1 else ""
    return Condition(Truth.of(count > 1), text, at=facts.config_at)


def verdict_is(facts: Facts, name: str, levels: set[Level]) -> Condition:
    """Hold while the check `name` concluded one of `levels`."""
    verdict = facts.verdict(name)
    if verdict.level is Level.UNKNOWN:
        return Condition(Truth.UNKNOWN, verdict.text)
    return Condition(Truth.of(verdict.level in levels), verdict.text, at=facts.checked_at.get(name))


def database_down(facts: Facts) -> Condition:
    """Hold while the database is proven down."""
    condition = verdict_is(facts, "database", {Level.CRITICAL})
    title = UNREACHABLE.removesuffix(": ") if condition.text.startswith(UNREACHABLE) else ""
    text = condition.text.removeprefix("down: ").removeprefix(UNREACHABLE)  # the title already says so
    return msgspec.structs.replace(condition, text=text, title=title)


def database_slow(facts: Facts, settings: AlertRules) -> Condition:
    """Hold while not even the quickest answer comes in time."""
    if facts.answer_s is None:
        return Condition(Truth.UNKNOWN)
    text = f"answers take {short(facts.answer_s)}, more than {short(settings.slow_answer_s)}"
    return Condition(Truth.of(facts.answer_s > settings.slow_answer_s), text)


def success_below(rate: SuccessRate | None, percent: float, settings: AlertRules) -> Condition:
    """Hold while fewer than `percent` of enough finished tasks were completed."""
    if rate is None:
        return Condition(Truth.UNKNOWN)
    if rate.percent is None or rate.finished < settings.few_finished:
        return Condition(Truth.FALSE, f"too few finished to tell ({rate.finished})")
    hours = rate.window.total_seconds() / 3600
    text = f"{percentage(rate.percent)} % completed, of {amount(rate.finished, exact=rate.exact)} in {hours:.0f} h"
    return Condition(Truth.of(rate.percent < percent), text)


def breakers_refuse(facts: Facts, component: str) -> Condition:
    """Return whether calls are refused or fail. What was not called since an answer waits for its next call to tell.

    A breaker that is merely due does so at most for a while, and not once another of the component was closed since.
    The database's own check is such an answer, too.
    A time that is still to come tells nothing: the clock was set back.
    """
    ours = [record for record in facts.breakers if record.component == component]
    not_closed = [one for one in ours if one.state in {BreakerState.OPEN, BreakerState.HALF_OPEN}]
    closed = (one.since for one in ours if one.state is BreakerState.CLOSED and not one.failures)
    told = facts.checked_at.get("database") if facts.verdict("database").level is Level.OK else None
    answers = (*closed, told) if component == DATABASE and told is not None else (*closed,)
    answered_at = max((at for at in answers if at <= facts.at), default=None)
    failing = [one for one in not_closed if answered_at is None or one.since >= answered_at]
    if failing:
        worst = min(failing, key=lambda record: record.not_closed_since or record.since)
        held_s = (facts.at - (worst.not_closed_since or worst.since)).total_seconds()
        others = sum(one.state not in {BreakerState.CLOSED, BreakerState.HELD} for one in ours) - 1
        more = f" and {others} more" if others else ""
        said = f": {worst.last_error}" if worst.last_error else ""
        return Condition(Truth.TRUE, f"{worst.key}{more} blocked for {over(held_s)}{said}", held_s=max(0.0, held_s))
    due = [one for one in ours if one.state is BreakerState.DUE and (answered_at is None or answered_at <= one.since)]
    if not_closed or any((facts.at - one.since).total_seconds() < _PROBED_WITHIN_S for one in due):
        return Condition(Truth.UNKNOWN, "next probe is due")
    return Condition(Truth.FALSE if ours else Truth.UNKNOWN)


def breaker_held(facts: Facts) -> Condition:
    """Hold while an operator holds a breaker open."""
    held = [record for record in facts.breakers if record.state is BreakerState.HELD]
    if not held:
        return Condition(Truth.FALSE)
    words = "; ".join(f"{one.key}: {one.held_why or 'no reason given'}" for one in held)
    return Condition(Truth.TRUE, words, by=held[0].held_by or "an operator")


def blind(facts: Facts, _: AlertRules) -> Condition:
    """Hold while nothing has been known of the project for too long."""
    if not facts.blind_for_s:
        return Condition(Truth.FALSE)
    return Condition(Truth.TRUE, f"no answer for {over(facts.blind_for_s)}", held_s=facts.blind_for_s)


_READ_AGAIN_S: Final = 60.0
_FUNCTIONS: Final = "edge_function"


def degraded(facts: Facts, _: AlertRules) -> Condition:
    """Hold while a component is not live. Just after an outage what is read seldom is only being read again."""
    if facts.lost is None:
        return Condition(Truth.UNKNOWN)
    again = facts.answers_for_s is not None and 0 < facts.answers_for_s < _READ_AGAIN_S
    if again and facts.lost and _FUNCTIONS not in facts.lost:
        return Condition(Truth.UNKNOWN, "read again after the outage")
    words = ", ".join(facts.lost).replace("_", " ")
    return Condition(Truth.of(bool(facts.lost)), f"not live: {words}" if words else "")


def simulated(facts: Facts, _: AlertRules) -> Condition:
    """Hold while work is only simulated."""
    if facts.simulated is None:
        return Condition(Truth.UNKNOWN)
    age_s = facts.simulated_age_s
    if not facts.simulated.count or age_s is None:
        return Condition(Truth.FALSE)
    many = plural(facts.simulated.count, "task")
    text = f"{many} in 24 h, the last within an hour, completed without being done"
    return Condition(Truth.of(age_s <= _SIMULATED_WITHIN_S), text)


def review_waits(facts: Facts, settings: AlertRules) -> Condition:
    """Hold while a task has waited too long for a person's review."""
    if facts.in_review is None or facts.review_waits_s is None:
        return Condition(Truth.UNKNOWN)
    text = f"{plural(facts.in_review, 'task')} in review, the oldest for {over(facts.review_waits_s)}"
    return Condition(Truth.of(facts.review_waits_s > settings.review_s), text)


def health_rows_late(facts: Facts, _: AlertRules) -> Condition:
    """Hold while no monitor writes the health rows that are due. In an outage, and just after one, none could."""
    age_s = facts.health_row_age_s
    if age_s is None:
        return Condition(Truth.UNKNOWN)
    said = f"the newest health row is {over(age_s)} old"
    if facts.health_row_missing:
        said = f"no health row in the last 7 days; watched for {over(age_s)}"
    known_s = age_s if facts.answers_for_s is None else min(age_s, facts.answers_for_s)
    if known_s <= facts.health_row_late_s < age_s:
        return Condition(Truth.UNKNOWN, "the project could not be written to for long enough")
    return Condition(Truth.of(age_s > facts.health_row_late_s), said)


def conflict(facts: Facts, _: AlertRules) -> Condition:
    """Hold while the watchdog and an operator undo each other."""
    if facts.conflict is None:
        return Condition(Truth.UNKNOWN)
    return Condition(Truth.of(bool(facts.conflict)), facts.conflict)


def dry_run_on(facts: Facts, _: AlertRules) -> Condition:
    """Hold while dry-run is on because a heal turned it on."""
    if facts.dry_run_by is None:
        return Condition(Truth.UNKNOWN)
    text = f"{facts.dry_run_by}; the agents only simulate" if facts.dry_run_by else ""
    return Condition(Truth.of(bool(text)), text, at=facts.config_at)


def clock_skewed(facts: Facts, settings: AlertRules) -> Condition:
    """Hold while this machine's clock and the project's differ by too much."""
    skew_s = facts.clock_skew_s
    if skew_s is None:
        return Condition(Truth.UNKNOWN)
    way = "ahead of" if skew_s > 0 else "behind"
    return Condition(Truth.of(abs(skew_s) > settings.clock_skew_s), f"{short(abs(skew_s))} {way} the project's")
