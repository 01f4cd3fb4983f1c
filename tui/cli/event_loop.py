"""Run the event loop of a command, and let Ctrl-C end it: between two steps, and never in vain.

Python raises KeyboardInterrupt at any place of the main thread. In the midst of an event loop's own work a task can be
lost so, and then waits for ever. Here the signal is a step of the loop, and the last one ends the process at once.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tui.cli.exits import INTERRUPTED

T = TypeVar("T")


class _Running:
    """A command whose loop runs. `milder`: what Ctrl-C does before it cancels it, the last one first."""

    def __init__(self) -> None:
        self.task: asyncio.Task[Any] | None = None
        self.milder: list[Callable[[], None]] = []
        self.interrupted = False

    def on_signal(self, *_: object) -> None:
        if self.interrupted:
            os._exit(INTERRUPTED)
        if self.task is None:
            raise KeyboardInterrupt  # the loop has not begun
        if self.milder:
            self.task.get_loop().call_soon_threadsafe(self.milder.pop())
            return
        self.interrupted = True
        self.task.get_loop().call_soon_threadsafe(self.task.cancel)


_running: list[_Running] = []


def run_command(command: Coroutine[Any, Any, T]) -> T:
    """Run a command to its end, and return what it returned. The first Ctrl-C cancels it, the second ends the process.

    Raises KeyboardInterrupt where it was cancelled so, and whatever the command raises.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return asyncio.run(command)  # whoever started it handles or ignores the signal
    current = _Running()

    async def to_its_end() -> T:
        current.task = asyncio.current_task()
        return await command

    before = signal.signal(signal.SIGINT, current.on_signal)
    _running.append(current)
    try:
        return asyncio.run(to_its_end())
    except asyncio.CancelledError:
        if not current.interrupted:
            raise
        raise KeyboardInterrupt from None
    finally:
        _running.remove(current)
        signal.signal(signal.SIGINT, before)


def on_interrupt(milder: Callable[[], None]) -> Callable[[], None]:
    """Let the next Ctrl-C do something milder than cancel the command. Returns what takes that back."""
    actions = _running[-1].milder if _running else []
    actions.append(milder)
    return lambda: actions.remove(milder) if milder in actions else None
