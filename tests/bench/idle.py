"""`make bench`: what an idle screen costs its line and its machine, beside glances, btop and htop where they are there.

140×40, a minute each after a quarter of one to settle: bytes to the terminal, CPU of the process and what it started,
memory, and when the first full frame came. Ours looks at a sandbox in which nothing changes, every five seconds, with
its watchdog at work, and once more with the database stopped.
"""

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import pyte

from tests.running import Command, Running

COLUMNS, LINES = 140, 40
SETTLE_S, MEASURE_S = 15.0, 60.0
FULL = 400
"""So many signs on the screen are a full frame."""

PEERS = {"glances": ["glances", "-t", "5"], "btop": ["btop", "--utf-force"], "htop": ["htop", "-d", "50"]}


class Gone(Exception):
    """The program ended by itself."""


class Measured:
    """One program on a pseudo-terminal that is read from all the time."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], place: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            command, cwd=place, env=dict(env), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.first_full_s: float | None = None

    def read(self, seconds: float) -> int:
        """Read for so long; how many bytes came."""
        until, count = time.monotonic() + seconds, 0
        while (left := until - time.monotonic()) > 0:
            if not select.select([self._master], [], [], left)[0]:
                break
            try:
                got = os.read(self._master, 65536)
            except OSError as error:  # it ended, and took its side of the terminal along
                raise Gone(self._process.wait(5)) from error
            count += len(got)
            if self.first_full_s is None:
                self._stream.feed(got)
                if sum(char != " " for line in self._screen.display for char in line) >= FULL:
                    self.first_full_s = time.monotonic() - self._began
        return count

    def type(self, keys: bytes) -> None:
        """Type something."""
        if keys:
            os.write(self._master, keys)

    def cpu_s(self) -> float:
        """CPU seconds so far, children's included."""
        return sum(sum(one.cpu_times()[:2]) for one in self._all())

    def memory_mb(self) -> float:
        """Resident memory, children's included."""
        return sum(one.memory_info().rss for one in self._all()) / 2**20

    def end(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def _all(self) -> list[psutil.Process]:
        own = psutil.Process(self._process.pid)
        return [own, *own.children(recursive=True)]


def measure(name: str, command: Sequence[str], env: Mapping[str, str], place: Path) -> None:
    """Run one and print its line."""
    program = Measured(command, env, place)
    try:
        program.read(SETTLE_S)
        before, began = program.cpu_s(), time.monotonic()
        sent = program.read(MEASURE_S)
        took = time.monotonic() - began
        cpu = 100 * (program.cpu_s() - before) / took
        full = "-" if program.first_full_s is None else f"{program.first_full_s:.2f}"
        print(f"{name:<34}{sent / took:>10.0f}{cpu:>9.2f}{program.memory_mb():>9.1f}{full:>14}", flush=True)
    except Gone as gone:
        print(f"{name:<34}ended by itself with {gone}")
    finally:
        program.end()


def main() -> None:
    """One after the other: side by side they would disturb each other."""
    print(f"{'':<34}{'bytes/s':>10}{'CPU %':>9}{'MB':>9}{'full frame s':>14}")
    with tempfile.TemporaryDirectory() as home:
        place = Path(home)
        command = Command(place)
        sandbox = Running("deployed")
        try:
            sandbox.completed(500)
            env = command.environment(sandbox)
            ours = [sys.executable, "-m", "tui"]
            measure("watchdesk, live", ours, env, place)
            measure("watchdesk --no-mouse, observing", [*ours, "--observe", "--no-mouse"], env, place)
            sandbox.fault("database_down", True)
            measure("watchdesk, database stopped", ours, env, place)
        finally:
            sandbox.close()
        for name, peer in PEERS.items():
            if shutil.which(peer[0]) is None:
                print(f"{name:<34}{'not installed':>42}")
            else:
                measure(name, peer, command.environment(), place)


if __name__ == "__main__":
    main()
