"""Ctrl-C ends a command: the first by cancelling it, the second at once, whatever the command does meanwhile."""

import signal
import subprocess
import sys
import textwrap

import pytest

from tests.until import PATIENCE_S

STUBBORN = """
    while True:
        try:
            print("up", flush=True)
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            pass
"""
TIDY = """
    try:
        print("up", flush=True)
        await asyncio.sleep(1000)
    finally:
        await asyncio.sleep(0)
        print("closed", flush=True)
"""
MILDER = """
    take_back = on_interrupt(lambda: print("after this batch", flush=True))
    print("up", flush=True)
    await asyncio.sleep(1000)
"""


def begun(body: str) -> "subprocess.Popen[str]":
    """A program that runs this as a command; it is up once it said so."""
    indented = textwrap.indent(textwrap.dedent(body), "    ")
    program = f"""
import asyncio, sys
from tui.cli.event_loop import on_interrupt, run_command
async def command():
{indented}
try:
    run_command(command())
except KeyboardInterrupt:
    sys.exit(77)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize(
    ("body", "said", "code"),
    [(TIDY, ["closed\n"], 77), (STUBBORN, ["up\n", ""], 130), (MILDER, ["after this batch\n", ""], 77)],
    ids=["it closes", "it does not end", "it stops after the batch"],
)
def test_ctrl_c_ends_it(body: str, said: list[str], code: int) -> None:
    process = begun(body)
    assert process.stdout is not None
    for line in said:
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == line
    assert process.wait(PATIENCE_S) == code


@pytest.mark.parametrize("body", [TIDY, STUBBORN, MILDER])
def test_many_at_any_moment_end_it(body: str) -> None:
    for _ in range(5):
        process = begun(body)
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
        assert process.returncode in {77, 130, -signal.SIGINT}  # the last: it had ended, and Python was leaving
