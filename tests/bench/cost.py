"""`make bench`: what one open monitor costs its project in a month: requests, bytes as they come, and packed.

The real program on a terminal reads a sandbox through a proxy that counts. A minute each after a third of one to
settle, times 43,200: a fleet at work while somebody looks and while nobody does, a project in which nothing happens,
rows with long JSON; each without our function in the project (`watchdesk sql stats`) and with it. Other checkouts named
as arguments are measured in turn with this one.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from tests.bench.idle import Gone, Measured
from tests.running import PROGRAM, ROOT, Command, Running

SETTLE_S, MEASURE_S = 20.0, 60.0
MONTH: Final = 30 * 86_400.0
FOCUS_LOST: Final = b"\x1b[O"
NOBODY: Final = {"WATCHDESK_REFRESH_ATTENTION_S": "0"}


class Counts(NamedTuple):
    """What passed. `heads`: of answers; `packed`: their bodies as gzip makes them."""

    requests: int = 0
    heads: int = 0
    bodies: int = 0
    packed: int = 0

    def since(self, before: "Counts") -> "Counts":
        return Counts(*(now - then for now, then in zip(self, before, strict=True)))


class CountingProxy:
    """Forwards to `beyond` and counts, in a thread of its own."""

    def __init__(self, beyond: str) -> None:
        self._beyond = urlsplit(beyond)
        self.counts = Counts()
        self.asked: Counter[str] = Counter()
        """The requests by method and what they are for."""
        self.url = ""
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._beyond.hostname, self._beyond.port, limit=2**26)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head, body = await _message(reader)
                back.write(head + body)
                method, address, _ = head.split(b" ", 2)
                self.asked[f"{method.decode()} {urlsplit(address.decode()).path.rpartition('/')[2]}"] += 1
                answer, told = await _message(there, bodiless=head.startswith(b"HEAD"))
                packed = zlib.compressobj(6, zlib.DEFLATED, 31)
                size = len(packed.compress(told) + packed.flush()) if told else 0
                was = self.counts
                self.counts = Counts(
                    was.requests + 1, was.heads + len(answer), was.bodies + len(told), was.packed + size
                )
                writer.write(answer + told)
                await writer.drain()
        for one in (writer, back):
            one.close()


async def _message(reader: asyncio.StreamReader, *, bodiless: bool = False) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)
    return head, b"" if bodiless else await reader.readexactly(length)


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured: the program's environment, what is typed, and how long the JSON of each row is."""

    name: str
    workload: bool
    env: dict[str, str] = {}
    typed: bytes = b""
    fat: int = 0
    function: bool = False
    """The project has our function (`watchdesk sql stats`)."""


_IDLE: Final = Situation(name="nothing happens, focus lost", workload=False, env=NOBODY, typed=FOCUS_LOST)

SITUATIONS: Final = (
    Situation(name="fleet at work, somebody looks", workload=True),
    Situation(name="  with our function", workload=True, function=True),
    Situation(name="fleet at work, nobody looks", workload=True, env=NOBODY),
    Situation(name="  with our function", workload=True, env=NOBODY, function=True),
    _IDLE,
    msgspec.structs.replace(_IDLE, name="  with our function", function=True),
    msgspec.structs.replace(_IDLE, name="the same, 20 kB of JSON a row", fat=20_000),
    msgspec.structs.replace(_IDLE, name="the same, 200 kB of JSON a row", fat=200_000),
    msgspec.structs.replace(_IDLE, name="  with our function", fat=200_000, function=True),
)


def fill(sandbox: Running, fat: int) -> None:
    """A thousand finished tasks and log rows; with `fat` bytes of JSON in each of the newest hundred."""
    sandbox.completed(900)
    told = json.dumps({"message": "patched", "blob": "x" * fat})
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at, result)"
        " SELECT 'fat', 'completed', now() - interval '1 hour', now() - interval '5 minutes', %s::jsonb"
        " FROM generate_series(1, 100)",
        told,
    )
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, output_data, timestamp)"
        " SELECT 'patch', 'completed', %s::jsonb, %s::jsonb, now() - interval '1 hour' FROM generate_series(1, 100)",
        told,
        told,
    )


def install(sandbox: Running, tree: Path) -> None:
    """Give the project the function of one checkout."""
    made = "from core.backend.optional_sql import script; from core.backend.schema import Shape"
    made += "; print(script('stats', Shape.DEPLOYED))"
    done = subprocess.run([sys.executable, "-c", made], cwd=tree, capture_output=True, text=True, check=True)
    sandbox.sql(done.stdout)


class Minute(NamedTuple):
    """One minute of a program. `asked`: its requests by method and what they are for; `memory_mb` at its end."""

    counts: Counts
    asked: Counter[str]
    memory_mb: float


def measure(situation: Situation, tree: Path) -> Minute:
    """Run one checkout's program in one situation."""
    with tempfile.TemporaryDirectory() as home:
        sandbox = Running("deployed", *(["--workload"] if situation.workload else []))
        if not situation.workload:
            fill(sandbox, situation.fat)
        if situation.function:
            install(sandbox, tree)
        proxy = CountingProxy(sandbox.url)
        known = situation.env if (tree / "core/services/attention.py").exists() else {}  # older ones end at such a name
        env = Command(Path(home)).environment(sandbox, SUPABASE_URL=proxy.url, PYTHONPATH=str(tree), **known)
        program = Measured(PROGRAM, env, Path(home))
        try:
            program.read(SETTLE_S / 2)
            program.type(situation.typed)
            program.read(SETTLE_S / 2)
            before, asked = proxy.counts, proxy.asked.copy()
            program.read(MEASURE_S)
            return Minute(proxy.counts.since(before), proxy.asked - asked, program.memory_mb())
        finally:
            program.end()
            proxy.close()
            sandbox.close()


def main(others: Sequence[str]) -> None:
    """One after the other: side by side they would disturb each other."""
    trees = [*(Path(one).resolve() for one in others), ROOT]
    heading = f"{'a month, one monitor':<34}{'checkout':<14}"
    print(f"{heading}{'requests M':>11}{'heads GB':>10}{'bodies GB':>11}{'packed GB':>11}{'MB here':>9}")
    for situation in SITUATIONS:
        for tree in trees:
            try:
                counts, asked, memory_mb = measure(situation, tree)
            except Gone as gone:
                print(f"{situation.name:<34}{tree.name:<14}ended by itself with {gone}")
                continue
            month = MONTH / MEASURE_S
            heads, bodies, packed = (one * month / 1e9 for one in counts[1:])
            requests = counts.requests * month / 1e6
            print(
                f"{situation.name:<34}{tree.name:<14}{requests:>11.2f}{heads:>10.2f}{bodies:>11.2f}{packed:>11.2f}"
                f"{memory_mb:>9.1f}",
                flush=True,
            )
            print("    a minute: " + ", ".join(f"{count} {what}" for what, count in asked.most_common()), flush=True)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main(sys.argv[1:])
