"""The healer is fighting an operator: said once, by the audit trail alone, whoever's machine either of them is on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actions.conflicts import ConflictRules, conflicts, unnamed
from core.actions.context import Actor
from core.actions.dry_run import DRY_RUN_OFF
from core.actions.emergency_stop import EMERGENCY_STOP, EmergencyStop
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.retry_task import RETRY
from core.actions.undo import UNDO
from core.domain.actions import ResultPhase
from core.domain.records import EndedAction
from core.resilience import Breakers
from core.resilience.fault import Counts
from core.services.conflicts import Resets
from tests.actions.driving import Driven, Watchdog, agents_write_logs, failures, running
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULES = ConflictRules()
MARIA = Actor(by="operator", who="maria", host="desk")
STUCK = {"stuck tasks": 1}


def order(name: str, minute: float, *, by: str = "watchdog", run: str = "", **more: Any) -> EndedAction:
    at = AT + timedelta(minutes=minute)
    known = {"began_at": at, "at": at, "holds": True} | more
    return EndedAction(run=run or f"{name}{minute}", order=name, by=by, actor=f"{by} {name}", **known)


def operators(name: str, minute: float, **more: Any) -> EndedAction:
    return order(name, minute, by="operator", **more)


def found(*orders: EndedAction, **tasks: str) -> list[str]:
    """The runs that fought; `tasks`: what each run changed, a letter a task."""
    return [one.run for one in conflicts(orders, {run: frozenset(ids) for run, ids in tasks.items()}, RULES)]


@pytest.mark.parametrize(
    ("before_min", "fights"), [(0.0, True), (1.0, True), (1440.0, True), (1440.1, False), (-1.0, False)]
)
def test_a_task_that_was_sent_back_and_is_failed_again_within_a_day_is_fought_over(
    before_min: float, fights: bool
) -> None:
    given, heal = operators("retry", 0, run="r"), order("heal", before_min, run="h", steps=STUCK)
    assert found(given, heal, r="ab", h="bc") == (["h"] if fights else [])


def test_other_tasks_an_operators_heal_and_a_heal_of_nothing_are_no_fight() -> None:
    given = operators("retry_matching", 0, run="r")
    assert found(given, order("heal", 90, run="h", steps=STUCK), r="ab", h="cd") == []
    assert found(given, operators("heal", 90, run="h", steps=STUCK), r="ab", h="ab") == []
    assert found(given, order("heal", 90, run="h", steps={"stuck tasks": 0}), r="ab", h="ab") == []
    assert found(order("retry", 0, run="r"), order("heal", 90, run="h", steps=STUCK), r="a", h="a") == []


def test_a_heal_that_was_at_work_while_a_task_was_sent_back_did_not_fail_it_again() -> None:
    heal = order("heal", 10, run="h", steps=STUCK, began_at=AT + timedelta(minutes=1))
    assert found(operators("retry", 5, run="r"), heal, r="a", h="a") == []
    assert found(operators("retry", 0.5, run="r"), heal, r="a", h="a") == ["h"]


def test_the_text_counts_the_tasks_and_names_everybody_once() -> None:
    told = conflicts(
        (
            operators("retry", 0, run="r"),
            operators("retry_matching", 10, run="m"),
            order("heal", 130, run="h", steps=STUCK),
        ),
        {"r": frozenset("ab"), "m": frozenset("bc"), "h": frozenset("abcd")},
        RULES,
    )
    assert [one.text for one in told] == [
        "watchdog heal failed 3 tasks that operator retry_matching and operator retry had requeued 2 h before: "
        "undo that heal (o): then auto-heal leaves them alone for a day"
    ]


def test_what_an_operator_took_back_is_settled() -> None:
    given, heal = operators("retry", 0, run="r"), order("heal", 90, run="h", steps=STUCK)
    undo = operators("undo", 95, run="u", undoes="h")
    assert found(given, heal, undo, r="a", h="a", u="a") == []
    again = order("heal", 200, run="i", steps=STUCK)
    assert found(given, heal, undo, again, r="a", h="a", u="a", i="a") == ["i"]


@pytest.mark.parametrize(("gave_back", "fights"), [("", True), ("a", True), ("ab", False), ("abc", False)])
def test_an_undo_that_failed_settles_what_it_gave_back_and_no_more(gave_back: str, fights: bool) -> None:
    given, heal = operators("retry_matching", 0, run="r"), order("heal", 90, run="h", steps=STUCK)
    undo = operators("undo", 95, run="u", undoes="h", holds=False)
    assert unnamed((given, heal, undo), {}, RULES) == ("h", "r", "u")
    assert found(given, heal, undo, r="ab", h="abc", u=gave_back) == (["h"] if fights else [])


def test_an_undo_of_dry_run_that_failed_settles_nothing() -> None:
    off, again = operators("dry_run_off", 0), order("heal", 10, run="x", steps={"failure rate too high": 1})
    undo = operators("undo", 15, run="u", undoes="x")
    assert found(off, again, undo) == []
    assert found(off, again, operators("undo", 15, run="u", undoes="x", holds=False)) == ["x"]


@pytest.mark.parametrize(
    ("first", "then"), [("lift", "emergency_stop"), ("dry_run_off", "heal")], ids=["a stop", "dry-run"]
)
@pytest.mark.parametrize(("minutes", "fights"), [(1, True), (30, True), (31, False)])
def test_a_stop_after_a_lift_and_dry_run_turned_on_again_within_half_an_hour(
    first: str, then: str, minutes: float, fights: bool
) -> None:
    again = order(then, minutes, run="x", steps={"failure rate too high": 1})
    expected = ["x"] if fights else []
    assert found(operators(first, 0), again) == expected
    assert found(operators(first, 0, holds=False), again) == []  # it did not come to it
    assert found(order(first, 0), again) == []
    assert found(again) == []


def test_only_orders_that_could_have_fought_are_asked_for_their_tasks() -> None:
    orders = (
        operators("retry", 0, run="r"),
        order("heal", 60, run="h", steps=STUCK),
        order("heal", 61, run="dry", steps={"failure rate too high": 1}),
        operators("retry", 90, run="later"),
        operators("lift", 10, run="l"),
    )
    assert unnamed(orders, {}, RULES) == ("h", "r")
    assert unnamed(orders, {"h": frozenset()}, RULES) == ("r",)
    assert unnamed(orders[:1], {}, RULES) == ()


# On real PostgreSQL


def failed_task(sandbox: Running, count: int = 1) -> list[str]:
    rows = sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at) SELECT 'f' || i, 'failed',"
        f" now() - interval '3 hours', now() - interval '2 hours'"
        f" FROM generate_series(1, {count}) AS i RETURNING id::text"
    )
    return [row[0] for row in rows]


def hangs_again(sandbox: Running, ids: list[str]) -> None:
    sandbox.sql(
        "UPDATE autonomous_tasks SET status = 'in_progress', started_at = now() - interval '2 hours'"
        " WHERE id::text = ANY(%s) AND status = 'pending'",
        ids,
    )
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, {sandbox.time_column})"
        " SELECT id, 'task_started', 'started', started_at FROM autonomous_tasks WHERE id::text = ANY(%s)",
        ids,
    )


async def evaluated(driven: Driven, minutes: int = 1) -> None:
    for _ in range(minutes):
        driven.clock.advance(60)
        await driven.monitor.refresh(everything=True)
        await driven.parts.alerts.evaluate()
        driven.monitor._publish()


def fights(driven: Driven) -> list[str]:
    return [one.text for one in driven.monitor.snapshot.alerts if one.rule == "fighting" and one.fires]


def said(driven: Driven) -> list[str]:
    return [one.text for one in driven.monitor.snapshot.events if "undo each other" in one.text]


async def test_a_retried_task_that_is_healed_to_failed_again_is_said_once(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    ids = failed_task(sandbox)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    driven.parts.operator = MARIA
    assert (
        await driven.monitor.run(RETRY, await driven.monitor.plan(RETRY, task=ids[0]))
    ).phase is ResultPhase.VERIFIED
    await evaluated(driven)
    assert fights(driven) == []
    hangs_again(sandbox, ids)
    _, done = await driven.round()
    assert done.startswith("1 changed")
    await evaluated(driven, 3)
    (text,) = fights(driven)
    assert text.startswith("watchdog ")
    assert "failed 1 task that operator maria@desk had requeued" in text
    assert "undo that heal (o): then auto-heal leaves it alone for a day" in text
    assert len(said(driven)) == 1
    assert driven.monitor.snapshot.alerts[0].runbook
    await driven.monitor.close()


@ONE_SHAPE
async def test_an_unrelated_heal_is_no_fight(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    ids = failed_task(sandbox)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    assert (
        await driven.monitor.run(RETRY, await driven.monitor.plan(RETRY, task=ids[0]))
    ).phase is ResultPhase.VERIFIED
    sandbox.stuck(2)
    _, done = await driven.round()
    assert done.startswith("2 changed")
    await evaluated(driven, 2)
    assert (fights(driven), said(driven)) == ([], [])
    await driven.monitor.close()


async def test_another_hosts_operator_and_a_healer_on_a_third_are_seen_by_who_only_looks(
    sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    ids = failed_task(sandbox, 3)
    desk = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "desk", autonomous=False).begin()
    desk.parts.operator = MARIA
    plan = await desk.monitor.plan(RETRY_MATCHING, tasks=("status:failed",))
    assert (await desk.monitor.run(RETRY_MATCHING, plan, reason="the feed is back")).changed == 3
    hangs_again(sandbox, ids[:2])
    healer = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "healer", desk.clock).begin()
    _, done = await healer.round()
    assert done.startswith("2 changed")
    looks = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "looks", desk.clock, observe=True).begin()
    await evaluated(looks)
    (text,) = fights(looks)
    assert "failed 2 tasks that operator maria@desk had requeued" in text
    (run, *_) = [
        row[0]
        for row in sandbox.sql(
            "SELECT input_data->>'run' FROM autonomous_execution_logs WHERE input_data->>'order' = 'heal'"
        )
    ]
    undone = await desk.monitor.run(UNDO, await desk.monitor.plan(UNDO, run=run))
    assert undone.phase is ResultPhase.VERIFIED
    await evaluated(looks, 3)
    assert fights(looks) == []  # who was fought has taken it back
    for one in (desk, healer, looks):
        await one.monitor.close()


@ONE_SHAPE
async def test_dry_run_that_comes_on_again_after_it_was_turned_off(sandbox: Running, tmp_path: Path) -> None:
    failures(sandbox)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    driven.parts.operator = MARIA
    assert (await driven.monitor.run(DRY_RUN_OFF)).phase is ResultPhase.VERIFIED
    failures(sandbox, at="now() + interval '2 seconds'")  # since then, all anew; the database's clock is real
    _, done = await driven.round()
    assert "dry-run turned on: 1" in done
    await evaluated(driven)
    (text,) = fights(driven)
    assert "turned dry-run on again" in text
    assert "after operator maria@desk had turned it off" in text
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_stop_by_itself_after_a_lift(sandbox: Running, tmp_path: Path) -> None:
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    driven.parts.operator = MARIA
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="agents loop")).phase is ResultPhase.VERIFIED
    assert (await driven.monitor.run(RESUME)).phase is ResultPhase.VERIFIED
    await evaluated(driven)
    assert fights(driven) == []
    stop = EmergencyStop(driven.parts.dependencies, reason="10 critical checks in a row")
    await driven.parts.runner.run(stop, driven.parts.itself)
    await evaluated(driven)
    (text,) = fights(driven)
    assert "stopped the agents again" in text
    assert "after operator maria@desk had resumed" in text
    await driven.monitor.close()


@ONE_SHAPE
async def test_with_the_database_down_nobody_knows_and_nothing_is_flagged(sandbox: Running, tmp_path: Path) -> None:
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    sandbox.fault("database_down", True)
    await evaluated(driven)
    assert fights(driven) == []
    facts = await driven.parts.alerts._inputs.gather(braked="", ready=True)
    assert facts.conflict is None
    await driven.monitor.close()


def test_a_breaker_that_opens_at_once_after_a_reset_says_so_and_later_it_does_not() -> None:
    clock = FakeClock()
    breakers, said = Breakers(clock), list[str]()
    resets = Resets(clock)
    breakers.listen(lambda event: said.append(one.sentence) if (one := resets.heard(event)) is not None else None)
    breaker = breakers.get("db:fetch_tasks")

    def open_it(after_s: float) -> None:
        clock.advance(after_s)
        for _ in range(5):
            breaker.report(breaker.admit(), Counts.FAILURE, why="no answer")

    open_it(0)
    breakers.reset("db:fetch_tasks", "operator maria@desk")
    open_it(20)
    assert said == ["breaker db:fetch_tasks is open again 20 s after operator maria@desk reset it: the cause persists"]
    breakers.reset("db:fetch_tasks", "operator maria@desk")
    open_it(121)
    assert len(said) == 1
