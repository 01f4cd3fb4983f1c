"""Calls of the sign-in service, with a breaker of their own; they say nothing about the database."""

from typing import Any, Final

import msgspec

from core.backend.client import Around
from core.backend.faults import Failed
from core.backend.login import Send
from core.resilience import Guard, NotLive, Policy
from core.resilience.fault import Counts, Evidence, Fault, Party

AUTH: Final = "auth"


def signing_in(guard: Guard, request_s: float) -> Around:
    """Return a function that makes a guarded call of the sign-in service, within `request_s` seconds."""
    policy = Policy(total_s=2 * request_s, retry=None)

    async def call(operation: str, send: Send) -> Any:
        try:
            return await guard.live(f"{AUTH}:{operation.replace(' ', '_')}", send, policy=policy)
        except NotLive as not_live:
            raise Failed(_elsewhere(not_live.fault)) from not_live

    return call


def _elsewhere(fault: Fault) -> Fault:
    """Return the fault of a call that was not made because the sign-in failed; it is no evidence."""
    if fault.counts is Counts.SUCCESS or fault.party is Party.MACHINE:
        return fault  # it answered and refused, or this machine has no network
    message = f"the sign-in service does not work: {fault.message}"
    return msgspec.structs.replace(
        fault, component=AUTH, counts=Counts.NEUTRAL, evidence=Evidence.NONE, message=message, remedy="", sent=False
    )
