"""Of many monitors one acts: the lease on real PostgreSQL, on both shapes, its times on clocks that move when told."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from core.actions.context import ActionContext
from core.actions.heal import Heal
from core.actions.lease import Lease, LeaseRules
from core.alerting.settings import AlertRules
from core.backend.client import Backend
from core.backend.faults import classify
from core.backend.reads import Reads
from core.backend.schema import Schema, discover
from core.backend.target import Target
from core.backend.writes import Writes
from core.checks.settings import WatchRules
from core.domain.actions import ResultPhase
from core.domain.alerts import Severity
from core.monitor import Config, Monitor, Places
from core.resilience import Breakers, Guard
from core.services.automatic_heal import LEASE_LOST
from tests.alerting.mail_server import Alarming
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, answer, wire

ID = "7f4c9d7e-0000-5000-8000-000000000001"
REQUEST_S = 5.0

Make = Callable[..., "Side"]


class Side:
    """One monitor's lease, its clock, and the way to the project."""

    def __init__(self, name: str, backend: Backend, clock: FakeClock, known: list[Schema]) -> None:
        """`known`: the schema, once one of several has found it."""
        self.known = known
        self.clock, self.backend = clock, backend
        self.guard = Guard(clock, Breakers(clock), classify)
        self.name = name

    async def connect(self) -> "Side":
        schema = self.known[0] if self.known else await discover(self.backend)
        self.known[:] = [schema]
        live = Reads(self.backend.urgent, schema, self.guard)
        means = ActionContext(self.clock, self.guard, live, Writes(self.backend.urgent, schema))
        self.lease = Lease(self.clock, means, ID, holder=self.name, host="h", request_s=REQUEST_S)
        return self


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


@pytest.fixture
async def make(sandbox: Running, between: Wire) -> AsyncIterator[Make]:
    made: list[Backend] = []
    known: list[Schema] = []

    def one(name: str, clock: FakeClock | None = None, **user: str) -> Side:
        key = sandbox.publishable_key if user else sandbox.service_key
        clock = clock or FakeClock()
        backend = Backend(Target(name="t", url=between.url, key=key, **user), clock)
        made.append(backend)
        return Side(name, backend, clock, known)

    yield one
    for backend in made:
        await backend.close()


async def test_one_holds_it_and_the_other_sees_who(make: Make, sandbox: Running) -> None:
    ann, bob = await make("ann").connect(), await make("bob").connect()
    await ann.lease.round()
    await bob.lease.round()
    assert (ann.lease.valid(), bob.lease.valid()) == (True, False)
    assert (ann.lease.view().mine, ann.lease.view().term) == (True, 1)
    assert (bob.lease.view().holder, bob.lease.view().host, bob.lease.view().mine) == ("ann", "h", False)
    assert sandbox.sql("SELECT execution_step, step_status FROM autonomous_execution_logs") == [("lease", "started")]


@ONE_SHAPE
async def test_two_that_reach_for_it_at_once_get_it_once(make: Make) -> None:
    sides = [await make(f"s{number}").connect() for number in range(6)]
    await asyncio.gather(*(side.lease.round() for side in sides))
    assert [side.lease.valid() for side in sides].count(True) == 1


@ONE_SHAPE
async def test_renewed_it_is_never_taken(make: Make) -> None:
    clock = FakeClock()
    ann, bob = await make("ann", clock).connect(), await make("bob", clock).connect()
    tokens = set()
    for _ in range(10):
        await ann.lease.round()
        await bob.lease.round()
        tokens.add(ann.lease._token)
        assert (ann.lease.valid(), bob.lease.valid()) == (True, False)
        clock.advance(20)
    assert len(tokens) == 10
    assert ann.lease.view().term == 1


async def test_a_holder_that_is_gone_is_followed_after_ninety_seconds_and_not_before(make: Make) -> None:
    clock = FakeClock()
    ann, bob = await make("ann", clock).connect(), await make("bob", clock).connect()
    await ann.lease.round()
    await bob.lease.round()
    clock.advance(54.9)
    assert ann.lease.valid()
    clock.advance(0.2)
    assert not ann.lease.valid()  # sixty seconds less one request, from the start of its last renewal
    clock.advance(34.8)
    pause = await bob.lease.round()
    assert not bob.lease.valid()
    assert pause == pytest.approx(0.1)
    clock.advance(pause)
    await bob.lease.round()
    assert bob.lease.valid()
    assert (bob.lease.view().holder, bob.lease.view().term) == ("bob", 2)
    await ann.lease.round()  # it comes back, and finds another
    assert not ann.lease.valid()
    assert ann.lease.view().holder == "bob"


