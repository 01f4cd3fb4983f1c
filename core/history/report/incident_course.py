"""The incidents of a window: what began each, and when it was detected, told, acknowledged and resolved. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from core.domain.actors import By, by_of
from core.domain.alerts import STOP_RULE, fits
from core.domain.snapshot import CALM, CUT_OFF, State
from core.domain.status import Level
from core.domain.work_done import TaskFailure
from core.history.blackbox import WatchedSpan
from core.history.report.record import (
    AlertCourse,
    IncidentCourse,
    IncidentStep,
    Milestone,
    SilenceCourse,
    StatePeriod,
    TimelineEntry,
    TurningEvent,
    gravity_rank,
)
from core.history.report.signs import (
    AGENTS,
    ALERT,
    BREAKER,
    LINK,
    REPEATS,
    STOP,
    STOP_SIGN,
    Burst,
    Sign,
    Well,
    bursts,
    close_runs,
    in_turn,
    of_check,
    recoveries,
    sign_of,
    signs,
)

APART: Final = timedelta(minutes=2)
"""The shortest calm between two incidents that was seen; a shorter one is a pause in one."""

_FLAPS: Final = timedelta(seconds=30)
"""The longest time for which what failed may be well and not be said to have failed anew after it."""

AROUND: Final = timedelta(minutes=5)
"""The longest time of which nothing was seen that is no calm: an incident goes on through it."""

_CALM: Final = frozenset(state.value for state in CALM) | {State.DISABLED.value}
LEAD: Final = timedelta(minutes=10)
"""What began an incident is looked for so long before anybody could see it."""

_RECENT: Final = timedelta(seconds=30)
_TOUCH: Final = timedelta(seconds=1)
_RESUME: Final = "lift"
_ACKNOWLEDGE: Final = "acknowledge"
GOES_ON: Final = "not yet: it still goes on at the end of the window"
_MOST: Final = 12
_EACH: Final = frozenset({AGENTS, STOP_SIGN})
"""The kinds of signs each of which is told: no two are of the same."""
_OF_FAILURES: Final = REPEATS | {of_check("failure_rate")}
"""The kinds of signs that failures of the agents' work alone bring about."""

_TICK: Final = timedelta(microseconds=1)


class MessageSent(NamedTuple):
    """A message about alerts that somebody was sent. `to`: whom, empty where only another monitor knows."""

    at: datetime
    to: str = ""


class Trouble(NamedTuple):
    """A time in which something was wrong. `ended`: why its end is no end that was seen; empty: it is one.

    `going`: it was so already when it was first seen.
    """

    since: datetime
    until: datetime
    ended: str = ""
    going: bool = False


class Material(NamedTuple):
    """What an incident is made out from, each kind the oldest first. `failures`: of steps and of tasks.

    `addresses`: how many there are to be told.
    """

    entries: Sequence[TimelineEntry]
    states: Sequence[StatePeriod] = ()
    links: Sequence[StatePeriod] = ()
    looks: Sequence[WatchedSpan] = ()
    alerts: Sequence[AlertCourse] = ()
    silences: Sequence[SilenceCourse] = ()
    failures: Sequence[TaskFailure] = ()
    told: Sequence[MessageSent] = ()
    addresses: int | None = None
    completed_per_s: float = 0.0
    until: datetime | None = None
    """The end of the window."""


def is_bad(word: str) -> bool:
    """Return whether something is wrong in a state, or on a connection, of that word."""
    return word in CUT_OFF or word in set(State) - _CALM


def incidents_of(found: Material) -> tuple[IncidentCourse, ...]:
    """Return the incidents, the oldest first."""
    every = signs(found.entries, found.alerts)
    troubles = joined([*_seen(found), *_unseen(found, bursts(found.failures, found.completed_per_s))])
    reached: datetime | None = None
    courses = []
    for trouble in troubles:
        courses.append(_course(trouble, every, found, reached))
        reached = trouble.until
    return tuple(courses)


def _seen(found: Material) -> Iterator[Trouble]:
    """Yield the times in which the screen showed trouble."""
    for periods in (found.states, found.links):
        for place, period in enumerate(periods):
            if not is_bad(period.word):
                continue
            before = periods[place - 1] if place else None
            after = periods[place + 1] if place + 1 < len(periods) else None
            going = before is None or period.since - before.until > _TOUCH
            ended = "" if after is not None and after.since - period.until <= _TOUCH else _unended(period, after, found)
            yield Trouble(period.since, period.until, ended, going)


def _unended(period: StatePeriod, after: StatePeriod | None, found: Material) -> str:
    """Return why the end of a time of trouble was not seen."""
    seen_until = max((look.until for look in found.looks), default=period.until)
    going = after is None and found.until is not None and found.until - min(seen_until, period.until) <= _RECENT
    return GOES_ON if going else "nobody watched after that"


