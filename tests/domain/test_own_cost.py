"""What a month of watching would cost, from what was seen."""

from core.domain.own_cost import GB, NOTHING, CostSample, OwnCost, projected

HOUR = CostSample(seconds=3600.0, requests=1_234, sent=500_000, received=1_000_000)


def test_nothing_is_projected_from_too_short_a_time() -> None:
    assert projected(NOTHING, 5, 600) == OwnCost(budget=5)
    assert projected(NOTHING, 5, 0) == OwnCost(budget=5)
    assert projected(CostSample(seconds=599.0, requests=10**9, sent=1, received=10**12), 5, 600) == OwnCost(budget=5)


def test_a_month_is_720_hours_in_two_digits() -> None:
    cost = projected(HOUR, 2 * GB, 600)
    assert (cost.requests_h, cost.sent_h, cost.received_h) == (1_200, 500_000, 1_000_000)
    assert (cost.requests_month, cost.received_month, cost.over) == (890_000, 720_000_000, False)
    assert projected(HOUR.plus(HOUR), 2 * GB, 600) == cost
    assert projected(HOUR, 700_000_000, 600).over
    assert not projected(HOUR, 720_000_000, 600).over
