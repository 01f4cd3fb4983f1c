"""Filter what Textual prints after the app has ended: that does not pass the output filter of the app."""

import io
import logging
import sys
from typing import Final

from rich.console import Console

from core.base.text import clean, redacted

log = logging.getLogger(__name__)

_CHARS: Final = 2000


class _Net(io.StringIO):
    """Writes to stderr without control characters or anything like a key, at most `_CHARS` characters."""

    def write(self, text: str) -> int:
        log.warning("said at the end: %s", text)
        lines = (clean(redacted(line)) for line in text.splitlines())
        return sys.stderr.write("".join(f"{line}\n" for line in lines)[:_CHARS])

    def flush(self) -> None:
        sys.stderr.flush()


def final_console() -> Console:
    """Return the console for final messages."""
    return Console(file=_Net(), color_system=None, markup=False, highlight=False, emoji=False, soft_wrap=True)
