"""Waiting for a time or for an event, whichever comes first."""

import asyncio

from core.base.clock import Clock


async def wait_for_event(clock: Clock, event: asyncio.Event, pause_s: float) -> bool:
    """Wait for the time or the event, and clear that. Returns whether the event came first."""
    began = clock.elapsed()
    sleeper = asyncio.ensure_future(clock.sleep(pause_s))
    waiter = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((sleeper, waiter), return_when=asyncio.FIRST_COMPLETED)
        came = event.is_set() and clock.elapsed() - began < pause_s
        event.clear()  # not when cancelled: the request is for the next turn
        return came
    finally:
        for one in (sleeper, waiter):
            one.cancel()
