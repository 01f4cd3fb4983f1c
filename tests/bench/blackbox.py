"""`make bench`: what the black box costs an hour, a picture and a jump.

An hour is a real monitor's, looking at a real sandbox every five seconds of a clock that is moved by hand; busy, two
tasks a second come and as many change. The full ring is made of these hours, over and over, each at its own time.
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.base.clock import SystemClock
from core.domain.snapshot import Snapshot
from core.history.blackbox import BlackboxRules, Box, Recorder, Zoom, read_course
from core.history.blackbox.frame import HEADER, FrameEntry, Kind, framed, microseconds
from core.history.blackbox.ring import following, listing
from core.history.blackbox.segment import HEAD, read
from core.history.blackbox.segment_index import index_frame, marked
from core.services.events import EventLog
from core.services.recording import Recording
from tests.actions.driving import Driven
from tests.clock import FakeClock
from tests.running import Running
from tui.time_travel.recorded import moment_at, stepped

PERIOD_S, CHECK_EVERY, ALERTS_EVERY = 5, 60, 12
LOOKS = 3600 // PERIOD_S
FULL, DAYS = 200_000_000, 30
HOUR = timedelta(hours=1)
JUMPS = 200
STARTS, STEPS = 40, 10
"""Steps are taken from so many places, else they would tell of one hour: a busy one costs three times an idle one."""
DICE = random.Random(7)


class Ticking(FakeClock):
    """Moments differ by what a machine takes: it is what they cost on the disk."""

    def now(self) -> datetime:
        self.advance(DICE.uniform(0, 0.002))
        return super().now()


async def hour(sandbox: Running, place: Path, *, work: Callable[[datetime], None]) -> list[Snapshot]:
    """Every picture of an hour; `work` is done before each."""
    clock = Ticking(datetime.now(UTC) - HOUR)
    driven = await Driven(sandbox.url, sandbox.service_key, place, clock, autonomous=False).begin()
    seen: list[Snapshot] = []
    for number in range(LOOKS):
        clock.advance(PERIOD_S)
        work(clock.now())
        await driven.monitor.refresh(everything=number % 6 == 0)
        await driven.parts.kpis.refreshed(live=True, checks=driven.monitor.snapshot.health.checks)
        if number % ALERTS_EVERY == 0:
            await driven.parts.alerts.evaluate()
        if number % CHECK_EVERY == 0:
            await driven.monitor.check()
        driven.monitor._publish()
        seen.append(driven.monitor.snapshot)
    await driven.monitor.close()
    return seen


def busy(sandbox: Running) -> Callable[[datetime], None]:
    """Ten tasks come in five seconds; those that were begun are completed, or fail."""

    def work(now: datetime) -> None:
        sandbox.sql(
            "UPDATE autonomous_tasks SET status = CASE WHEN random() < 0.95 THEN 'completed' ELSE 'failed' END,"
            " completed_at = %s WHERE status = 'in_progress'",
            now,
        )
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status, started_at, created_at)"
            " SELECT 'repair of ' || md5(random()::text), 'in_progress', %s, %s FROM generate_series(1, 10)",
            now,
            now,
        )

    return work


def kept(course: list[Snapshot], place: Path) -> tuple[int, list[float]]:
    """Bytes on the disk, and milliseconds of each write in the thread."""
    recorder, took = Recorder(place, BlackboxRules(), SystemClock()), []
    for one in course:
        began = time.perf_counter()
        recorder.record(one)
        took.append(1000 * (time.perf_counter() - began))
    recorder.close(course[-1].at)
    return sum(part.size for part in listing(place)), took


async def on_the_loop(course: list[Snapshot], place: Path) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds: of each `offer`, and of a turn of the loop without and with the thread at work beside it."""
    clock = SystemClock()
    recorder = Recorder(place, BlackboxRules(), clock)
    recording = Recording(recorder, clock, EventLog(clock))
    recording.start()
    offers, alone, beside = [], [], []
    for one in course:
        began = time.perf_counter()
        recording.offer(one)
        offers.append(1000 * (time.perf_counter() - began))
        recording._waiting.clear()
    await recording.close()

    async def turns(took: list[float], while_: Callable[[], bool]) -> None:
        while while_():
            began = time.perf_counter()
            await asyncio.sleep(0)
            took.append(1000 * (time.perf_counter() - began))

    until = time.monotonic() + 1
    await turns(alone, lambda: time.monotonic() < until)
    writing = asyncio.ensure_future(asyncio.to_thread(kept, course, place / "beside"))
    await turns(beside, lambda: not writing.done())
    return offers, alone, beside


def fill(ring: Path, hours: list[list[tuple[int, int, int, bytes]]], now: datetime) -> None:
    """A ring as full as it may be: the hours over and over, so mixed that both of its bounds are reached at once."""
    ring.mkdir()
    sizes = [sum(HEADER.size + len(body) for *_, body in one) for one in hours]
    size, last = 0, None
    for number in range(DAYS * 24):
        wanted = FULL * (number + 1) / (DAYS * 24)
        chosen = min(range(len(hours)), key=lambda index: abs(size + sizes[index] - wanted))
        shift = microseconds(now) - DAYS * 24 * 3_600_000_000 + number * 3_600_000_000
        entries = [FrameEntry(kind, flags, shift + at, 0, 0) for kind, flags, at, _ in hours[chosen]]
        frames = (framed(Kind(e.kind), e.flags, e.at, b) for e, (*_, b) in zip(entries, hours[chosen], strict=True))
        data = HEAD + b"".join(frames) + index_frame(marked(entries), entries[-1])
        path = following(ring, last, shift + hours[chosen][0][2], epoch=0)
        path.write_bytes(data)
        last = listing(ring)[-1]
        size += len(data)


