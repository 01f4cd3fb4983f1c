"""The edge of the app: what goes wrong unforeseen in a worker is logged and said, and the screen stays."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from core.base.error_boundary import Caught, ErrorBoundary
from core.resilience.fault import Counts, Evidence, Fault

S = TypeVar("S")
P = ParamSpec("P")
Work: TypeAlias = Callable[Concatenate[S, P], Coroutine[Any, Any, None]]


def error_boundary(what: str, say: Callable[[str], None]) -> Caught:
    """Go on after it, whatever `what` raised: with its traceback in the log file, and one sentence to `say`."""
    return ErrorBoundary(say).around(what)


def within_error_boundary(what: str, say: Callable[[S, str], None]) -> Callable[[Work[S, P]], Work[S, P]]:
    """The same around a whole method of a widget, of which `say` is another."""

    def around(method: Work[S, P]) -> Work[S, P]:
        @wraps(method)
        async def kept(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
            with error_boundary(what, lambda text: say(self, text)):
                await method(self, *args, **kwargs)

        return kept

    return around


def unforeseen(said: str) -> Fault:
    """What was said of it as a fault: for whoever shows why something is not live. It proves nothing of the project."""
    return Fault(kind="unforeseen", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message=said)
