"""The signs of trouble in a window: what a reader would point at when asked what began an incident."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from core.base.text import plural, short
from core.domain.alerts import Severity
from core.domain.events import BreakerChanged, CheckChanged
from core.domain.markers import OUR_MARK, in_words
from core.domain.snapshot import LinkWord, State
from core.domain.status import Level
from core.domain.task_groups import cause
from core.domain.work_done import TaskFailure
from core.history.report.record import AlertCourse, ErrorCount, Origin, StatePeriod, TimelineEntry
from core.resilience import BreakerState

STOP: Final = "emergency_stop"
AGENTS: Final = "agents"
BREAKER: Final = "breaker"
LINK: Final = "link"
STOP_SIGN: Final = "stop"
ALERT: Final = "alert: "
"""How a sign begins that an alert is."""

REPEATS: Final = frozenset({"state", "alert"})
"""The kinds of signs: those in `REPEATS` say once more, or of everything together, what others say."""

_BAD: Final = {Level.WARNING, Level.CRITICAL}
_NO_TROUBLE: Final = {Severity.LOW.value, "info"}
_CLOSE: Final = timedelta(minutes=5)
"""The longest time between two failures of one burst."""

_BURST: Final = 3
"""The failures that are a sign; one or two happen in work that is well."""
_LONELY: Final = 4
_LONELY_LEAST: Final = timedelta(seconds=30)
"""How many times as far from a burst as its first failures are from one another, and how far at least, those before it
do not belong to it: they happen in work that is well."""

_BEGINNING: Final = 5
"""The failures by which that is judged: how far apart they are later says nothing of the beginning."""

_SHARE: Final = 0.3
"""The share of failures in all that finished from which on they are a sign."""

_LINKS: Final = {
    LinkWord.OFFLINE: "the project was down",
    LinkWord.BLIND: "the project could not be reached from this machine",
}


class Sign(NamedTuple):
    """One sign. `rank` orders those of one moment, the most telling first; `kind`: what it is a sign of.

    `found`: what noticed it, a check, an alert or the screen; empty: nothing did.
    """

    at: datetime
    rank: int
    kind: str
    text: str
    who: str = ""
    found: str = ""


class Well(NamedTuple):
    """A time in which something was seen to be well: a check, which was so at least at that moment, or the link."""

    kind: str
    since: datetime
    until: datetime


class Burst(NamedTuple):
    """Failures of the agents' work, each close to the one before."""

    since: datetime
    until: datetime
    times: int
    most: str
    """The most frequent cause."""


def failed_work(entries: Iterable[TimelineEntry], failures: Iterable[TaskFailure]) -> tuple[TaskFailure, ...]:
    """Return what failed, the oldest first: the steps that the log tells, or the tasks, whichever tell of more.

    Both tell of the same failures: to count them together would double them.
    """
    steps = (one for one in entries if one.origin is Origin.AGENTS and one.level is not Level.OK)
    told = [TaskFailure(at=one.at, error=one.text) for one in steps]
    tasks = list(failures)
    return tuple(sorted(tasks if len(tasks) >= len(told) else told, key=lambda one: (one.at, one.error)))


def errors_of(failed: Iterable[TaskFailure], most: int) -> tuple[ErrorCount, ...]:
    """Return the most frequent errors; those of one cause count together."""
    told: dict[str, str] = {}
    many = Counter[str]()
    for one in failed:
        if one.error:
            told.setdefault(cause(one.error), in_words(one.error))
            many[cause(one.error)] += 1
    return tuple(ErrorCount(error=told[name], count=count) for name, count in many.most_common(most))


def bursts(failed: Iterable[TaskFailure], completed_per_s: float = 0.0) -> tuple[Burst, ...]:
    """Return the bursts among what failed, the oldest first; what a monitor failed, as stuck, is what followed.

    `completed_per_s`: how many tasks are completed meanwhile, on average: a few failures among many are no burst.
    """
    runs = close_runs(failed)
    return tuple(_burst(run) for run in runs if len(run) >= max(_BURST, _SHARE * _finished(run, completed_per_s)))


def close_runs(failed: Iterable[TaskFailure]) -> list[list[TaskFailure]]:
    """Return what failed, the oldest first, in runs; in each is nothing that failed long before the rest of it."""
    runs: list[list[TaskFailure]] = []
    for one in (one for one in failed if not one.error.startswith(OUR_MARK)):
        if not runs or one.at - runs[-1][-1].at > _CLOSE:
            runs.append([])
        runs[-1].append(one)
    return [run[_first(run) :] for run in runs]


