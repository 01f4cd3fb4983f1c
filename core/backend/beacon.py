"""Addresses outside of the project: one that must hear from us, one that shows whether anything can be reached."""

import httpx

from core.backend.faults import Failed
from core.backend.trust import authorities
from core.facts import Counts, Evidence, Fault

TIMEOUT_S = 5.0


async def beat(url: str) -> None:
    """Call a heartbeat address. Raises Failed when it did not take it."""
    try:
        async with httpx.AsyncClient(verify=authorities(), timeout=TIMEOUT_S, follow_redirects=True) as client:
            answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Failed(_fault(f"the heartbeat address does not answer ({type(error).__name__})")) from error
    if not answer.is_success:
        raise Failed(_fault(f"the heartbeat address answers {answer.status_code}"))


async def answers(url: str, timeout_s: float) -> bool:
    """Whether an address answers anything at all within `timeout_s` seconds."""
    try:
        async with httpx.AsyncClient(verify=authorities(), timeout=timeout_s, follow_redirects=False) as client:
            await client.head(url)
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return False
    return True


def _fault(message: str) -> Fault:
    return Fault(
        kind="heartbeat", counts=Counts.FAILURE, evidence=Evidence.NONE, message=message, component="heartbeat"
    )