async def test_the_time_column_is_written_at_each_new_term_and_only_then(make: Make, sandbox: Running) -> None:
    clock = FakeClock()
    ann, bob = await make("ann", clock).connect(), await make("bob", clock).connect()
    query = f"SELECT {sandbox.time_column} FROM autonomous_execution_logs"
    await ann.lease.round()
    first = sandbox.sql(query)
    await ann.lease.round()
    await bob.lease.round()
    assert sandbox.sql(query) == first
    clock.advance(91)
    await bob.lease.round()
    assert bob.lease.valid()
    assert sandbox.sql(query) > first


async def test_a_row_that_is_gone_is_free(make: Make, sandbox: Running) -> None:
    ann, bob = await make("ann").connect(), await make("bob").connect()
    await ann.lease.round()
    await bob.lease.round()
    sandbox.sql("DELETE FROM autonomous_execution_logs")
    await bob.lease.round()
    assert (bob.lease.valid(), bob.lease.view().term) == (True, 2)
    await ann.lease.round()
    assert not ann.lease.valid()


@ONE_SHAPE
async def test_what_is_another_holders_by_now_is_not_given_up(make: Make, sandbox: Running) -> None:
    one = await make("one").connect()
    await one.lease.round()
    sandbox.sql(
        'UPDATE autonomous_execution_logs SET input_data = input_data || \'{"holder": "two", "token": "theirs"}\''
        " WHERE execution_step = 'lease'"
    )
    await one.lease.release()
    left = sandbox.sql("SELECT input_data->>'token' FROM autonomous_execution_logs WHERE execution_step = 'lease'")
    assert left == [("theirs",)]


async def test_given_up_it_is_free_at_once(make: Make, sandbox: Running) -> None:
    ann, bob = await make("ann").connect(), await make("bob").connect()
    await ann.lease.round()
    await bob.lease.round()
    await ann.lease.release()
    assert not ann.lease.valid()
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]
    await bob.lease.round()
    assert bob.lease.valid()
    await ann.lease.release()  # it has none, and takes nobody's
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(1,)]


LOST = {
    "the first taking": ("POST /rest/v1/autonomous_execution_logs", 0),
    "a renewal": ("PATCH /rest/v1/autonomous_execution_logs", 1),
    "a later renewal": ("PATCH /rest/v1/autonomous_execution_logs", 3),
}


@ONE_SHAPE
@pytest.mark.parametrize("case", LOST)
async def test_a_lost_answer_is_found_by_reading(case: str, make: Make, between: Wire) -> None:
    request, rounds = LOST[case]
    ann = await make("ann").connect()
    for _ in range(rounds):
        await ann.lease.round()
        ann.clock.advance(20)
    between.lost = [request]
    assert await ann.lease.round() == 5.0  # soon again
    assert between.lost == []
    ann.clock.advance(5)
    await ann.lease.round()
    assert ann.lease.valid()
    assert (ann.lease.view().term, ann.lease.view().mine) == (1, True)
    ann.clock.advance(49)
    assert ann.lease.valid()
    ann.clock.advance(2)
    assert not ann.lease.valid()  # counted from when that request began, not from when it was found


@ONE_SHAPE
async def test_a_renewal_that_never_arrived_is_tried_again(make: Make, between: Wire) -> None:
    ann = await make("ann").connect()
    await ann.lease.round()
    between.once = [("/rest/v1/autonomous_execution_logs", answer(b"<html>", "502 x", "text/html"))]
    assert await ann.lease.round() == 5.0
    assert ann.lease.valid()
    await ann.lease.round()
    ann.clock.advance(54)
    assert ann.lease.valid()


@ONE_SHAPE
async def test_with_the_database_away_it_ends_by_itself(make: Make, between: Wire) -> None:
    ann = await make("ann").connect()
    await ann.lease.round()
    between.acts["/rest/"] = answer(b'{"code":"PGRST000","message":"x"}', "503 x")
    for _ in range(11):
        ann.clock.advance(5)
        await ann.lease.round()
    assert not ann.lease.valid()
    assert "cannot reach its database" in ann.lease.view().why
    between.acts.clear()
    await ann.lease.round()
    assert ann.lease.valid()  # nobody had taken it


