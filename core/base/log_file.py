"""The log file: JSON lines without secrets, in a file of our own. Nothing is logged to the terminal.

Python's logging would print its own traceback, with whatever the record holds, for every record that a full disk
refuses. Here such a record is counted, reported once (`log_trouble`), and writing is tried again with the next record.
"""

import contextlib
import logging
import os
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from core.base.safe_files import Unsafe, identity, open_own, own_directory
from core.base.text import clean, plural, redacted

log = logging.getLogger(__name__)

_BYTES: Final = 1_000_000
_MOST_BYTES: Final = 10_000_000
"""The size up to which the file grows where no new one can be started, bytes."""

_OLDER: Final = 2
"""The number of full files that are kept."""


class LogFile(logging.Handler):
    """Appends to `path`, which several processes may share, and starts a new file once that one is full."""

    def __init__(self, path: Path, *, size: int = _BYTES) -> None:
        super().__init__()
        self._path = path
        self._size = size
        self._file: int | None = None
        self._identity: tuple[int, int] | None = None
        self._torn = False
        self.lost = 0
        """The number of records lost since the last one that was written."""
        self.trouble = ""
        """The reason why the last record was lost or no new file can be started, in words; empty if all is well."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it as lost. Never raises, and waits for nothing but the disk."""
        try:
            data = f"{self.format(record)}\n".encode(errors="backslashreplace")
            self._write(data)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody else could be told but the terminal
            self.lost += 1
            self.trouble = f"the log cannot be written: {_words(self._path, error)}"
            self._leave()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Count the record as lost; logging's own handling would print to the terminal."""
        self.lost += 1

    def close(self) -> None:
        """Close the file; a later record opens it again."""
        with self.lock or contextlib.nullcontext():
            self._leave()
        super().close()

    def open(self) -> None:
        """Create or open the file now, so that a problem is known before there is anything to log."""
        try:
            self._opened()
        except OSError as error:
            self.trouble = f"the log cannot be written: {_words(self._path, error)}"

    def _write(self, data: bytes) -> None:
        file, trouble = self._file_with_room()
        if self.lost:
            data = _line("WARNING", f"{plural(self.lost, 'record')} before this one lost: {self.trouble}") + data
        left = memoryview(b"\n" + data if self._torn else data)
        while left:
            left = left[os.write(file, left) :]
            self._torn = bool(left)
        self.lost, self.trouble = 0, trouble

    def _file_with_room(self) -> tuple[int, str]:
        """Return a file that is not full, or else why it is, in words. Raises OSError."""
        file = self._opened()
        size = os.fstat(file).st_size
        if size < self._size:
            return file, ""
        try:
            self._give_way()
        except OSError as error:
            if size >= _MOST_BYTES:
                raise
            return self._opened(), f"the log does not give way to a new one: {_words(self._path, error)}"
        return self._opened(), ""

    def _opened(self) -> int:
        """Return the file under the name, reopened where another process replaced it or somebody removed it."""
        if self._file is None or self._identity != identity(self._path):
            self._leave()
            own_directory(self._path.parent)
            self._file = open_own(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            self._identity = identity(self._path)
        return self._file

    def _give_way(self) -> None:
        self._leave()  # not every platform renames a file that is open
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n + 1}") for n in range(_OLDER))]
        for newer, older in reversed(tuple(pairwise(names))):
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)

    def _leave(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                os.close(file)


class JsonLines(logging.Formatter):
    """Formats a record as one line without `secrets` and without anything like a key or a token; no local variables."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a newline."""
        line = {
            "at": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "text": clean(redacted(_message(record), self._secrets), 2000),
        }
        if record.exc_info:
            line["traceback"] = redacted(self.formatException(record.exc_info), self._secrets)
        return msgspec.json.encode(line).decode()


def log_to(path: Path, secrets: tuple[str, ...]) -> None:
    """Log to a file instead of any earlier one, and to the terminal no more."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, LogFile)]:
        root.removeHandler(handler)
        handler.close()
    handler = LogFile(path)
    handler.setFormatter(JsonLines(secrets))
    handler.open()
    root.addHandler(handler)
    _log_what_python_prints()


def log_trouble() -> str:
    """Return why records do not reach the log file, in words; empty while they do, or where no file is kept."""
    return next((one.trouble for one in logging.getLogger().handlers if isinstance(one, LogFile)), "")


def _log_what_python_prints() -> None:
    """Log what Python would print: failures in threads and finalizers, warnings, logging's own errors."""

    def in_thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            log.error("a thread failed", exc_info=failed.exc_value)

    def unraisable(failed: "sys.UnraisableHookArgs") -> None:
        log.error("%s", failed.err_msg or "failed where nothing can be raised", exc_info=failed.exc_value)

    threading.excepthook = in_thread
    sys.unraisablehook = unraisable
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False
    logging.lastResort = None


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - a caller's mistake, in a library as well; what it was about is told
        return f"{record.msg} (its arguments do not fit: {type(error).__name__})"


def _line(level: str, text: str) -> bytes:
    record = logging.makeLogRecord({"levelname": level, "name": __name__, "msg": text})
    return f"{JsonLines(()).format(record)}\n".encode()


def _words(path: Path, error: Exception) -> str:
    if isinstance(error, Unsafe):
        return str(error)
    return f"{path}: {getattr(error, 'strerror', None) or type(error).__name__}"
