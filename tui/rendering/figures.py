"""Figures by day, week and type in words: the same on the screen and on the command line."""

from typing import Final

from core.base.text import amount, percentage, short
from core.domain.figures import Figure, FigureBy, Figures

TITLES: Final = ("tasks", "completed", "failed", "rejected", "simulated", "success", "mean", "p95")
"""The columns between the name of a row and what is to be known of it."""

COUNTED: Final = "finished tasks by finish time; mean and p95 cover completed tasks only"
UNMARKED: Final = "this project does not mark simulated tasks, so they count as completed"


def name_of(one: Figure, by: FigureBy) -> str:
    """Return the name of a row for people."""
    if by is FigureBy.DAY and one.begin is not None:
        return f"{one.begin:%Y-%m-%d %a}"
    return one.name or "(no type)"


def cells_of(one: Figure, none: str) -> tuple[str, ...]:
    """Return a row's values in the order of `TITLES`; `none` stands for what is not known."""
    simulated = none if one.simulated is None else f"{one.simulated:,}"
    success = none if one.success_percent is None else f"{percentage(one.success_percent)} %"
    counts = (f"{count:,}" for count in (one.tasks, one.completed, one.failed, one.rejected))
    return (*counts, simulated, success, *(_duration(took_s, none) for took_s in (one.mean_s, one.p95_s)))


def part_of(one: Figure, by: FigureBy) -> str:
    """Return which part of its day or week a row is about; empty where it is all of it."""
    clock = "%H:%M" if by is FigureBy.DAY else "%a %H:%M"
    since = "" if one.since is None else f"from {one.since.astimezone():{clock}}"
    return ", ".join(filter(None, (since, "so far" if one.goes_on else "")))


def left_out(found: Figures) -> str:
    """Return what the figures leave out; empty where every task of the span is in them."""
    if found.reached is None:
        return ""
    of = f" of {amount(found.about, exact=False)}" if found.about is not None and found.about > found.looked else ""
    return f"the newest {found.looked:,}{of}: nothing before {found.reached.astimezone():%Y-%m-%d %H:%M} is in it"


def _duration(took_s: float | None, none: str) -> str:
    return none if took_s is None else "< 1 s" if 0 < took_s < 1 else short(took_s)