async def test_who_may_not_change_the_row_says_which_grant_is_missing(make: Make, sandbox: Running) -> None:
    ann = await make("ann").connect()
    await ann.lease.round()
    sandbox.sql("ALTER TABLE autonomous_execution_logs ENABLE ROW LEVEL SECURITY")
    rules = sandbox.sql("SELECT policyname FROM pg_policies WHERE tablename = 'autonomous_execution_logs'")
    saved = sandbox.sql(
        "SELECT policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
        " WHERE tablename = 'autonomous_execution_logs'"
    )
    try:
        for (name,) in rules:
            sandbox.sql(f'DROP POLICY "{name}" ON autonomous_execution_logs')
        sandbox.sql("CREATE POLICY look ON autonomous_execution_logs FOR SELECT USING (true)")
        clock = FakeClock()
        user = {"email": sandbox.info["user"], "password": sandbox.info["password"]}
        bob = await make("bob", clock, **user).connect()
        await bob.lease.round()
        clock.advance(91)
        await bob.lease.round()
        assert not bob.lease.valid()
        assert "not allowed to update autonomous_execution_logs" in bob.lease.view().why
        sandbox.sql("DELETE FROM autonomous_execution_logs")
        await bob.lease.round()
        assert not bob.lease.valid()
        assert bob.lease.view().why
    finally:
        sandbox.sql("DROP POLICY look ON autonomous_execution_logs")
        for name, permissive, roles, command, using, check in saved:
            sandbox.sql(
                f'CREATE POLICY "{name}" ON autonomous_execution_logs AS {permissive} FOR {command}'
                f" TO {', '.join(roles)}"
                + (f" USING ({using})" if using else "")
                + (f" WITH CHECK ({check})" if check else "")
            )


SPOILT = {
    "empty": "{}",
    "nothing": None,
    "a wrong type": '{"holder": 7}',
    "no token": '{"holder": "a", "host": "h", "term": 3, "token": ""}',
    "a text": '"x"',
    "quotes and signs": '{"a": "b,c.(d)\\"e\\\\ %26&=*", "b": [1, 2.5, null, true]}',
    "an endless one": '{"a": "' + "x" * 100_000 + '"}',
    "an endless token": '{"holder": "a", "host": "h", "term": 3, "token": "' + "x" * 5000 + '"}',
}


def spoil(sandbox: Running, said: str | None) -> None:
    sandbox.sql(f"DELETE FROM autonomous_execution_logs WHERE id = '{ID}'")
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (id, execution_step, step_status, input_data)"
        f" VALUES ('{ID}', 'lease', 'started', %s::jsonb)",
        said,
    )


@ONE_SHAPE
@pytest.mark.parametrize("case", SPOILT)
async def test_a_spoilt_lease_row_is_taken_over_after_ninety_seconds_unchanged(
    case: str, make: Make, sandbox: Running
) -> None:
    spoil(sandbox, SPOILT[case])
    ann = await make("ann").connect()
    await ann.lease.round()
    assert not ann.lease.valid()
    assert "cannot be read" in ann.lease.view().why
    assert not ann.lease.anothers()  # nobody keeps silent for it
    ann.clock.advance(89)
    await ann.lease.round()
    assert not ann.lease.valid()
    ann.clock.advance(1.5)
    await ann.lease.round()
    assert (ann.lease.valid(), ann.lease.view().why, ann.lease.view().holder) == (True, "", "ann")
    await ann.lease.round()
    assert ann.lease.valid()  # renewed like any other
    states = [breaker.state.value for breaker in ann.guard._breakers.all()]
    assert set(states) == {"closed"}


@ONE_SHAPE
async def test_a_spoilt_lease_row_that_changes_is_not_taken_over(make: Make, sandbox: Running) -> None:
    ann = await make("ann").connect()
    for number in range(8):
        spoil(sandbox, f'{{"broken": {number}}}')
        await ann.lease.round()
        assert not ann.lease.valid()
        ann.clock.advance(60)


