"""What Textual prints after the app has ended goes round the net below every widget: here is one of its own."""

import io
import logging
import sys
from typing import Final

from rich.console import Console

from core.base.text import clean, redacted

log = logging.getLogger(__name__)

_CHARS: Final = 2000


class _Net(io.StringIO):
    """stderr, without control characters, without what looks like a key, and never much of it."""

    def write(self, text: str) -> int:
        log.warning("said at the end: %s", text)
        lines = (clean(redacted(line)) for line in text.splitlines())
        return sys.stderr.write("".join(f"{line}\n" for line in lines)[:_CHARS])

    def flush(self) -> None:
        sys.stderr.flush()


def final_console() -> Console:
    """The console for them."""
    return Console(file=_Net(), color_system=None, markup=False, highlight=False, emoji=False, soft_wrap=True)
