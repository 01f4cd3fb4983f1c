"""The first half minute of a report: what began it, what followed, how long it took and when who knew; and at its end
what only people can answer."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from core.base.text import plural, short
from core.domain.snapshot import CALM, CUT_OFF, WORST_FIRST, State
from core.history.report.document import (
    Block,
    Bullets,
    Paragraph,
    Part,
    Text,
    Title,
    bullets,
    code,
    grid,
    strong,
    text,
)
from core.history.report.effect import counts
from core.history.report.incident_course import GOES_ON
from core.history.report.record import (
    IncidentCourse,
    IncidentStep,
    Milestone,
    Report,
    StatePeriod,
    TurningEvent,
    gravity_rank,
)
from core.history.report.sections import silenced
from core.history.report.times import Times

_MOST: Final = 4
"""The incidents that get a table of times each."""

_MOST_BESIDES: Final = 6
"""The incidents beside the gravest that get a line of the summary each."""

_WATCHED: Final = 0.9
"""The share of the window from which on it counts as watched."""


def summary(report: Report, times: Times) -> tuple[Block, ...]:
    """Return the summary: the cause first."""
    return (
        Title(2, text("Summary")),
        bullets(
            *_about(report, times),
            text(strong("Effect:"), f" {counts(report)}."),
            *_besides(report, times),
            *_at_the_end(report, times),
            *_lengths(report),
        ),
    )


def _about(report: Report, times: Times) -> Iterable[Text]:
    """Yield what the incident was; where there are several, of the gravest."""
    main = report.incident
    if main is None:
        yield text(_nothing(report))
        return
    if len(report.incidents) > 1:
        many = f" {len(report.incidents)} in the window; what follows is about the gravest, at {times.at(main.since)}."
        yield text(strong("Incidents:"), many)
    yield text(strong("What began it:"), " ", _turning(main.cause, times), ".")
    if main.then:
        told: list[Part] = []
        for one in main.then:
            told += ["; " if told else " ", _turning(one, times)]
        told += [f"; {main.more:,} more, in the timeline"] if main.more else []
        yield text(strong("What followed:"), *told, ".")
    yield text(strong("How long:"), f" {_duration(main, times)}", *_worst(report, main, times))
    for silence in report.silences:
        if silence.since <= main.until and silence.until > main.since:
            window = f" ({silence.words})" if silence.words else ""
            held = f" from {times.at(silence.since)} to {times.at(silence.until)}{window}, by "
            why = f": {silence.reason.rstrip('.')}."
            yield text(strong("Silenced:"), " ", silenced(silence), held, code(silence.who), why)


def _besides(report: Report, times: Times) -> Iterable[Text]:
    """Yield the other incidents, a line each; of very many the gravest."""
    others = [one for one in report.incidents if one is not report.incident]
    shown = sorted(others, key=lambda one: (gravity_rank(one.worst), -one.length_s))[:_MOST_BESIDES]
    for one in sorted(shown, key=lambda each: each.since):
        began_with = text(one.cause.text.rstrip("."), *_by(one.cause))
        yield text(strong("Another:"), " ", _extent(one, times), ": ", began_with, f"; {_impact(one)}.")
    if len(others) > len(shown):
        yield text(strong("More:"), f" {plural(len(others) - len(shown), 'lesser incident')}, under Times.")


def _extent(one: IncidentCourse, times: Times) -> str:
    """Return from when to when an incident was, and whether that is known."""
    least = "" if one.at(IncidentStep.BEGAN) is not None else ", its beginning was not seen"
    least += "" if one.at(IncidentStep.RESOLVED) is not None else f", {_end(one)}"
    return f"{times.span(one.since, one.until)}{least}"


def _end(one: IncidentCourse) -> str:
    """Return why the end of an incident is not known."""
    how = next((each.how for each in one.milestones if each.step is IncidentStep.RESOLVED), "")
    return GOES_ON.removeprefix("not yet: ") if how == GOES_ON else "its end was not seen"


def _impact(one: IncidentCourse) -> str:
    """Return the effect of one incident in short."""
    told = [f"worst state {one.worst.upper()}"] if one.worst else []
    told += [f"no answer for {short(one.cut_off_s)}"] if one.cut_off_s else []
    told.append(f"{plural(one.failed, 'failure')} of the agents' work" if one.failed else "no failed work is recorded")
    return ", ".join(told)


def _nothing(report: Report) -> str:
    if not report.states:
        return "No incident is recorded in the window, and no state was seen."
    worst = min(report.states, key=lambda period: WORST_FIRST.index(State(period.word)))
    watched = sum((period.until - period.since).total_seconds() for period in report.states)
    within = (
        ""
        if watched >= _WATCHED * (report.until - report.since).total_seconds()
        else f" in the {short(watched)} watched"
    )
    return f"Nothing was wrong{within}: the worst state was {worst.word.upper()}."


def _turning(event: TurningEvent, times: Times) -> Text:
    return text(f"{times.at(event.at)}, {event.text.rstrip('.')}", *_by(event))


def _by(event: TurningEvent) -> tuple[Part, ...]:
    return (", by ", code(event.who)) if event.who else ()


def _duration(main: IncidentCourse, times: Times) -> str:
    began, resolved = main.at(IncidentStep.BEGAN), main.at(IncidentStep.RESOLVED)
    length = short(main.until - main.since)
    if began is not None and resolved is not None:
        return f"{length}, from {times.at(began)} to {times.at(resolved)}."
    edges = f"from {times.at(main.since)} to {times.at(main.until)}"
    if resolved is None:
        return f"{length} at least, {edges}; {_end(main)}."
    return f"{length} at least, {edges}; its beginning was not seen."


def _worst(report: Report, main: IncidentCourse, times: Times) -> tuple[Part, ...]:
    """Return the worst state of an incident, for how long and why."""
    its = [one for one in report.states if one.since <= main.until and one.until >= main.since]
    bad = [one for one in its if one.word not in CALM]
    if not bad:
        return ()
    worst = min(bad, key=lambda period: (WORST_FIRST.index(State(period.word)), -period.length_s))
    total_s = sum(period.length_s for period in bad if period.word == worst.word)
    longest = f", the longest from {times.at(worst.since)} to {times.at(worst.until)}"
    many = longest if sum(period.word == worst.word for period in bad) > 1 else ""
    why = f": {worst.why.rstrip('.')}." if worst.why else "."
    return " ", strong(f"Worst state: {worst.word.upper()}"), f" for {short(total_s)}{many}{why}"


def _at_the_end(report: Report, times: Times) -> Iterable[Text]:
    end = report.closing
    if end is None:
        return
    why = f" ({end.state_why})" if end.state_why else ""
    said = [
        f"{end.state.upper()}{why} at {times.at(end.at)}",
        f"tasks: {end.tasks}" if end.tasks else "the tasks were never counted",
        f"success 24 h {end.success_24h}" if end.success_24h else "",
        f"alerts: {end.alerts}" if end.alerts else "no alert firing",
    ]
    yield text(strong("At the end:"), f" {'; '.join(filter(None, said))}.")


def _lengths(report: Report) -> Iterable[Text]:
    if report.unseen:
        return
    lasted: Counter[str] = Counter()
    for period in report.states:
        lasted[period.word] += period.length_s  # type: ignore[assignment]  # seconds are not whole
    known = [state for state in WORST_FIRST if state in lasted]
    told = ", ".join(f"{state.upper()} {short(lasted[state])}" for state in known) or "no state was recorded"
    lost = ", ".join(_lost(report.links))
    unseen_s = sum((gap.until - gap.since).total_seconds() for gap in report.gaps)
    unseen = f"; not recorded: {short(unseen_s)}" if unseen_s else ""
    ended = f" Without connection: {lost}." if lost else ""
    yield text(strong("In each state:"), f" {told}{unseen}.{ended}")


def _lost(links: tuple[StatePeriod, ...]) -> Iterable[str]:
    """Yield for how long the project was lost in each way, and how often where that was more than once."""
    for word in dict.fromkeys(period.word for period in links if period.word in CUT_OFF):
        spells = [period.length_s for period in links if period.word == word]
        yield f"{word} {short(sum(spells))}" + (f" ({len(spells)} times)" if len(spells) > 1 else "")


# Times


def course(report: Report, times: Times) -> tuple[Block, ...]:
    """Return when each incident began, was detected, told, acknowledged and resolved; of very many the gravest."""
    if not report.incidents:
        return ()
    if len(report.incidents) == 1:
        return Title(2, text("Times")), _milestones(report.incidents[0], times)
    gravest = sorted(report.incidents, key=lambda one: (gravity_rank(one.worst), -one.length_s))
    shown, others = gravest[:_MOST], gravest[_MOST:]
    blocks: list[Block] = [Title(2, text("Times"))]
    for one in sorted(shown, key=lambda each: each.since):
        blocks.append(Title(3, text(f"The incident of {times.at(one.since)}")))
        if one.at(IncidentStep.BEGAN) is None:
            blocks.append(Paragraph(text("First seen of it: ", _turning(one.cause, times), ".")))
        blocks += [_milestones(one, times), Paragraph(text(strong("Effect:"), f" {_impact(one)}."))]
    if others:
        named = (
            text(_turning(one.cause, times), *_in_short(one, times), f"; {_impact(one)}.")
            for one in sorted(others, key=lambda each: each.since)
        )
        blocks += [Paragraph(text("Lesser incidents in the window:")), bullets(*named)]
    return tuple(blocks)


def _milestones(one: IncidentCourse, times: Times) -> Block:
    rows = (_row(milestone, one.at(IncidentStep.BEGAN), times) for milestone in one.milestones)
    return grid(("", "Time", "After it began", "What and who"), rows)


def _in_short(one: IncidentCourse, times: Times) -> Iterable[Part]:
    """Yield the times of an incident after its beginning, in one line."""
    for milestone in one.milestones:
        if milestone.step is not IncidentStep.BEGAN:
            at = times.at(milestone.at) if milestone.at is not None else "—"
            by: tuple[Part, ...] = (" by ", code(milestone.who)) if milestone.who else ()
            yield text(f"; {milestone.step.value} {at}", *by)


def _row(milestone: Milestone, began: datetime | None, times: Times) -> tuple[Part, ...]:
    at, who = milestone.at, milestone.who
    after = "—" if at is None or began is None or milestone.step is IncidentStep.BEGAN else _after(at, began)
    by: tuple[Part, ...] = (": " if milestone.step is IncidentStep.TOLD else ", by ", code(who)) if who else ()
    return (
        milestone.step.value.capitalize(),
        times.at(at) if at is not None else "—",
        after,
        text(milestone.how, *by),
    )


def _after(at: datetime, began: datetime) -> str:
    return short(at - began) if at > began else "at once"


# Questions


def questions(report: Report, times: Times) -> tuple[Block, ...]:
    """Return what no record can answer, to be filled in by people."""
    main = report.incident
    if main is None:
        return ()
    asked = [f"Why did it happen? What came first is known ({times.at(main.cause.at)}); what caused that?"]
    if main.at(IncidentStep.TOLD) is None:
        asked.append("No message is recorded: should somebody have been told, and who?")
    elif main.at(IncidentStep.ACKNOWLEDGED) is None:
        asked.append("Nobody acknowledged it: who should have, and what kept them from it?")
    asked += [
        "Could it have been noticed earlier, and by what?",
        "Who was affected besides the tasks, and do they know?",
        "What helped, what was missing, and where were we lucky?",
        "What keeps it from happening again: what, who, until when?",
    ]
    return (
        Title(2, text("Open questions")),
        Paragraph(text("For people to fill in: no record answers these.")),
        Bullets(tuple(text(strong(question), " …") for question in asked)),
    )