@ONE_SHAPE
async def test_a_spoilt_lease_row_mended_just_before_is_not_overwritten(make: Make, sandbox: Running) -> None:
    """What is replaced is exactly what was seen."""
    spoil(sandbox, '{"broken": 1}')
    ann = await make("ann").connect()
    await ann.lease.round()
    ann.clock.advance(91)
    whole = ann.lease._context.reads.logs.lease
    read = 0

    async def mended_after(lease_id: str) -> object:
        nonlocal read
        row = await whole(lease_id)
        read += 1
        if read == 1:
            sandbox.sql("UPDATE autonomous_execution_logs SET input_data = %s::jsonb", '{"broken": 2}')
        return row

    ann.lease._context.reads.logs.lease = mended_after  # type: ignore[method-assign,assignment]  # between read and write
    await ann.lease.round()
    assert not ann.lease.valid()
    assert sandbox.sql("SELECT input_data FROM autonomous_execution_logs") == [({"broken": 2},)]


@ONE_SHAPE
async def test_two_that_take_over_a_spoilt_row_at_once_get_it_once(make: Make, sandbox: Running) -> None:
    spoil(sandbox, "{}")
    clock = FakeClock()
    sides = [await make(f"s{number}", clock).connect() for number in range(4)]
    for side in sides:
        await side.lease.round()
    clock.advance(91)
    await asyncio.gather(*(side.lease.round() for side in sides))
    assert [side.lease.valid() for side in sides].count(True) == 1


async def test_our_own_row_that_was_spoilt_is_given_up_and_taken_again(make: Make, sandbox: Running) -> None:
    ann = await make("ann").connect()
    await ann.lease.round()
    sandbox.sql("UPDATE autonomous_execution_logs SET execution_step = 'something' WHERE execution_step = 'lease'")
    await ann.lease.round()
    assert not ann.lease.valid()
    ann.clock.advance(91)
    await ann.lease.round()
    assert ann.lease.valid()
    assert ann.lease.view().term == 2
    assert sandbox.sql("SELECT execution_step FROM autonomous_execution_logs") == [("lease",)]


@ONE_SHAPE
@pytest.mark.parametrize("took_s", [30.0, 60.0])
async def test_a_renewal_counts_from_its_beginning_not_from_its_end(took_s: float, make: Make) -> None:
    """The row says so since the request began; another's ninety seconds may have begun long before our answer came."""
    ann = await make("ann").connect()
    await ann.lease.round()
    whole = ann.lease._context.writes.swap_lease

    async def slow(*given: object, **more: object) -> bool:
        changed = await whole(*given, **more)  # type: ignore[arg-type]  # passed on as they are
        ann.clock.advance(took_s)
        return changed

    ann.lease._context.writes.swap_lease = slow  # type: ignore[method-assign]  # its answer takes its time
    began = ann.clock.elapsed()
    await ann.lease.round()
    ann.clock.advance(max(0.0, began + 54.9 - ann.clock.elapsed()))
    assert ann.lease.valid() is (took_s < 54.9)
    ann.clock.advance(max(0.0, began + 55.1 - ann.clock.elapsed()))
    assert not ann.lease.valid()


@ONE_SHAPE
async def test_a_first_term_counts_from_its_beginning_too(make: Make) -> None:
    ann = await make("ann").connect()
    whole = ann.lease._context.writes.insert_lease

    async def slow(*given: object) -> None:
        await whole(*given)  # type: ignore[arg-type]  # passed on as they are
        ann.clock.advance(56)

    ann.lease._context.writes.insert_lease = slow  # type: ignore[method-assign]  # its answer takes its time
    await ann.lease.round()
    assert not ann.lease.valid()


@ONE_SHAPE
async def test_look_on_forgets_an_old_why(make: Make, between: Wire) -> None:
    ann = await make("ann").connect()
    between.acts["/"] = answer(b"{}", "503 Service Unavailable")
    await ann.lease.look_on()
    assert ann.lease.view().why
    between.acts.clear()
    await ann.lease.look_on()
    assert not ann.lease.view().why


@ONE_SHAPE
async def test_never_two_at_once_whatever_is_lost_or_stands_still(make: Make, between: Wire, sandbox: Running) -> None:
    """Three monitors on one time, each stalling, losing answers and coming back as chance has it."""
    chance = random.Random(sandbox.shape)
    clock = FakeClock()
    sides = [await make(f"s{number}", clock).connect() for number in range(3)]
    due = dict.fromkeys(range(3), 0.0)
    held = set()
    for _ in range(100):
        number = min(due, key=lambda n: due[n])
        clock.advance(max(0.0, due[number] - clock.elapsed()))
        if chance.random() < 0.15:
            between.lost = [chance.choice(["PATCH /rest/v1/autonomous_exec", "POST /rest/v1/autonomous_exec"])]
        pause = await sides[number].lease.round()
        between.lost = []
        stall = chance.choice([30.0, 100.0, 200.0]) if chance.random() < 0.2 else 0.0
        due[number] = clock.elapsed() + max(pause, 0.5) + stall
        holders = [n for n, side in enumerate(sides) if side.lease.valid()]
        assert len(holders) <= 1, holders
        held |= set(holders)
    assert len(held) > 1  # it did change hands