def _unseen(found: Material, failed: Iterable[Burst]) -> Iterator[Trouble]:
    """Yield the times of trouble of which only rows tell, where nobody watched on this machine."""

    def watched(at: datetime) -> bool:
        return any(look.since - AROUND <= at <= look.until + AROUND for look in found.looks)

    for alert in found.alerts:
        if alert.of_rows and not watched(alert.fired_at):
            last = alert.resolved_at or alert.seen_until or alert.fired_at
            yield Trouble(alert.fired_at, last, "" if alert.resolved_at else "no row tells of an end")
    for burst in failed:
        if not watched(burst.since):
            yield Trouble(burst.since, burst.until, "that is when the last of the failures came")
    stopped: datetime | None = None
    for entry in found.entries:
        if entry.level is not Level.OK:
            continue
        if entry.action == STOP:
            stopped = stopped or entry.at
        elif entry.action == _RESUME and stopped is not None:
            if not watched(stopped):
                yield Trouble(stopped, entry.at)
            stopped = None
    if stopped is not None and not watched(stopped):
        yield Trouble(stopped, stopped, "no row tells of a resume")


def joined(troubles: Iterable[Trouble]) -> list[Trouble]:
    """Return the times of trouble, the oldest first; those that are not apart are one."""
    joined: list[Trouble] = []
    for one in sorted(troubles):
        last = joined[-1] if joined else None
        if last is None or one.since - last.until > (AROUND if last.ended or one.going else APART):
            joined.append(one)
            continue
        later = max(last, one, key=lambda each: (each.until, bool(each.ended)))
        going = last.going if last.since < one.since else last.going and one.going
        joined[-1] = Trouble(last.since, later.until, later.ended, going)
    return joined


def _course(trouble: Trouble, every: Sequence[Sign], found: Material, reached: datetime | None) -> IncidentCourse:
    least = trouble.since - LEAD if reached is None else max(trouble.since - LEAD, reached + _TICK)
    others = [sign for sign in every if least <= sign.at <= trouble.until]
    its = in_turn((*others, *map(sign_of, _failing(least, trouble, others, found))))
    cause = its[0] if its else Sign(trouble.since, 9, "unknown", "what began it is not recorded")
    first = min(cause.at, trouble.since)
    followed = _followed(cause, its, tuple(recoveries(found.entries, found.links)))
    then = _most_telling(followed)
    began = first if first < trouble.since or not trouble.going else None
    return IncidentCourse(
        since=first,
        until=trouble.until,
        cause=_turning(cause),
        then=tuple(map(_turning, then)),
        more=len(followed) - len(then),
        milestones=tuple(_milestones(trouble, began, first, its, found)),
        worst=_worst(first, trouble.until, found),
        cut_off_s=sum(
            (min(period.until, trouble.until) - max(period.since, first)).total_seconds()
            for period in found.links
            if period.word in CUT_OFF and period.since <= trouble.until and period.until >= first
        ),
        failed=sum(first <= one.at <= trouble.until for one in found.failures),
    )


def _failing(least: datetime, trouble: Trouble, others: Iterable[Sign], found: Material) -> tuple[Burst, ...]:
    """Return the bursts of failures of an incident. `others`: its other signs.

    What failed before anybody could see trouble is one of them only if it was a burst by itself, or was about to be one
    and nothing else tells of trouble: a task or two fail in work that is well, and no outage after that began with
    them.
    """
    its = [one for run in close_runs(one for one in found.failures if least <= one.at <= trouble.until) for one in run]
    known = any(one.at <= trouble.since + _RECENT and one.kind not in _OF_FAILURES for one in others)
    seen = trouble.since if known else trouble.since + _RECENT
    before = bursts((one for one in its if one.at < seen), found.completed_per_s)
    since = min(before[0].since, trouble.since) if before else trouble.since
    return bursts((one for one in its if one.at >= since), found.completed_per_s)


def _worst(since: datetime, until: datetime, found: Material) -> str:
    """Return the gravest state within an incident, or word of the connection; empty: nobody watched."""
    for periods in (found.states, found.links):
        words = {one.word for one in periods if one.since <= until and one.until >= since and is_bad(one.word)}
        if words:
            return min(words, key=lambda word: (gravity_rank(word), word))
    return ""


def _turning(sign: Sign) -> TurningEvent:
    return TurningEvent(at=sign.at, text=sign.text, who=sign.who)


def _followed(cause: Sign, its: Iterable[Sign], well: Sequence[Well]) -> list[Sign]:
    """Return what came after the cause: each other kind once, and again where it was well meanwhile."""
    dull = REPEATS if cause.kind == AGENTS else REPEATS | {BREAKER}
    last = {cause.kind: cause.at}
    followed: list[Sign] = []
    for sign in its:
        if sign is cause or sign.kind in dull or (sign.kind == BREAKER and LINK in last):
            continue
        before, last[sign.kind] = last.get(sign.kind), sign.at
        if before is None or sign.kind in _EACH or any(_parts(one, before, sign) for one in well):
            followed.append(sign)
    return followed


