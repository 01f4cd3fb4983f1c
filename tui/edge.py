"""The edge of the app: what goes wrong unforeseen in a worker is logged and said, and the screen stays."""

import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from core.facts import Counts, Evidence, Fault

S = TypeVar("S")
P = ParamSpec("P")
Work: TypeAlias = Callable[Concatenate[S, P], Coroutine[Any, Any, None]]

log = logging.getLogger(__name__)


@contextmanager
def edge(what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Go on after it, whatever `what` raised: with its traceback in the log file, and one sentence to `say`."""
    try:
        yield
    except Exception as error:
        log.exception("%s failed", what)
        say(f"{what} failed ({type(error).__name__}); see the log file")


def edged(what: str, say: Callable[[S, str], None]) -> Callable[[Work[S, P]], Work[S, P]]:
    """The same around a whole method of a widget, of which `say` is another."""

    def around(method: Work[S, P]) -> Work[S, P]:
        @wraps(method)
        async def kept(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
            with edge(what, lambda text: say(self, text)):
                await method(self, *args, **kwargs)

        return kept

    return around


def unforeseen(said: str) -> Fault:
    """What was said of it as a fault: for whoever shows why something is not live. It proves nothing of the project."""
    return Fault(kind="unforeseen", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message=said)
