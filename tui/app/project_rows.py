"""The rows of the list of projects: what each monitor told last, or why none tells anything."""

from collections.abc import Iterable, Sequence
from typing import Final

from core.base.text import amount
from core.domain.project_row import rank
from core.domain.snapshot import STATE_LEVEL, LinkWord
from core.domain.status import Level
from tui.panels.row_list import Cell, Column, Row
from tui.panels.topline import LINK_ROLE
from tui.rendering.text import Signs
from tui.service.supervisor import ProjectView

_MOST_NAME: Final = 24
_LEAST_NAME: Final = 7


def columns(views: Iterable[ProjectView]) -> tuple[Column, ...]:
    """Return the columns; the one of the names is as wide as the longest needs."""
    longest = max((len(one.row.project) for one in views), default=0)
    return (
        Column(title="", width=1),
        Column(title="state", width=8),
        Column(title="project", width=min(_MOST_NAME, max(_LEAST_NAME, longest))),
        Column(title="link", width=7, drops=1),
        Column(title="live", width=6, right=True, moment=True, drops=6),
        Column(title="alerts", width=6, right=True),
        Column(title="pending", width=7, right=True, drops=3),
        Column(title="24 h", width=7, right=True, drops=2),
        Column(title="review", width=6, right=True, drops=4),
        Column(title="oldest", width=6, right=True, moment=True, drops=4),
        Column(title="cause"),
    )


def rows(views: Sequence[ProjectView], signs: Signs) -> list[Row]:
    """Return a row for each project, the worst first. A number that is not of now is dimmed; an unknown one a dash."""
    return [_row(view, signs) for view in sorted(views, key=lambda view: rank(view.row))]


def _row(view: ProjectView, signs: Signs) -> Row:
    row, level = view.row, STATE_LEVEL[view.row.state]
    live = row.link is LinkWord.LIVE
    role = level if live or level is not Level.OK else Level.UNKNOWN
    number = "dim" if row.last_known or not live else "text"
    link = "dim" if row.link is None else LINK_ROLE.get(row.link, "critical")
    return Row(
        key=view.name,
        cells=(
            (signs.level(level), role),
            (row.state.upper(), role, rank(row)[0]),
            (row.project, "strong"),
            (signs.none if row.link is None else row.link.value, link),
            (row.since, "dim"),
            _number(row.alerts, signs, "critical" if row.alerts else number),
            (row.pending_shown or signs.none, number, row.pending),
            (row.success_shown or signs.none, number, row.success),
            _number(row.in_review, signs, number),
            (row.oldest_review_at, number),
            (row.why, "critical" if view.trouble else "dim"),
        ),
    )


def _number(count: int | None, signs: Signs, role: str) -> Cell:
    return (signs.none if count is None else amount(count), role, count)