def _first(run: Sequence[TaskFailure]) -> int:
    """Return the place of the failure that a run begins with: before it is nothing but lonely ones."""
    first = 0
    for place in range(1, len(run)):
        gap = run[place].at - run[place - 1].at
        if _is_lonely(gap, run[place : place + _BEGINNING]):
            if any(_is_lonely(gap, run[at : min(at + _BEGINNING, place)]) for at in range(first, place)):
                break  # it is a pause in a burst that had begun before
            first = place
    return first


def _is_lonely(gap: timedelta, burst: Sequence[TaskFailure]) -> bool:
    """Return whether a time is far longer than what is between the failures of a burst; fewer are none."""
    if len(burst) < _BURST:
        return False
    return gap > max(_LONELY_LEAST, _LONELY * (burst[-1].at - burst[0].at) / (len(burst) - 1))


def _finished(run: list[TaskFailure], completed_per_s: float) -> float:
    return len(run) + completed_per_s * (run[-1].at - run[0].at).total_seconds()


def _burst(run: list[TaskFailure]) -> Burst:
    most = errors_of(run, 1)
    return Burst(run[0].at, run[-1].at, len(run), most[0].error if most else "")


def signs(entries: Iterable[TimelineEntry], alerts: Iterable[AlertCourse]) -> tuple[Sign, ...]:
    """Return every sign but those of the agents' work, the oldest first."""
    return in_turn((*_of_entries(entries), *_of_alerts(alerts)))


def sign_of(burst: Burst) -> Sign:
    """Return the sign that a burst of failures is."""
    took = f" within {short(burst.until - burst.since)}" if burst.until > burst.since else ""
    why = f", most often: {burst.most}" if burst.most else ""
    return Sign(burst.since, 4, AGENTS, f"the agents' work failed {plural(burst.times, 'time')}{took}{why}")


def in_turn(found: Iterable[Sign]) -> tuple[Sign, ...]:
    """Return signs the oldest first, of one moment the most telling."""
    return tuple(sorted(found, key=lambda one: one[:4]))


def recoveries(entries: Iterable[TimelineEntry], links: Iterable[StatePeriod]) -> Iterator[Well]:
    """Yield when what signs of a kind tell of was well: a sign of it after that tells of it anew."""
    for period in links:
        if period.word == LinkWord.LIVE:
            yield Well(LINK, period.since, period.until)
    for entry in entries:
        what = entry.what
        if isinstance(what, CheckChanged) and what.after is Level.OK:
            yield Well(of_check(what.check), entry.at, entry.at)


def of_check(name: str) -> str:
    """Return the kind of signs that a check finds. A database that does not answer is a project that does not."""
    return LINK if name == "database" else f"check {name}"


def _of_entries(entries: Iterable[TimelineEntry]) -> Iterator[Sign]:
    for entry in entries:
        at, what = entry.at, entry.what
        why = f": {entry.why}" if entry.why else ""
        if entry.action == STOP and entry.level is Level.OK:
            yield Sign(at, 0, STOP_SIGN, f"the agents were stopped{why}", entry.who)
        elif entry.origin is Origin.SEEN and entry.level is not Level.OK:
            if entry.word in _LINKS:
                yield Sign(at, 1, LINK, f"{_LINKS[LinkWord(entry.word)]}{why}", found="on the screen")
            elif entry.word == State.STOPPED.upper():
                yield Sign(
                    at, 6, "state", f"the agents were stopped{why}; by whom is not recorded", found="on the screen"
                )
            else:
                yield Sign(at, 6, "state", f"the state became {entry.word}{why}", found="on the screen")
        elif isinstance(what, CheckChanged) and what.after in _BAD:
            name = f"the {what.check.replace('_', ' ')} check"
            yield Sign(at, 2, of_check(what.check), f"{name} found: {what.why}", found=f"by {name}")
        elif isinstance(what, BreakerChanged) and what.after is BreakerState.OPEN and not what.cause.by_hand:
            yield Sign(at, 3, BREAKER, f"calls failed and were suspended ({what.key}): {what.why}")


def _of_alerts(alerts: Iterable[AlertCourse]) -> Iterator[Sign]:
    for alert in alerts:
        if alert.severity in _NO_TROUBLE:
            continue
        text = alert.title if alert.text in {"", alert.title} else f"{alert.title}: {alert.text}"
        yield Sign(alert.began_at or alert.fired_at, 5, "alert", f"{ALERT}{text}", found="by an alert")