def frames_of(place: Path) -> list[tuple[int, int, int, bytes]]:
    """An hour's frames, their moments from its beginning on."""
    found = [(read(part.path), part) for part in listing(place)]
    first = found[0][0].entries[0].at
    return [(e.kind, e.flags, e.at - first, bytes(c.body(e))) for c, _ in found for e in c.entries]


def forget(ring: Path) -> None:
    """Let the system keep none of the files in memory."""
    for part in listing(ring):
        with part.path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def told(name: str, took: list[float]) -> None:
    """One line."""
    ordered = sorted(took)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{name:<52}{statistics.median(ordered):>10.3f}{p99:>10.3f}{ordered[-1]:>10.3f}", flush=True)


def single(box: Box, at: datetime) -> list[float]:
    """Milliseconds of each step back from a moment: an hour's, which is an idle one or a busy one."""
    took = []
    for _ in range(STEPS):
        began = time.perf_counter()
        shown = box.step(at, -1)
        took.append(1000 * (time.perf_counter() - began))
        assert shown is not None
        at = shown.at
    return took


def three(box: Box, at: datetime, now: datetime) -> list[float]:
    """Milliseconds of three steps at once: a press that came while one before was under way."""
    moment, took = moment_at(box, at, now), []
    for _ in range(STEPS):
        assert moment is not None
        began = time.perf_counter()
        moment = stepped(box, moment, -3, now)
        took.append(1000 * (time.perf_counter() - began))
    return took


def jumps(ring: Path, now: datetime) -> None:
    """What looking costs in a full ring."""
    anywhere = random.Random(11)  # the same places in each run, whatever was drawn before
    moments = [now - timedelta(seconds=anywhere.uniform(60, DAYS * 86400 - 60)) for _ in range(JUMPS)]
    forget(ring)
    told("jump anywhere, nothing in memory, ms", [timed(lambda m=m: Box(ring).at(m)) for m in moments])
    told("jump anywhere, files in the system's cache, ms", [timed(lambda m=m: Box(ring).at(m)) for m in moments])
    box = Box(ring)
    told("one step back, ms", [took for moment in moments[:STARTS] for took in single(box, moment)])
    told("three steps back, as far as no gap is passed, ms", [t for m in moments[:STARTS] for t in three(box, m, now)])
    told("to the incident before, ms", [timed(lambda m=m: box.incident(m, -1)) for m in moments])
    forget(ring)
    fresh, hour_at = Box(ring), moments[0]
    told("every mark of all days, nothing in memory, ms", [timed(lambda: fresh.marks(now - timedelta(DAYS), now))])
    print(f"marks of all days: {len(fresh.marks(now - timedelta(DAYS), now)):,}")
    told("every mark of all days, again, ms", [timed(lambda: fresh.marks(now - timedelta(DAYS), now))])
    for zoom in Zoom:
        forget(ring)
        cold = [timed(lambda z=zoom: read_course(Box(ring), hour_at, z, now))]
        told(f"the time line, {zoom}, nothing in memory, ms", cold)
        told(
            f"the time line, {zoom}, again, ms",
            [timed(lambda m=m, z=zoom: read_course(fresh, m, z, now)) for m in moments],
        )
    course = read_course(fresh, hour_at, Zoom.ALL, now)
    assert course is not None
    told(
        f"{len(course.levels):,} periods and {len(course.marks):,} marks in 190 cells, ms",
        [timed(lambda: course.cells(190)) for _ in range(50)],
    )
    told("an hour for the report, ms", [timed(lambda: list(fresh.frames(hour_at, hour_at + HOUR)))])


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        sandbox = Running("deployed")
        try:
            sandbox.completed(500)
            sandbox.sql("UPDATE autonomous_tasks SET created_at = now() - interval '5 hours'")
            idle = asyncio.run(hour(sandbox, place / "idle", work=lambda _: None))
            full = asyncio.run(hour(sandbox, place / "busy", work=busy(sandbox)))
        finally:
            sandbox.close()
        idle_size, idle_took = kept(idle, place / "idle-box")
        busy_size, busy_took = kept(full, place / "busy-box")
        hour_kb = FULL / DAYS / 24 / 1000
        print(f"{'kB on the disk in an hour':<52}{'idle':>10}{'busy':>10}{'mean of 30 days, 4 days':>26}")
        bounds = f"{hour_kb:.0f}, {FULL / 96 / 1000:.0f}"
        print(f"{'':<52}{idle_size / 1000:>10.0f}{busy_size / 1000:>10.0f}{bounds:>26}")
        print(f"{'':<52}{'median':>10}{'p99':>10}{'most':>10}")
        told("a write in the thread, idle, ms", idle_took)
        told("a write in the thread, busy, ms", busy_took)
        offers, alone, beside = asyncio.run(on_the_loop(full, place / "loop"))
        told("of the event loop for a picture, ms", offers)
        told("a turn of the loop, nobody beside it, ms", alone)
        told("a turn of the loop, the thread writing without end, ms", beside)
        del idle, full  # a process that holds hours of pictures pauses long to look through its memory
        now = datetime.now(UTC) + timedelta(DAYS)  # no picture is given back as of a moment before its own
        fill(place / "ring", [frames_of(place / "idle-box"), frames_of(place / "busy-box")], now)
        parts = listing(place / "ring")
        print(f"the ring: {sum(part.size for part in parts) / 1e6:.0f} MB in {len(parts)} files, {DAYS} days")
        jumps(place / "ring", now)


if __name__ == "__main__":
    main()