@ONE_SHAPE
async def test_a_healer_that_loses_the_lease_stops_between_batches(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(250)
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    monitor = Monitor(Config(target=target), places=Places.within(tmp_path))
    await monitor.discover()
    parts = monitor._parts
    answers = iter(["", "", "", LEASE_LOST])
    found = await parts.healer.plan(parts.time.cut_off())
    heal = Heal(parts.dependencies, found=found)
    result = await parts.runner.run(heal, parts.itself, go_on=lambda: next(answers, LEASE_LOST))
    await monitor.close()
    assert result.phase is ResultPhase.PARTLY
    assert "halted: this monitor no longer holds the lease" in result.text
    left = sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE status = 'in_progress'")[0][0]
    assert 0 < left < 250
    assert left % 50 == 0


async def test_two_monitors_that_act_heal_each_task_once(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status) VALUES ('task_started', 'started')"
    )
    sandbox.stuck(3)
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at)"
        " SELECT 'runs', 'in_progress', now() FROM generate_series(1, 6)"
    )
    config = Config(
        target=Target(name="probe", url=sandbox.url, key=sandbox.service_key),
        autonomous=True,
        dry_run=False,
        watch=WatchRules(interval_s=0.5),
    )
    pair = [Monitor(config, places=Places.within(tmp_path / name)) for name in ("a", "b")]
    await asyncio.gather(*(monitor.start() for monitor in pair))
    async with asyncio.timeout(60):
        while any(step.name != "heal" for m in pair for step in m.snapshot.start[-1:]) or not all(
            m.snapshot.ready for m in pair
        ):
            await asyncio.sleep(0.02)
        seen = [monitor.snapshot.health.last_at for monitor in pair]
        while any(monitor.snapshot.health.last_at == at for monitor, at in zip(pair, seen, strict=True)):
            await asyncio.sleep(0.02)  # another scheduled check of each
    assert sorted(monitor.snapshot.may_act.allowed for monitor in pair) == [False, True]
    assert sorted(monitor.snapshot.lease.mine for monitor in pair) == [False, True]
    assert {monitor.snapshot.lease.term for monitor in pair} == {1}
    for monitor in pair:
        await monitor.close()
    assert sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY status ORDER BY status") == [
        ("failed", 3),
        ("in_progress", 6),
    ]
    runs = sandbox.sql(
        "SELECT count(DISTINCT input_data->>'run') FROM autonomous_execution_logs"
        " WHERE execution_step = 'watchdog_healing' AND input_data->>'order' = 'heal'"
    )
    assert runs == [(1,)]
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs WHERE execution_step = 'lease'") == [(0,)]


@ONE_SHAPE
async def test_our_own_row_that_was_spoilt_is_no_failing_database(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(1)
    assert alarming.driven.parts.lease.valid()
    sandbox.sql("UPDATE autonomous_execution_logs SET input_data = '{}' WHERE execution_step = 'lease'")
    await alarming.minutes(12)
    states = {breaker.key: breaker.state.value for breaker in alarming.driven.parts.breakers.all()}
    assert set(states.values()) == {"closed"}, states
    assert [alert.key for alert in alarming.alarms.firing() if alert.severity is Severity.CRITICAL] == []
    assert alarming.driven.parts.lease.valid()
    await alarming.close()


@pytest.mark.parametrize(
    ("renew_s", "hold_s", "calm_s"),
    [(20, 60, 40), (20, 50, 35), (50, 60, 50), (100, 130, 115), (1, 60, 2), (10, 12, 10)],
)
def test_a_longer_period_leaves_time_for_one_more_try(renew_s: float, hold_s: float, calm_s: float) -> None:
    rules = LeaseRules(renew_s=renew_s, hold_s=hold_s)
    context: Any = None  # nothing is asked
    lease = Lease(FakeClock(), context, "id", holder="h", host="x", request_s=5, rules=rules)
    assert lease.calm_renew_s == calm_s
