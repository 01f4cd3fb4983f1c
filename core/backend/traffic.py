"""The requests of this process and their bytes on the line: heads included, bodies as they travel, packed."""

from collections.abc import Iterable

import httpx


class Traffic:
    """Counts requests, and the bytes sent and received. What TLS and TCP add is not counted."""

    __slots__ = ("received", "requests", "sent")

    def __init__(self) -> None:
        self.requests = 0
        self.sent = 0
        self.received = 0

    def asked(self, request: httpx.Request) -> None:
        """Count a request that goes out."""
        self.requests += 1
        self.sent += len(request.method) + len(request.url.raw_path) + 12 + _head(request.headers.raw)
        self.sent += int(request.headers.get("content-length", 0))

    def answered(self, answer: httpx.Response) -> None:
        """Count an answer, as far as it was read."""
        self.received += 15 + len(answer.reason_phrase) + _head(answer.headers.raw) + answer.num_bytes_downloaded


def _head(lines: Iterable[tuple[bytes, bytes]]) -> int:
    """Return the bytes of a head's lines: `name: value`, each with its end, and the blank one."""
    return 2 + sum(len(name) + len(value) + 4 for name, value in lines)
