"""One monitor in a process of its own that evaluates its alerts a few times; the test kills it from outside."""

import asyncio
import sys
from pathlib import Path

import msgspec

from core.alerting.settings import AlertRules
from tests.actions.driving import Driven


async def main(url: str, key: str, home: str, rules: str, minutes: str) -> None:
    told = msgspec.json.decode(rules, type=AlertRules)
    driven = await Driven(url, key, Path(home), alerts=told).begin()
    alarms = driven.parts.alerts
    await alarms.restore()
    for _ in range(int(minutes)):
        driven.clock.advance(60)
        await driven._look_around()
        await alarms.evaluate()
        await alarms.notifications.outbox.settled()
    await driven.kill()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
