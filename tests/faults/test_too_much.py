"""An answer that is too much is broken off and named: bytes after unpacking, and rows for one question."""

import asyncio
import gzip
import json
import subprocess
import sys
import zlib

import pytest

from core.backend.client import Backend, RequestLimits
from core.backend.faults import Failed
from core.backend.reads import Reads
from core.backend.schema import UNDISCOVERED
from core.backend.target import Target
from core.base.clock import SystemClock
from core.resilience.fault import Evidence, Fault
from tests.backend.rows import odd
from tests.running import ROOT
from tests.wire import Act, answer, wire

MB = 1_000_000
SMALL = RequestLimits(answer_mb=2, request_s=5)


async def asked(act: Act, limits: RequestLimits = SMALL) -> Fault | None:
    async with wire() as between:
        between.acts["/"] = act
        backend = Backend(Target(name="t", url=between.url, key="k"), SystemClock(), limits)
        try:
            await Reads(backend.calls, UNDISCOVERED).tasks.newest(50)
        except Failed as failed:
            return failed.fault
        finally:
            await backend.close()
    return None


def packed(body: bytes, how: str = "gzip") -> Act:
    pack = gzip.compress if how == "gzip" else zlib.compress
    return answer(pack(body), headers=f"Content-Encoding: {how}\r\n")


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
        await writer.drain()


TOO_LONG = {
    "a plain one": answer(b"[" + b" " * 3 * MB + b"]"),
    "a packed one": packed(b"[" + b" " * 3 * MB + b"]"),
    "a deflated one": packed(b"[" + b" " * 3 * MB + b"]", "deflate"),
    "one without an end": endless,
    "an error": answer(b'{"message":"' + b"x" * 3 * MB + b'"}', "500 x"),
}


@pytest.mark.parametrize("case", TOO_LONG)
async def test_too_long_an_answer_is_broken_off_and_named(case: str) -> None:
    fault = await asked(TOO_LONG[case])
    assert fault is not None
    assert (fault.kind, fault.evidence) == ("garbage", Evidence.DOWN)
    assert "larger than 2 MB" in fault.message


@pytest.mark.parametrize("packing", ["gzip, gzip", "br", "zstd", "x"])
async def test_what_is_packed_as_nobody_asked_for_is_not_unpacked(packing: str) -> None:
    fault = await asked(answer(b"[]", headers=f"Content-Encoding: {packing}\r\n"))
    assert fault is not None
    assert "packed" in fault.message


DEEP = {
    "nested without end": b"[" * 5_000_000,
    "in a row": b'[{"id":"a","result":' + b"[" * 5_000_000,
    "many values": b'[{"id":"a","result":[' + b"1," * 4_000_000 + b"1]}]",
}


@pytest.mark.parametrize("case", DEEP)
async def test_what_would_stand_the_loop_still_is_refused_before_it_is_decoded(case: str) -> None:
    fault = await asked(packed(DEEP[case]), RequestLimits())
    assert fault is not None
    assert "values" in fault.message


@pytest.mark.parametrize("count", [51, 100_000])
async def test_more_rows_than_were_asked_for_are_none(count: int) -> None:
    rows = [{"id": str(number), "status": "pending"} for number in range(count)]
    fault = await asked(answer(json.dumps(rows).encode()), RequestLimits())
    assert fault is not None
    assert f"50 rows requested, {count:,} received" in fault.message


async def test_a_packed_answer_of_a_fair_size_is_read() -> None:
    assert await asked(packed(json.dumps([odd.TASK]).encode() + b" " * MB)) is None


BOMB = """
import asyncio, gzip, json, resource, sys
from tests.faults.test_too_much import answer, asked, gzip
from core.backend.client import RequestLimits
kind = sys.argv[1]
if kind == "bomb":
    part = gzip.compress(b" " * 100_000_000)
    act = answer(part * 19, headers="Content-Encoding: gzip\\r\\n")
else:
    act = answer(b"[" + b",".join([b'{"id":"a"}'] * 1_000_000) + b"]")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
fault = asyncio.run(asked(act, RequestLimits(request_s=20)))
print(json.dumps([fault.message, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="tells its memory in kB on Linux only")
@pytest.mark.parametrize(
    ("kind", "words", "most_mb"), [("bomb", "larger", 250), ("million", "1,000,000 received", 150)]
)
def test_too_much_costs_no_more_than_its_bound(kind: str, words: str, most_mb: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOMB, kind], cwd=ROOT, capture_output=True, text=True, check=True, timeout=100
    )
    message, grown_mb = json.loads(done.stdout)
    assert words in message
    assert grown_mb < most_mb
