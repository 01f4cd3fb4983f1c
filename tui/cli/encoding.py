"""Streams that are not UTF-8: characters that they cannot encode are written in ASCII instead of failing."""

import codecs
import io
from typing import Final, TextIO

_HANDLER: Final = "watchdesk"


def encode_as_ascii(stream: TextIO) -> None:
    """Let a stream that is not UTF-8 write in ASCII what it cannot encode."""
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in {"utf-8", "utf8"}:
        codecs.register_error(_HANDLER, _spelled)
        stream.reconfigure(errors=_HANDLER)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    from tui.rendering.ascii import spelled  # noqa: PLC0415 - for the odd stream alone

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return spelled(error.object[error.start : error.end]), error.end
