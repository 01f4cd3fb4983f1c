"""What this machine's monitors of one project cost it: requests and bytes, by the hour and as a month would be."""

from typing import Final

import msgspec

MONTH_S: Final = 30 * 86_400.0
GB: Final = 1_000_000_000


class CostSample(msgspec.Struct, frozen=True, kw_only=True):
    """The traffic of one process within `seconds`, an hour at most. Bytes as they travel, packed."""

    seconds: float
    requests: int
    sent: int
    received: int

    def plus(self, other: "CostSample") -> "CostSample":
        """Return both together."""
        return CostSample(
            seconds=self.seconds + other.seconds,
            requests=self.requests + other.requests,
            sent=self.sent + other.sent,
            received=self.received + other.received,
        )


NOTHING: Final = CostSample(seconds=0.0, requests=0, sent=0, received=0)


class OwnCost(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of watching, in two digits. `None`: too short a time to tell.

    `requests_h`, `sent_h`, `received_h`: an hour of the last day, on average; `requests_month`, `received_month`: 30
    days at that rate. `budget`: the bytes that a month may receive, from the settings. `over`: it would receive more.
    """

    requests_h: int | None = None
    sent_h: int | None = None
    received_h: int | None = None
    requests_month: int | None = None
    received_month: int | None = None
    budget: int = 0
    over: bool = False


def projected(seen: CostSample, budget: int, least_s: float) -> OwnCost:
    """Return the cost as `seen` tells; nothing of it before `least_s` seconds were seen."""
    if seen.seconds < least_s or seen.seconds <= 0:
        return OwnCost(budget=budget)

    def within(seconds: float, amount: int) -> int:
        return _two_digits(amount * seconds / seen.seconds)

    received = within(MONTH_S, seen.received)
    return OwnCost(
        requests_h=within(3600.0, seen.requests),
        sent_h=within(3600.0, seen.sent),
        received_h=within(3600.0, seen.received),
        requests_month=within(MONTH_S, seen.requests),
        received_month=received,
        budget=budget,
        over=received > budget,
    )


def _two_digits(value: float) -> int:
    whole = round(value)
    places = len(str(abs(whole))) - 2
    return whole if places <= 0 else round(whole, -places)
