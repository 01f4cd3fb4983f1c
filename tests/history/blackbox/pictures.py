"""Pictures to keep: small ones by hand, and any there can be."""

import types
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from core.base.text import redacted
from core.domain.alert_view import AlertView
from core.domain.counts import TaskCounts
from core.domain.events import Event
from core.domain.records import Task
from core.domain.snapshot import Degradation, Link, LinkWord, Project, Snapshot, State, Tasks
from core.domain.status import Level
from core.history.blackbox import Box, Recorder
from core.resilience import DegradationLevel
from core.resilience.reading import Reading, Source

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR_S = 3600.0
_PROJECT = Project(name="probe", url="probe.example", user="ann@example.org")
_TEXT = st.text(st.characters(codec="utf-8"), max_size=12).filter(lambda text: redacted(text) == text)
"""But none that looks like a key: those are not kept as they are."""
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


def picture(seconds: float = 0.0, **more: Any) -> Snapshot:
    """One, so long after noon."""
    healthy = {"degradation": Degradation(level=DegradationLevel.NORMAL), "state": State.HEALTHY}
    return Snapshot(**{"at": NOON + timedelta(seconds=seconds), "project": _PROJECT} | healthy | more)


def busy(number: int, seconds: float | None = None, **more: Any) -> Snapshot:
    """One of a course in which something is new at each: tasks come and change, and the line's latency moves."""
    at = NOON + timedelta(seconds=5.0 * number if seconds is None else seconds)
    tasks = tuple(
        Task(
            id=f"{n:08x}-2f61-4c5e-9d2b-{n * 7919:012x}",
            task_type="fix",
            description=f"repair what was reported as number {n}",
            status="in_progress" if n > number - 3 else "completed",
            created_at=NOON + timedelta(seconds=5.0 * n),
            completed_at=None if n > number - 3 else NOON + timedelta(seconds=5.0 * n + 15),
        )
        for n in range(number, max(-1, number - 50), -1)
    )
    recent = tuple(0.01 + (n * 37 % 101) / 1000 for n in range(number, number + 20))
    return picture(
        **{
            "at": at,
            "link": Link(word=LinkWord.LIVE, since=at, latency_s=recent[-1], recent=recent),
            "tasks": Tasks(
                counts=Reading(value=TaskCounts({"completed": number, "in_progress": 3}), source=Source.LIVE, at=at),
                newest=Reading(value=tasks, source=Source.LIVE, at=at),
            ),
        }
        | more
    )


def event(text: str, seconds: float = 0.0) -> Event:
    """Something that happened."""
    return Event(at=NOON + timedelta(seconds=seconds), who="operator", text=text, level=Level.WARNING)


def alarm(state: str) -> AlertView:
    """An alert in some state."""
    return AlertView(key="stuck", rule="stuck", subject="", severity="high", state=state, title="tasks are stuck")


def record(recorder: Recorder, pictures: Iterable[Snapshot]) -> None:
    """Keep one after the other."""
    for one in pictures:
        recorder.record(one)


def kill(recorder: Recorder) -> None:
    """End as a killed process does: nothing more is written, and the system takes the lock back."""
    recorder._leave()
    recorder._lock.release()


def after(seconds: float) -> timedelta:
    """So much later."""
    return timedelta(seconds=seconds)


def files(place: Path) -> list[Path]:
    """The files of a box, the oldest first."""
    return sorted(place.glob("*-*.box"))


def all_of(box: Box) -> list[Snapshot]:
    """Every picture in it."""
    return list(box.frames(NOON - 400 * DAY, NOON + 400 * DAY))


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of any type a snapshot holds."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of(*(any_of(one) for one in args))
    if origin is tuple:
        return st.lists(any_of(args[0]), max_size=4).map(tuple)
    if origin is dict:
        return st.dictionaries(any_of(args[0]), any_of(args[1]), max_size=3)
    if isinstance(origin or kind, type) and issubclass(origin or kind, msgspec.Struct):
        fields = {field.encode_name: any_of(field.type) for field in msgspec.structs.fields(kind)}
        return st.builds(origin or kind, **fields)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    return _PLAIN[kind]


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(-(2**63), 2**64 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: _MOMENTS,
    timedelta: st.timedeltas(timedelta(0), timedelta(days=400)),
}
SNAPSHOTS = any_of(Snapshot)