def _parts(well: Well, before: datetime, sign: Sign) -> bool:
    """Return whether a sign tells of something new, as it was well since the sign of its kind `before`.

    A check may find what the link shows only later: if it was well all along, that is the same for a while.
    """
    if well.kind != sign.kind:
        return False
    if well.since > before:
        return sign.at - well.since > _FLAPS
    return min(well.until, sign.at) - before > APART


def _most_telling(followed: Sequence[Sign]) -> list[Sign]:
    """Return of very many signs the most telling: of each kind the first before any kind's second."""
    times = Counter[str]()
    ranked = []
    for sign in followed:
        ranked.append((times[sign.kind], sign.rank, sign.at, sign))
        times[sign.kind] += 1
    most = [one[-1] for one in sorted(ranked)[:_MOST]]
    return [sign for sign in followed if sign in most]


def _milestones(
    trouble: Trouble, began: datetime | None, first: datetime, its: Sequence[Sign], found: Material
) -> Iterator[Milestone]:
    how = its[0].text if its else "what began it is not recorded"
    already = "before it was watched: it was so already when that began"
    yield Milestone(step=IncidentStep.BEGAN, at=began, how=how if began is not None else already)
    seen = next((sign for sign in its if sign.found), None)
    detected = "not recorded: no check or alert of that time tells of it"
    if seen is not None:
        what = "" if seen is its[0] else f": {seen.text.removeprefix(ALERT)}"
        yield Milestone(step=IncidentStep.DETECTED, at=seen.at, how=f"{seen.found}{what}")
    else:
        yield Milestone(step=IncidentStep.DETECTED, at=None, how=detected)
    yield _told(seen.at if seen is not None else first, trouble, found)
    yield _acknowledged(first, trouble, found)
    if trouble.ended:
        not_over = trouble.ended if trouble.ended == GOES_ON else f"not seen: {trouble.ended}"
        yield Milestone(step=IncidentStep.RESOLVED, at=None, how=not_over)
    else:
        yield Milestone(step=IncidentStep.RESOLVED, at=trouble.until, how="nothing was wrong any more")


def _told(first: datetime, trouble: Trouble, found: Material) -> Milestone:
    for told in found.told:
        if first <= told.at <= trouble.until:
            return Milestone(step=IncidentStep.TOLD, at=told.at, how="the first message was accepted", who=told.to)
    why = "no message is recorded"
    if found.addresses == 0:
        why = "nobody: no contact and no channel is set"
    elif held := next((one for one in found.silences if _hushed(one, first, trouble, found)), None):
        window = f" ({held.words})" if held.words else ""
        why = f"no message is recorded: {held.called} was silenced{window} by {held.who}: {held.reason}"
    return Milestone(step=IncidentStep.TOLD, at=None, how=why)


def _hushed(silence: SilenceCourse, first: datetime, trouble: Trouble, found: Material) -> bool:
    """Return whether a silence covered an alert of that time of trouble."""
    if silence.since > trouble.until or silence.until <= first:
        return False
    its = (one for one in found.alerts if one.fired_at <= trouble.until and (one.resolved_at or first) >= first)
    return any(fits(silence.matcher, (one.key, *one.key.split(":", 1), one.severity)) for one in its)


def _acknowledged(first: datetime, trouble: Trouble, found: Material) -> Milestone:
    """Return who took care first: by an action of theirs, else as an alert showed it."""
    done = [
        (entry.at, entry.who)
        for entry in found.entries
        if entry.action == _ACKNOWLEDGE and entry.level is Level.OK and by_of(entry.who) is not By.WATCHDOG
    ]
    alerts = [one for one in found.alerts if one.key.partition(":")[0] != STOP_RULE]  # who stops has that for granted
    done += [(alert.acked_at, alert.acked_by) for alert in alerts if alert.acked_at is not None]
    within = [one for one in done if first <= one[0] <= trouble.until]
    if within:
        at, who = min(within)
        return Milestone(step=IncidentStep.ACKNOWLEDGED, at=at, how="an alert was acknowledged", who=who)
    before = [one for one in alerts if one.acked_before and first <= one.acked_before <= trouble.until]
    if before:
        how = "not seen when: it was so already when it was first seen"
        return Milestone(step=IncidentStep.ACKNOWLEDGED, at=None, how=how, who=before[0].acked_by)
    return Milestone(step=IncidentStep.ACKNOWLEDGED, at=None, how="nobody acknowledged an alert, as far as is recorded")
