"""One project among several, as a line: what a monitor that runs elsewhere tells of it, and the order of such lines."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from core.base.text import amount, clean, percentage
from core.domain.pauses import in_review
from core.domain.snapshot import CUT_OFF, WORST_FIRST, LinkWord, Snapshot, State

_PENDING: Final = "pending"
WHY_CHARS: Final = 300
NAME_CHARS: Final = 80


class ProjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """How one project is. `None`: never read; as `link`: no monitor tells of it now.

    `since`: when it last was live. `success`: the percentage of what finished within 24 h. `oldest_review_at`: when the
    oldest task in review was created. `last_known`: the numbers are not of now.
    """

    project: str
    at: datetime | None = None
    state: State = State.UNKNOWN
    why: str = ""
    link: LinkWord | None = None
    since: datetime | None = None
    alerts: int | None = None
    pending: int | None = None
    pending_exact: bool = True
    success: float | None = None
    success_exact: bool = True
    in_review: int | None = None
    oldest_review_at: datetime | None = None
    last_known: bool = False

    @property
    def pending_shown(self) -> str:
        """Return the number of pending tasks for people; empty where it is not known."""
        return "" if self.pending is None else amount(self.pending, exact=self.pending_exact)

    @property
    def success_shown(self) -> str:
        """Return the success rate for people; empty where it is not known, or nothing finished."""
        mark = "" if self.success_exact else "≈"
        return "" if self.success is None else f"{mark}{percentage(self.success)} %"


def row_of(snapshot: Snapshot, project: str = "") -> ProjectRow:
    """Return a snapshot as one line. `project`: its name in the config file, if it is not the snapshot's own."""
    tasks, link = snapshot.tasks, snapshot.link
    counts, rate = tasks.counts.value, tasks.success_24h.value
    known = snapshot.ready or link.word is not LinkWord.CONNECTING
    waits = None if counts is None else in_review(counts, snapshot.pauses)
    return ProjectRow(
        project=clean(project or snapshot.project.name, NAME_CHARS),
        at=snapshot.at,
        state=snapshot.state,
        why=clean((link.why if link.word in CUT_OFF else "") or snapshot.state_why, WHY_CHARS),
        link=link.word,
        since=link.since,
        alerts=sum(alert.fires for alert in snapshot.alerts) if known else None,
        pending=None if counts is None else counts.of(_PENDING),
        pending_exact=counts is None or _PENDING not in counts.estimated,
        success=None if rate is None else rate.percent,
        success_exact=rate is None or rate.exact,
        in_review=waits,
        oldest_review_at=tasks.oldest_review_at.value if waits else None,
        last_known=not tasks.counts.live,
    )


def rank(row: ProjectRow) -> tuple[int, int, str]:
    """Return what rows are sorted by so that the worst is the first."""
    return WORST_FIRST.index(row.state), -(row.alerts or 0), row.project


def worst_first(rows: Iterable[ProjectRow]) -> list[ProjectRow]:
    """Return the rows, the worst first; among equal ones by name."""
    return sorted(rows, key=rank)
