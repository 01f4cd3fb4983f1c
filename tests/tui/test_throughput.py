"""The throughput of a day: bars above and below a line, on one scale; what is not known is no zero."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.domain.throughput import RunningBucket, Throughput, merged
from tests.tui.well import ACTIVE
from tui.panels.throughput import ThroughputPanel
from tui.rendering.bars import SCALE_CELLS, bar_sizes, mirrored
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette

COUNTS = st.lists(st.none() | st.integers(0, 10_000), min_size=1, max_size=95)


def test_neighbours_are_summed_from_the_newest_and_a_gap_stays_a_gap() -> None:
    assert merged((9, 1, 2, 3, None, 5, 6), 3) == (6, None)
    assert merged((1, 2), 1) == (1, 2)
    assert merged((), 4) == ()


@given(COUNTS, COUNTS, st.integers(1, 4), st.integers(3, 30), st.booleans())
def test_what_was_only_simulated_stands_on_the_bars_in_a_sign_of_its_own(
    up: list[int | None], top: list[int | None], wide: int, height: int, ascii_only: bool
) -> None:
    many, signs = min(len(up), len(top)), Signs(ascii_only=ascii_only)
    up, top = up[:many], top[:many]
    lines = [plain(line) for line in mirrored(up, [0] * many, wide, height, signs, on_top=top)]
    assert {cell_len(line) for line in lines} == {SCALE_CELLS + many * wide}
    for n in range(many):
        column = "".join(line[SCALE_CELLS + n * wide] for line in lines)
        assert (signs.faded in column) is bool(up[n] is not None and top[n])
        if up[n] and height > 3:
            assert set(signs.levels) & set(column)
        assert signs.faded not in column.lstrip(" ").lstrip(signs.faded)


def test_the_newest_part_of_a_day_is_that_of_the_last_hours() -> None:
    counts = tuple(range(95))
    day = Throughput(since=datetime(2026, 3, 1, tzinfo=UTC), completed=counts, failed=counts, simulated=counts)
    newest = day.newest(timedelta(hours=6))
    assert (day.length, newest.length) == (timedelta(hours=24), timedelta(hours=6))
    assert newest.until == day.until
    assert newest.completed == newest.failed == newest.simulated == counts[-23:]
    assert newest.sums == (sum(counts[-23:]),) * 3
    assert Throughput().newest(timedelta(hours=6)).length == timedelta(days=1)


def test_what_is_not_over_is_the_last_bar_and_is_in_the_sums() -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    day = Throughput(since=since, completed=(4,) * 95, failed=(0,) * 95, simulated=(0,) * 95)
    assert day.as_of == day.until
    assert day.with_running[0][-1] is None
    now = RunningBucket(at=since + timedelta(hours=23, minutes=50), completed=1, failed=9)
    storm = msgspec.structs.replace(day, running=now)
    assert storm.as_of == now.at
    assert storm.sums == (381, 9, 0)
    panel = ThroughputPanel(Signs(), palette("dark"))
    lines = panel.lines(msgspec.structs.replace(ACTIVE, throughput=storm), 96 + SCALE_CELLS, 9)
    assert "█" in {plain(line)[SCALE_CELLS + 95] for line in lines[1:-1]}
    assert plain(lines[-1]).endswith(f"{now.at.astimezone():%H:%M}")


def test_the_last_hour_is_known_only_whole() -> None:
    hour, since = timedelta(hours=1), datetime(2026, 3, 1, tzinfo=UTC)
    day = Throughput(since=since, completed=(9, 1, 2, 3, 4), failed=(0, 0, 1, 0, 1))
    assert day.last(hour) == (since + timedelta(minutes=15), since + timedelta(minutes=75), 10, 2)
    now = RunningBucket(at=since + timedelta(minutes=80), completed=1, failed=30)
    storm = msgspec.structs.replace(day, running=now)  # what is not over is its newest part
    assert storm.last(hour) == (since + timedelta(minutes=30), now.at, 10, 32)
    assert Throughput(since=since, completed=(1, None, 3, 4), failed=(0, None, 0, 0)).last(hour) is None
    assert Throughput().last(hour) is None
    assert msgspec.structs.replace(day, bucket_min=360).last(hour) is None


@given(COUNTS, COUNTS, st.integers(1, 4), st.integers(2, 30), st.booleans())
def test_every_line_has_the_same_width_and_no_count_above_zero_is_without_a_mark(
    up: list[int | None], down: list[int | None], wide: int, height: int, ascii_only: bool
) -> None:
    many = min(len(up), len(down))
    up, down = up[:many], down[:many]
    lines = [plain(line) for line in mirrored(up, down, wide, height, Signs(ascii_only=ascii_only))]
    assert len(lines) == height
    assert {cell_len(line) for line in lines} == {SCALE_CELLS + many * wide}
    for n in range(many):
        column = [line[SCALE_CELLS + n * wide] for line in lines]
        if up[n] and not down[n]:
            assert set(column) - {" "}
        if up[n] is None and not down[n]:
            assert set(column) == {" "}


def test_what_is_known_to_be_nothing_is_the_line_itself() -> None:
    lines = [plain(line)[SCALE_CELLS:] for line in mirrored((0, None, 4), (0, None, 0), 1, 4, Signs())]
    assert lines == ["  █", "  █", "─ █", "   "]


@given(st.integers(1, 95), st.integers(1, 300))
def test_bars_fit_and_use_most_of_the_room(count: int, cells: int) -> None:
    each, wide = bar_sizes(count, cells)
    assert each >= 1
    assert wide >= 1
    assert (count // each) * wide <= max(cells, 1) or cells < 1
