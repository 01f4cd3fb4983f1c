"""What stands in a report, in the order in which somebody with two minutes reads it: the cause first."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

from core.base.text import short
from core.history.report.document import (
    Block,
    Divider,
    FigurePlace,
    Paragraph,
    Part,
    ScreenText,
    Title,
    bullets,
    code,
    strong,
    text,
)
from core.history.report.effect import done, effect
from core.history.report.record import Report, When
from core.history.report.sections import alerts, breakers, figures, silences, states, timeline
from core.history.report.summary import course, questions, summary
from core.history.report.times import Times, percent

_TITLES: Final = {When.BEFORE: "Before", When.DURING: "During", When.AFTER: "After"}
_FIGURE: Final = "The course: state, connection, alerts, failures and actions over time"


def contents(report: Report, drawn: Mapping[When, str], zone: tzinfo | None) -> tuple[Block, ...]:
    """Return the report as blocks. `drawn`: the screen at each turning point. `zone`: `None` is this machine's."""
    times = Times(report.since, report.until, zone)
    return (
        *_head(report, times),
        *summary(report, times),
        FigurePlace(_FIGURE),
        *course(report, times),
        *effect(report),
        *done(report, times),
        *timeline(report, times),
        *alerts(report, times),
        *silences(report, times),
        *states(report, times),
        *breakers(report, times),
        *figures(report),
        *questions(report, times),
        *_pictures(report, times, drawn),
        Divider(),
        Paragraph(text("Made by watchdesk on ", code(report.host), f" at {times.full(report.made_at)}.")),
    )


def _head(report: Report, times: Times) -> tuple[Block, ...]:
    zone = times.zone(report.since)
    clocks = f"All times are {zone}."
    if times.shifts:
        clocks = (
            f"The zone offset changed: {zone} at the start, {times.zone(report.until)} at the end (daylight saving)."
        )
    lines: list[Part] = [
        text(strong("Window:"), f" {times.window()}, {short(report.until - report.since)}. {clocks}"),
        text(strong("Project:"), " ", code(report.url), ", as watchdesk on ", code(report.host), " saw it"),
        text(strong("Watched:"), f" {_watched(report, times)}"),
    ]
    lines += [text(strong("Missing:"), f" the project's log {report.asked}.")] if report.asked else []
    lines += [text(strong("Beware:"), f" {notice}") for notice in report.notices]
    return Title(1, text("Incident report: ", code(report.project))), bullets(*lines)


def _watched(report: Report, times: Times) -> str:
    if report.unseen:
        return (
            f"not from this machine: {report.unseen}. This report is made from the project's log and its tasks alone:"
            " states, connection, key figures and the times of messages are known only as far as a row tells of them."
        )
    if not report.gaps:
        return "all the time"
    window_s = (report.until - report.since).total_seconds()
    told = [f"{percent(report.looked_s, window_s)} of the window"]
    told += [f"the black box begins at {times.at(gap.until)}" for gap in report.gaps if report.before_all(gap)]
    holes = [f"from {times.span(gap.since, gap.until)}" for gap in report.gaps if not report.before_all(gap)]
    told += [f"nothing was recorded {', '.join(holes)}"] if holes else []
    return "; ".join(told)


def _pictures(report: Report, times: Times, drawn: Mapping[When, str]) -> tuple[Block, ...]:
    shown = [moment for moment in report.moments if moment.when in drawn]
    blocks: list[Block] = [Title(2, text("The screen"))] if shown else []
    for moment in shown:
        at, state = times.at(moment.snapshot.at), moment.snapshot.state.upper()
        blocks += [
            Title(3, text(f"{_TITLES[moment.when]}: {at}, {state}")),
            Paragraph(text(f"{moment.what[:1].upper()}{moment.what[1:]}.")),
            ScreenText(drawn[moment.when]),
        ]
    return tuple(blocks)
