"""`watchdesk watch` as a service manager runs it: its lines, and the socket on which it tells how it is."""

import contextlib
import json
import os
import signal
import socket
import threading
from typing import Any

import httpx

from tests.running import Command, Running
from tests.until import awaited


class Service:
    """One running service, with the notify socket of a service manager."""

    def __init__(
        self,
        command: Command,
        sandbox: Running,
        *args: str,
        options: tuple[str, ...] = (),
        watchdog_s: float | None = None,
        **env: str,
    ) -> None:
        self.told: list[str] = []
        self.lines: list[dict[str, Any]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        place = command.home / f"notify-{id(self)}"
        self._socket.bind(str(place))
        threading.Thread(target=self._listen, daemon=True).start()
        nothing, (out, its_out), (err, its_err) = os.open(os.devnull, os.O_RDONLY), os.pipe(), os.pipe()
        env |= {"NOTIFY_SOCKET": str(place)}
        env |= {} if watchdog_s is None else {"WATCHDOG_USEC": str(int(watchdog_s * 1_000_000))}
        self.process = command.start(
            (*options, "watch", "--metrics", "127.0.0.1:0", *args), (nothing, its_out, its_err), sandbox, **env
        )
        for one in (nothing, its_out, its_err):
            os.close(one)
        self.stderr = open(err)  # noqa: SIM115 - closed when it is disposed of
        threading.Thread(target=self._read, args=(out,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.line('started')['port']}"

    def line(self, event: str, after: int = 0, **fields: Any) -> dict[str, Any]:
        """Wait for a line of that kind with those fields, from the `after`-th on."""

        def look() -> dict[str, Any] | None:
            fitting = (one for one in self.lines[after:] if one["event"] == event)
            return next((one for one in fitting if all(one.get(name) == value for name, value in fields.items())), None)

        return awaited(look, f"{event} {fields} in {self.lines}")

    def notified(self, text: str, times: int = 1) -> None:
        """Wait until the service manager was told so, so many times."""
        awaited(lambda: sum(text in one for one in self.told) >= times or None, f"{text} in {self.told}")

    def get(self, path: str, **headers: str) -> httpx.Response:
        """What it answers."""
        return httpx.get(self.url + path, headers=headers, timeout=60)

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)

    def close(self) -> None:
        """End it, however."""
        with contextlib.suppress(OSError):
            self.end(signal.SIGKILL)
        self._socket.close()
        self.stderr.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while text := self._socket.recv(65536):
                self.told.append(text.decode())

    def _read(self, out: int) -> None:
        with open(out) as stream:
            for line in stream:
                self.lines.append(json.loads(line))


def lease_rows(sandbox: Running) -> list[tuple[Any, ...]]:
    """Who holds the lease, as the project has it."""
    return sandbox.sql("SELECT input_data->>'holder' FROM autonomous_execution_logs WHERE execution_step = 'lease'")
