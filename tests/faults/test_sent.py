"""A way that fails after the request has left: it may have been carried out, whatever the error is called."""

import errno

import httpx
import pytest

from core.actions.context import lost
from core.backend.faults import Trace, transport_fault
from core.resilience import NotLive
from core.resilience.fault import Evidence

NO_ROUTE = [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN]


def _broke(code: int, kind: type[httpx.TransportError]) -> httpx.TransportError:
    error = kind("x")
    error.__cause__ = OSError(code, "no way")
    return error


@pytest.mark.parametrize("code", NO_ROUTE, ids=errno.errorcode.get)
def test_no_route_after_it_was_sent_is_lost(code: int) -> None:
    fault = transport_fault(_broke(code, httpx.ReadError), Trace(sent=True))
    assert fault.kind == "no_route"
    assert fault.evidence is Evidence.NONE  # nothing is proven about the project
    assert lost(NotLive(fault))


@pytest.mark.parametrize("code", NO_ROUTE, ids=errno.errorcode.get)
def test_no_route_before_it_was_sent_is_not_lost(code: int) -> None:
    assert not lost(NotLive(transport_fault(_broke(code, httpx.ConnectError), Trace())))


AFTER = [httpx.ReadTimeout, httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError, KeyError]


@pytest.mark.parametrize("error", AFTER)
def test_whatever_fails_after_it_was_sent_is_lost(error: type[Exception]) -> None:
    assert lost(NotLive(transport_fault(error("x"), Trace(sent=True))))


BEFORE = [httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ConnectError, TimeoutError, httpx.InvalidURL]


@pytest.mark.parametrize("error", BEFORE)
def test_what_was_never_sent_is_not_lost(error: type[Exception]) -> None:
    assert not lost(NotLive(transport_fault(error("x"), Trace())))
