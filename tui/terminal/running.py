"""Run the app on a terminal, from taking it to giving it back; and tell whether there is one."""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tui.terminal.ending import Ending
from tui.terminal.streams import discard_failed_output

if TYPE_CHECKING:
    from textual.app import App

log = logging.getLogger(__name__)


DUMB: Final = {"", "dumb", "unknown"}
"""Values of `TERM` of terminals that cannot place the cursor."""


def is_interactive() -> bool:
    """Return whether stdin, stdout and stderr are a terminal that a screen can be drawn on. It is drawn on stderr."""
    able = os.environ.get("TERM", "").lower() not in DUMB
    return able and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def run_app(make: Callable[[], "App[None]"], *, mouse: bool = True) -> int:
    """Run the app made by `make` on the terminal until its end. Return the exit code."""
    ending = Ending()
    try:
        return asyncio.run(_run(make, ending, mouse=mouse))
    finally:
        ending.disarm()


async def _run(make: Callable[[], "App[None]"], ending: Ending, *, mouse: bool) -> int:
    # Not before: a status without a terminal needs no screen.
    from tui.terminal.driver import TerminalDriver  # noqa: PLC0415 - as said
    from tui.terminal.final_message import final_console  # noqa: PLC0415 - as said
    from tui.terminal.workers import Workers  # noqa: PLC0415 - as said

    loop = asyncio.get_running_loop()
    loop.set_default_executor(Workers())
    try:
        app = make()
        app.error_console = final_console()
        if "TEXTUAL_DRIVER" not in os.environ:
            app.driver_class = TerminalDriver

        def abandon() -> None:
            if isinstance(app._driver, TerminalDriver):
                app._driver.abandon()

        ending.arm(loop, app.exit, abandon)
        gc.freeze()  # imported objects stay; to visit them in each collection would block the loop for 50 to 70 ms
        await app.run_async(mouse=mouse)
    except Exception as error:
        log.exception("the app failed")
        sys.stderr.write(f"watchdesk failed ({type(error).__name__}); see the log file\n")
        return 1
    finally:
        if ending.asked:
            discard_failed_output()
    return app.return_code or ending.code
