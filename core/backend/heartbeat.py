"""Addresses outside of the project: one to report to, one that shows whether anything can be reached."""

import httpx

from core.backend.faults import Failed
from core.backend.proxies import way_out
from core.base.version import AGENT
from core.resilience.fault import Counts, Evidence, Fault

TIMEOUT_S = 5.0


async def beat(url: str) -> None:
    """Call a heartbeat address. Raises Failed when it does not accept the call."""
    try:
        async with _client(url, TIMEOUT_S, follow_redirects=True) as client:
            answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Failed(_fault(f"the heartbeat address does not answer ({type(error).__name__})")) from error
    if not answer.is_success:
        raise Failed(_fault(f"the heartbeat address answers {answer.status_code}"))


async def answers(url: str, timeout_s: float) -> bool:
    """Return whether an address answers anything at all within `timeout_s` seconds."""
    try:
        async with _client(url, timeout_s, follow_redirects=False) as client:
            await client.head(url)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, Failed):
        return False
    return True


def _client(url: str, timeout_s: float, *, follow_redirects: bool) -> httpx.AsyncClient:
    way = way_out(url)
    return httpx.AsyncClient(
        verify=way.trusted,
        proxy=way.through,
        headers={"User-Agent": AGENT},
        trust_env=False,
        timeout=timeout_s,
        follow_redirects=follow_redirects,
    )


def _fault(message: str) -> Fault:
    return Fault(
        kind="heartbeat", counts=Counts.FAILURE, evidence=Evidence.NONE, message=message, component="heartbeat"
    )
