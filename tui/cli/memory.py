"""Limited address space (`ulimit -v`): use less, report too little at once, and end instead of waiting for ever."""

import logging
import mmap
import os
import resource
import sys
import threading
from typing import Final

from core.base.errors import SettingsError
from tui.cli.exits import WRONG

log = logging.getLogger(__name__)

NEEDED_MB: Final = 220
"""The megabytes of address space that a command takes after its start."""

_ARENA_MAX: Final = -8
"""malloc's parameter M_ARENA_MAX: else each thread reserves 64 MB for itself, whether it uses them or not."""

_FATAL: Final = (MemoryError, SystemError)
"""The exceptions of a thread without memory; SystemError if there was none even for the exception."""


def limit_memory_use() -> None:
    """Share malloc's arenas if the address space is limited. Raises SettingsError if the limit is too low."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return
    import ctypes  # noqa: PLC0415 - half a megabyte, for a limit few set

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
    try:
        mmap.mmap(-1, NEEDED_MB << 20).close()
    except (OSError, MemoryError) as error:
        allowed = f"{limit >> 20} MB of address space are too few"
        raise SettingsError(f"{allowed}: {NEEDED_MB} MB more are needed than are free; raise ulimit -v") from error


def end_with_threads() -> None:
    """Let a thread that dies for lack of memory end the process: otherwise its result is waited for without end."""

    def in_thread(failed: threading.ExceptHookArgs) -> None:
        _end(failed.exc_value)

    def unraisable(failed: "sys.UnraisableHookArgs") -> None:
        _end(failed.exc_value)

    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def _end(error: BaseException | None) -> None:
    if not isinstance(error, _FATAL):
        log.error("failed where nobody hears of it", exc_info=error)
        return
    os.write(2, b"watchdesk: there is not enough memory; raise ulimit -v, or end something else\n")
    os._exit(WRONG)
