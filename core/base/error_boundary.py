"""A fence around one check, repair, rule, channel, panel or step: the unforeseen is that one's failure alone."""

import logging
from collections.abc import Callable
from types import TracebackType

log = logging.getLogger(__name__)


class ErrorBoundary:
    """Keeps an unforeseen exception to the one thing that raised it. `say` hears of it in one sentence, once.

    Once: until that thing has succeeded again, or fails in another way. The traceback goes to the log file whenever
    it is said, and a line without one each time in between. A cancellation is no failure and passes.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._failing: dict[str, str] = {}

    def around(self, what: str) -> "Caught":
        """A `with` block that goes on after it, whatever was raised within. `what` names it for people."""
        return Caught(self, what)

    def ended(self, what: str, error: Exception | None) -> None:
        """Take note of how a block about `what` ended."""
        if error is None:
            self._failing.pop(what, None)
            return
        kind = f"{type(error).__name__}: {error}"[:200]
        if self._failing.get(what) == kind:
            log.warning("%s failed again: %s", what, type(error).__name__)
            return
        self._failing[what] = kind
        log.error("%s failed unforeseen", what, exc_info=error)
        self._say(f"{what} {_words(error)}")


class Caught:
    """One `with` block within a fence. `error` is what it raised; `None` while all is well."""

    __slots__ = ("_fence", "_what", "error")

    def __init__(self, fence: ErrorBoundary, what: str) -> None:
        self._fence = fence
        self._what = what
        self.error: Exception | None = None

    @property
    def text(self) -> str:
        """The failure in words for people; empty when there is none. What it was about is in the log file alone."""
        return "" if self.error is None else _words(self.error)

    def __enter__(self) -> "Caught":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> bool:
        if error is not None and not isinstance(error, Exception):
            return False  # cancelled, or the process ends
        self.error = error
        self._fence.ended(self._what, error)
        return error is not None


def _words(error: Exception) -> str:
    return f"failed ({type(error).__name__}); see the log file"
