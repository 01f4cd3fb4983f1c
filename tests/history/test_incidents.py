"""Incidents over many spans: read off in one pass, and still what their definition says."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.domain.incidents import Incident
from core.history.availability import SampleState, Span
from core.history.incidents import incidents

START = datetime(2026, 3, 1, tzinfo=UTC)


def by_definition(spans: Iterable[Span]) -> tuple[Incident, ...]:
    """Every incident, with the whole run of spans looked through at each of them."""
    found: list[Incident] = []
    run: list[Span] = []
    current: Incident | None = None
    before: Span | None = None
    for span in spans:
        gap = before is not None and (span.began - before.ended).total_seconds() > 0.5
        if run and (run[-1].bad is not span.bad or gap):
            run = []
        run.append(span)
        if current is not None and gap:
            current = msgspec.structs.replace(current, unsure=True)
        enough = sum(one.samples for one in run) >= 2
        if current is None and span.bad and enough:
            unseen = before is None or (gap and before is not run[0])
            down = any(one.seen is SampleState.DOWN for one in run)
            current = Incident(began=run[0].began, unsure=unseen, down=down)
        elif current is not None and not span.bad and enough:
            found.append(msgspec.structs.replace(current, ended=run[0].began))
            current = None
        elif current is not None and span.seen is SampleState.DOWN and not current.down:
            current = msgspec.structs.replace(current, down=True)
        before = span
    return (*found, current) if current is not None else tuple(found)


def courses() -> st.SearchStrategy[list[Span]]:
    """Spans one after the other: of any kind and length, some apart from the last one, some begun before it ended."""
    one = st.tuples(
        st.sampled_from(SampleState),
        st.sampled_from([-60.0, 0.0, 0.4, 0.6, 60.0]),
        st.floats(0, 100),
        st.integers(1, 3),
    )
    return st.lists(one, max_size=40).map(_laid_out)


def _laid_out(told: list[tuple[SampleState, float, float, int]]) -> list[Span]:
    spans, reached = [], START
    for seen, apart_s, length_s, samples in told:
        began = reached + timedelta(seconds=apart_s)
        reached = began + timedelta(seconds=length_s)
        spans.append(Span(seen=seen, began=began, ended=reached, samples=samples))
    return spans


@given(courses())
def test_incidents_are_what_their_definition_says(spans: list[Span]) -> None:
    assert incidents(spans) == by_definition(spans)


def test_each_of_many_spans_is_looked_at_a_few_times_only() -> None:
    looked = 0

    class Counted(Span, frozen=True, kw_only=True):
        def __getattribute__(self, name: str) -> object:
            nonlocal looked
            looked += name == "samples"
            return super().__getattribute__(name)

    many = 5_000
    moments = (START + timedelta(seconds=second) for second in range(many))
    seen = (SampleState.CRITICAL, SampleState.DOWN)
    spans = [
        Counted(seen=seen[at % 2], began=moment, ended=moment + timedelta(seconds=1))
        for at, moment in enumerate(moments)
    ]
    assert incidents(spans) == (Incident(began=START, down=True),)
    assert looked <= many
