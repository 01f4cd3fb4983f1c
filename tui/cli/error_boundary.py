"""Error boundary of the command line: an error becomes one sentence and an exit code; its traceback is logged."""

import contextlib
import errno
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from core.base.errors import SettingsError
from tui.cli.exits import INTERRUPTED, WRONG
from tui.terminal.streams import discard_failed_output

log = logging.getLogger(__name__)

_OUTPUT: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EPIPE}
"""The error numbers of failed writes to a stream."""

_NO_MEMORY: Final = "there is not enough memory; allow it more (ulimit -v), or end something else"


def ended(run: Callable[[], Any]) -> int:
    """Run a command, and return its exit code. Errors are reported, not raised."""
    try:
        code = run()
        sys.stdout.flush()
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        code = WRONG
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge: a traceback helps nobody at a terminal
        code = _failed(error)
    discard_failed_output()
    return code if isinstance(code, int) else 0


def _failed(error: Exception) -> int:
    with contextlib.suppress(Exception):  # where there is no memory, or stderr is full, saying it fails as well
        from tui.cli.session import start_logging, tell  # noqa: PLC0415 - 0.2 s, which --version and --help do without

        if not logging.getLogger().handlers and not isinstance(error, SettingsError):
            start_logging()
        tell(f"watchdesk: {_sentence(error)}")
    return WRONG


def _sentence(error: Exception) -> str:
    if isinstance(error, SettingsError):
        return str(error)
    log.error("the command failed", exc_info=error)
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT:
        return f"the output could not be written ({error.strerror}); make room for it, or send it elsewhere"
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return "the working directory was deleted; go to another one"
    if isinstance(error, OSError) and error.strerror:
        about = f"{error.filename}: " if error.filename is not None else ""
        return f"{about}{error.strerror}; see the log file"
    return f"failed ({type(error).__name__}); see the log file"


def _is_nowhere() -> bool:
    """Return whether the working directory was deleted."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False
