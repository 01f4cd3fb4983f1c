"""Requests and bytes are counted as they travel, by the hour, over restarts; above the budget the period is longer."""

from pathlib import Path

from core.domain.own_cost import OwnCost
from core.services.config import RefreshRules
from tests.actions.driving import Driven
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import wire


async def test_what_is_counted_is_what_passes_on_the_line(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        traffic = driven.parts.backend.traffic
        asked, sent, received, carried = traffic.requests, traffic.sent, traffic.received, between.carried
        between.seen.clear()
        between.heads.clear()
        await driven.monitor.refresh(everything=True)
        assert traffic.requests - asked == len(between.seen)
        assert traffic.sent - sent == sum(map(len, between.heads))
        assert traffic.received - received == between.carried - carried
        await driven.monitor.close()


async def hours(driven: Driven, count: int, *, requests: int, received: int) -> None:
    """So many hours of such traffic."""
    cost, traffic = driven.parts.cost, driven.parts.backend.traffic
    for _ in range(60 * count):
        driven.clock.advance(60)
        traffic.requests += requests // 60
        traffic.received += received // 60
        await cost.refreshed()


@ONE_SHAPE
async def test_the_cost_is_that_of_the_last_day_over_restarts_and_a_command_reads_it(
    sandbox: Running, tmp_path: Path
) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    assert driven.parts.cost.cost == OwnCost(budget=2_000_000_000)
    await hours(driven, 3, requests=6_000, received=1_200_000)
    cost = driven.parts.cost.cost
    assert (cost.requests_h, cost.received_h, cost.over) == (6_000, 1_200_000, False)
    await driven.monitor.close()
    again = await Driven(sandbox.url, sandbox.service_key, tmp_path, driven.clock, autonomous=False).begin()
    await again.parts.cost.restore()
    assert again.parts.cost.cost.requests_h == cost.requests_h
    await hours(again, 26, requests=600, received=120_000)  # the first day is forgotten
    assert again.parts.cost.cost.requests_h == 600
    await again.monitor.close()


@ONE_SHAPE
async def test_above_the_budget_it_says_so_and_reads_more_seldom_unless_somebody_looks_at_trouble(
    sandbox: Running, tmp_path: Path
) -> None:
    refresh = RefreshRules(budget_gb=0.5)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False, refresh=refresh).begin()
    attention = driven.parts.attention
    attention.looked()
    assert attention.period_s(well=True) == refresh.period_s
    await hours(driven, 1, requests=6_000, received=1_200_000)
    attention.looked()
    await driven.scheduler._refresh_once()
    assert attention.period_s(well=True) == refresh.idle_period_s
    assert attention.period_s(well=False) == refresh.period_s
    driven.clock.advance(refresh.attention_s)
    assert attention.period_s(well=True) == refresh.unfocused_period_s
    assert attention.period_s(well=False) == refresh.idle_period_s
    driven.monitor._publish()
    snapshot = driven.monitor.snapshot
    assert snapshot.cost.over
    assert [notice for notice in snapshot.notices if "more than [refresh] budget_gb allows (0.5)" in notice]
    assert [event for event in snapshot.events if "this monitor reads less often" in event.text]
    await driven.monitor.close()


@ONE_SHAPE
def test_status_tells_programs_of_the_cost(command: Command, sandbox: Running) -> None:
    import json

    told = json.loads(command("status", "--json", sandbox=sandbox).stdout)["cost"]
    assert told["budget_bytes_per_month"] == 2_000_000_000
    assert told["over_budget"] is False
    assert set(told) == {
        *("requests_per_hour", "bytes_sent_per_hour", "bytes_received_per_hour"),
        *("requests_per_month", "bytes_received_per_month", "budget_bytes_per_month", "over_budget"),
    }
