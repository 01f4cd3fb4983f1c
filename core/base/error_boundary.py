"""An error boundary around one check, repair, rule, channel, panel or step: only the one that raised fails."""

import logging
from collections.abc import Callable
from types import TracebackType

log = logging.getLogger(__name__)


class ErrorBoundary:
    """Keeps an unforeseen exception to the one thing that raised it, and reports it once to `say`, in one sentence.

    Once: until that thing has succeeded again, or fails in another way. The traceback goes to the log file with each
    report, and a line without a traceback for each repetition. A cancellation is no failure and passes through.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._failing: dict[str, str] = {}

    def around(self, what: str) -> "Caught":
        """Return a `with` block that swallows any exception raised within it. `what` names the work for people."""
        return Caught(self, what)

    def ended(self, what: str, error: Exception | None) -> None:
        """Record how a block about `what` ended."""
        if error is None:
            self._failing.pop(what, None)
            return
        kind = f"{type(error).__name__}: {error}"[:200]
        if self._failing.get(what) == kind:
            log.warning("%s failed again: %s", what, type(error).__name__)
            return
        self._failing[what] = kind
        log.error("%s failed unexpectedly", what, exc_info=error)
        self._say(f"{what} {_words(error)}")


class Caught:
    """One `with` block within a boundary. `error` is what it raised; `None` while all is well."""

    __slots__ = ("_boundary", "_what", "error")

    def __init__(self, boundary: ErrorBoundary, what: str) -> None:
        self._boundary = boundary
        self._what = what
        self.error: Exception | None = None

    @property
    def text(self) -> str:
        """The failure in words for people; empty when there is none. The details are only in the log file."""
        return "" if self.error is None else _words(self.error)

    def __enter__(self) -> "Caught":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> bool:
        if error is not None and not isinstance(error, Exception):
            return False  # cancelled, or the process ends
        self.error = error
        self._boundary.ended(self._what, error)
        return error is not None


def _words(error: Exception) -> str:
    return f"failed ({type(error).__name__}); see the log file"
