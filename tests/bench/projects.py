"""`make bench`: what twenty projects cost together: `watch --all`, and the list on a terminal with nobody at it.

All are one sandbox, behind a proxy each, so that each has an address and a state of its own. A minute each, after one
to settle: CPU of all processes, their proportional memory (what they share is counted once), requests.
"""

import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from tests.bench.cost import CountingProxy
from tests.bench.idle import Measured
from tests.running import PROGRAM, Command, Running
from tests.running_projects import configure

PROJECTS: Final = 20
SETTLE_S, MEASURE_S = 60.0, 60.0


class Together(Measured):
    """All processes of one program."""

    def processes(self) -> list[psutil.Process]:
        """Return them, those that ended meanwhile left out."""
        return self._all()

    def proportional_mb(self) -> float:
        """Return the memory of all, megabytes; what several share is counted once."""
        found = 0.0
        for one in self._all():
            with contextlib.suppress(psutil.Error):
                found += one.memory_full_info().pss
        return found / 2**20


def measure(name: str, args: tuple[str, ...], command: Command, proxies: list[CountingProxy]) -> None:
    """Run it once and print its line."""
    program = Together([*PROGRAM, *args], command.environment(), command.home)
    try:
        program.read(SETTLE_S)
        before, asked, began = program.cpu_s(), sum(one.counts.requests for one in proxies), time.monotonic()
        program.read(MEASURE_S)
        took = time.monotonic() - began
        cpu = 100 * (program.cpu_s() - before) / took
        requests = (sum(one.counts.requests for one in proxies) - asked) / len(proxies)
        memory, many = program.proportional_mb(), len(program.processes())
        print(f"{name:<34}{cpu:>9.2f}{memory:>9.0f}{many:>12}{requests:>22.1f}", flush=True)
    finally:
        program.end()


def main() -> None:
    """One after the other."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else PROJECTS
    print(f"{f'{many} projects':<34}{'CPU %':>9}{'MB':>9}{'processes':>12}{'requests/min each':>22}")
    with tempfile.TemporaryDirectory() as home:
        command, sandbox = Command(Path(home)), Running("deployed")
        proxies = [CountingProxy(sandbox.url) for _ in range(many)]
        try:
            sandbox.completed(500)
            entry = {"key": sandbox.service_key, "function_key": sandbox.function_key}
            configure(command, {f"project-{n}": {"url": one.url, **entry} for n, one in enumerate(proxies)})
            measure("watch --all", ("watch", "--all"), command, proxies)
            measure("--all on a terminal", ("--all",), command, proxies)
        finally:
            for one in proxies:
                one.close()
            sandbox.close()


if __name__ == "__main__":
    main()
