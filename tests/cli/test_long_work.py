"""Work on many rows: bounded batches, progress on the terminal, broken off by Ctrl-C, taken up again; both shapes."""

import contextlib
import os
import pty
import re
import signal
import tempfile
import threading
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

from tests.running import Command, Running


class Typed:
    """The command on a terminal of its own for what it asks and how far it is; stdout apart."""

    def __init__(self, command: Command, sandbox: Running, *args: str) -> None:
        self._far, near = pty.openpty()
        self.said = ""
        self._out = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed at its end
        self.process = command.start(args, (near, self._out.fileno(), near), sandbox)
        os.close(near)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while text := os.read(self._far, 65536):
                self.said += text.decode()

    def until(self, pattern: str, within_s: float = 100.0) -> None:
        end = time.monotonic() + within_s
        while not re.search(pattern, self.said):
            assert time.monotonic() < end, self.said[-500:]
            time.sleep(0.01)

    def type(self, text: str) -> None:
        os.write(self._far, text.encode())

    def end(self) -> tuple[int, str]:
        code = self.process.wait(60)
        self._out.seek(0)
        out = self._out.read()
        self._out.close()
        self._reader.join(60)
        os.close(self._far)
        return code, out


def counts(sandbox: Running) -> dict[str, int]:
    return dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))


def heals(sandbox: Running) -> list[Any]:
    return sandbox.sql(
        "SELECT step_status, output_data->>'text' FROM autonomous_execution_logs"
        f" WHERE input_data->>'order' = 'heal' ORDER BY {sandbox.time_column}, step_status DESC"
    )


def test_four_thousand_stuck_are_healed_by_hand_with_progress_broken_off_and_taken_up(
    sandbox: Running, command: Command
) -> None:
    sandbox.stuck(4_000)
    typed = Typed(command, sandbox, "heal")
    typed.until(r"Type \S+ to go on")
    typed.type(f"{urlsplit(sandbox.url).netloc}\n")
    typed.until(r"Stuck tasks: [1-9][\d,]* of 4,000")
    typed.process.send_signal(signal.SIGINT)
    code, out = typed.end()
    assert code == 130
    assert "halted: interrupted" in out
    done = counts(sandbox)
    assert 0 < done["failed"] < 4_000
    assert done["failed"] + done["in_progress"] == 4_000
    assert f"{done['failed']:,} changed" in out
    assert [status for status, _ in heals(sandbox)] == ["started", "failed"]
    again = command("heal", "--yes", sandbox=sandbox)
    assert again.returncode == 0
    assert counts(sandbox) == {"failed": 4_000}


def test_a_plan_of_more_than_fifty_rows_wants_the_projects_name(sandbox: Running, command: Command) -> None:
    sandbox.stuck(51)
    typed = Typed(command, sandbox, "heal")
    typed.until(r"Type \S+ to go on")
    typed.type("y\n")
    assert typed.end()[0] == 1
    assert counts(sandbox) == {"in_progress": 51}
    sandbox.sql("DELETE FROM autonomous_tasks WHERE description = 'stuck 1'")
    typed = Typed(command, sandbox, "heal")
    typed.until(r"Go on\?")
    typed.type("y\n")
    assert typed.end()[0] == 0
    assert counts(sandbox) == {"failed": 50}


def test_six_thousand_old_rows_are_deleted_in_batches_broken_off_and_taken_up(
    sandbox: Running, command: Command
) -> None:
    run = str(uuid.uuid4())
    column = sandbox.time_column
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {column})"
        " SELECT 'old', 'completed', now() - interval '60 days' + i * interval '1 second'"
        " FROM generate_series(1, 6000) AS i"
        " UNION ALL SELECT 'kept', 'completed', now() - interval '29 days 23 hours' FROM generate_series(1, 500)"
        " UNION ALL SELECT 'lease', 'started', now() - interval '90 days'"
    )
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {column}, input_data)"
        " VALUES ('watchdog_healing', 'completed', now() - interval '45 days',"
        f' \'{{"order": "emergency_stop", "run": "{run}"}}\')'
    )
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true")
    typed = Typed(command, sandbox, "heal", "--only", "logs")
    typed.until(r"Type \S+ to go on")
    typed.type(f"{urlsplit(sandbox.url).netloc}\n")
    typed.until(r"Old log rows: [1-9][\d,]* of 6,000")
    typed.process.send_signal(signal.SIGINT)
    assert typed.end()[0] == 130
    left = steps(sandbox)
    assert 0 < left["old"] < 6_000
    assert left["old"] % 100 == 0
    again = command("heal", "--only", "logs", "--yes", sandbox=sandbox)
    assert (again.returncode, again.stderr) == (0, "")
    left = steps(sandbox)
    assert "old" not in left
    assert (left["kept"], left["lease"]) == (500, 1)
    standing = sandbox.sql("SELECT count(*) FROM autonomous_execution_logs WHERE input_data->>'run' = %s", run)
    assert standing == [(1,)]  # who ordered the stop that stands is still to be read
    resumed = command("resume", "--yes", sandbox=sandbox)
    assert resumed.returncode == 0
    assert "1 changed" in command("heal", "--only", "logs", "--yes", sandbox=sandbox).stdout


def steps(sandbox: Running) -> dict[str, int]:
    return dict(sandbox.sql("SELECT execution_step, count(*) FROM autonomous_execution_logs GROUP BY 1"))
