"""What an incident did in numbers, and what people and watchdogs did about it."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from core.base.text import amount, plural, short
from core.domain.snapshot import LinkWord
from core.history.report.document import Block, Paragraph, Part, Title, bullets, grid, text
from core.history.report.record import Origin, Report, TimelineEntry
from core.history.report.sections import what, who
from core.history.report.times import Times, percent

_UNKNOWN: Final = "—"
_COLUMNS: Final = (
    "First how often it was seen to happen to a task while this machine watched, in the whole window: one that was"
    " requeued counts each time. Then how many tasks ended in it, each as it stood when this was written: one that"
    " failed and was retried since is no longer failed there."
)


def counts(report: Report) -> str:
    """Return how often tasks were seen to fail, to complete and to be rejected.

    It is that of the incident, if there was one. Where none were counted it is what the task table tells of the window.
    """
    tasks, work = report.tasks if report.incident is None else report.incident.tasks, report.work
    if not tasks.counted and work is not None:
        ended = f"{plural(work.failed, 'task')} failed and {work.completed:,} completed"
        return f"in the window {ended}, as the task table has it now"
    if not tasks.counted:
        return "the tasks have not been counted yet"
    about = "" if tasks.exact else "about "
    seen = {"to fail": tasks.failed, "to complete": tasks.completed}
    seen |= {"to be rejected": tasks.rejected} if tasks.rejected else {}
    told = ", ".join(f"{what} {about}{plural(times, 'time')}" for what, times in seen.items())
    return f"tasks were seen {told}; one that was requeued counts each time"


def effect(report: Report) -> tuple[Block, ...]:
    """Return the effect: tasks, availability, the errors."""
    tasks, work = report.tasks, report.work

    def seen(count: int) -> str:
        return amount(count, exact=tasks.exact) if tasks.counted else _UNKNOWN

    def listed(count: int | None) -> str:
        return f"{count:,}" if count is not None else _UNKNOWN

    rows = (
        ("Failed", seen(tasks.failed), listed(work.failed if work else None)),
        ("Completed", seen(tasks.completed), listed(work.completed if work else None)),
        ("Completed in dry run only", _UNKNOWN, listed(work.simulated if work else None)),
        ("Rejected", seen(tasks.rejected), _UNKNOWN),
    )
    blocks: list[Block] = [
        Title(2, text("Effect")),
        grid(("", "Times, while it was watched", "Tasks, in the table"), rows),
    ]
    blocks.append(Paragraph(text(_COLUMNS)))
    if tasks.counted:
        blocks.append(Paragraph(text(f"Stuck at once: {plural(tasks.stuck, 'task')} at most.")))
    if answered := _availability(report):
        blocks.append(Paragraph(text(answered)))
    if report.errors:
        blocks.append(Paragraph(text("The most frequent errors:")))
        blocks.append(bullets(*(text(f"{one.count:,} × {one.error}") for one in report.errors)))
    return tuple(blocks)


def _availability(report: Report) -> str:
    answered_s = sum(period.length_s for period in report.links if period.word in {LinkWord.LIVE, LinkWord.STALE})
    known_s = sum(period.length_s for period in report.links if period.word != LinkWord.CONNECTING)
    if not known_s:
        return ""
    return f"The project answered {percent(answered_s, known_s)} of the {short(known_s)} that were seen."


def done(report: Report, times: Times) -> tuple[Block, ...]:
    """Return the actions and notes, each with who and when."""
    heading = Title(2, text("What was done, and by whom"))
    rows = tuple(_done(report, times))
    orders = [entry for entry in report.timeline if entry.order]
    runs = {entry.run or (entry.at, entry.text): entry for entry in reversed(orders)}  # one that waited is told twice
    givers = Counter(map(_giver, runs.values()))
    given = ", ".join(
        f"{count} by {giver}" for giver, count in sorted(givers.items(), key=lambda one: (-one[1], one[0]))
    )
    if not rows:
        return heading, Paragraph(text("No action and no note is recorded."))
    told = plural(sum(givers.values()), "action") + (f" ({given})" if given else "")
    return (
        heading,
        Paragraph(text(f"{told}; {plural(len(report.notes), 'note')}.")),
        grid(("Time", "Who", "What"), rows),
    )


def _done(report: Report, times: Times) -> Iterator[tuple[Part, ...]]:
    for entry in report.timeline:
        if not entry.order and entry.origin is not Origin.NOTE:
            continue
        yield times.at(entry.at), who(entry), what(entry, times)


def _giver(entry: TimelineEntry) -> str:
    if not entry.here:
        return "another host"
    return "the operator here" if entry.origin is Origin.OPERATOR else "the watchdog here"
