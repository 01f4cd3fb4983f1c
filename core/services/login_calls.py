"""Calls of the sign-in service: by a breaker of their own, and no word about the database."""

from typing import Any, Final

import msgspec

from core.backend.client import Around
from core.backend.faults import Failed
from core.backend.login import Send
from core.resilience import Guard, NotLive, Policy
from core.resilience.fault import Counts, Evidence, Fault, Party

AUTH: Final = "auth"


def signing_in(guard: Guard, request_s: float) -> Around:
    """Return what a call of the sign-in service goes through. It takes one request's time at most."""
    policy = Policy(total_s=2 * request_s, retry=None)

    async def call(operation: str, send: Send) -> Any:
        try:
            return await guard.live(f"{AUTH}:{operation.replace(' ', '_')}", send, policy=policy)
        except NotLive as not_live:
            raise Failed(_elsewhere(not_live.fault)) from not_live

    return call


def _elsewhere(fault: Fault) -> Fault:
    """What a failing sign-in service says of the call that needed it: it was not made, and proves nothing."""
    if fault.counts is Counts.SUCCESS or fault.party is Party.MACHINE:
        return fault  # it answered, and refused; or nothing gets out of this machine
    message = f"the sign-in service does not work: {fault.message}"
    return msgspec.structs.replace(
        fault, component=AUTH, counts=Counts.NEUTRAL, evidence=Evidence.NONE, message=message, remedy="", sent=False
    )
