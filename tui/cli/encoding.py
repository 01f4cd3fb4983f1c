"""Streams whose encoding has not every sign: what it lacks is spelled in ASCII instead of ending the command."""

import codecs
import io
from typing import Final, TextIO

_HANDLER: Final = "watchdesk"


def encode_as_ascii(stream: TextIO) -> None:
    """Let a stream that is not UTF-8 spell what it cannot encode."""
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in {"utf-8", "utf8"}:
        codecs.register_error(_HANDLER, _spelled)
        stream.reconfigure(errors=_HANDLER)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    from tui.rendering.ascii import spelled  # noqa: PLC0415 - for the odd stream alone

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return spelled(error.object[error.start : error.end]), error.end
