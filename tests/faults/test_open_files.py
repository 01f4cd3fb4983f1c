"""A process or a machine without a file left: the limit is named, not the network."""

import errno
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from core.backend.client import Backend
from core.backend.faults import Failed, classify
from core.backend.proxies import authorities
from core.backend.reads import Reads
from core.backend.schema import UNDISCOVERED
from core.backend.target import Target
from core.base.clock import SystemClock
from core.resilience.fault import Counts, Evidence, Fault, Party


@contextmanager
def none_left() -> Iterator[None]:
    """No file can be opened."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/dev/fd")))
    held = list[int]()
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, limits[1]))
    try:
        try:
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            yield
    finally:
        for one in held:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def names_the_limit(fault: Fault) -> None:
    assert fault.sentence().startswith("too many open files: this ")
    assert "limit of open files" in fault.remedy
    assert "network" not in fault.sentence()
    assert (fault.party, fault.counts, fault.evidence) == (Party.MACHINE, Counts.NEUTRAL, Evidence.NONE)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:9", "http://nobody.invalid"])
async def test_a_request_of_a_process_without_a_file_left_names_its_limit(url: str) -> None:
    backend = Backend(Target(name="t", url=url, key="sb_secret_x"), SystemClock())
    await backend.connect()
    with pytest.raises(Failed):  # once before: what is imported at the first request needs files itself
        await Reads(backend.calls, UNDISCOVERED).config.fetch()
    with none_left(), pytest.raises(Failed) as failed:
        await Reads(backend.calls, UNDISCOVERED).config.fetch()
    names_the_limit(failed.value.fault)
    await backend.close()


def test_certificates_that_cannot_be_opened_for_that_reason_are_not_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    authorities.cache_clear()
    monkeypatch.setattr(httpx, "create_ssl_context", broken)
    with pytest.raises(Failed) as failed:
        authorities()
    names_the_limit(failed.value.fault)
    authorities.cache_clear()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_whatever_it_is_wrapped_into_the_limit_is_named(number: int) -> None:
    cause = OSError(number, os.strerror(number))
    wrapped = httpx.ConnectError("All connection attempts failed")
    wrapped.__cause__ = ExceptionGroup("m", [cause, OSError(errno.ENETUNREACH, "no")])
    names_the_limit(classify(wrapped))
    names_the_limit(classify(cause))
    assert "DNS" in classify(socket.gaierror(socket.EAI_AGAIN, "no")).sentence()
