"""Error boundary of the app: an unexpected error in a worker is logged and reported, and the app goes on."""

import contextlib
from collections.abc import Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from textual.css.query import NoMatches
from textual.widget import Widget

from core.base.error_boundary import Caught, ErrorBoundary
from core.resilience.fault import Counts, Evidence, Fault

S = TypeVar("S", bound=Widget)
P = ParamSpec("P")
Work: TypeAlias = Callable[Concatenate[S, P], Coroutine[Any, Any, None]]


def error_boundary(what: str, say: Callable[[str], None]) -> Caught:
    """Catch whatever is raised within: the traceback goes to the log file, and one sentence about `what` to `say`."""
    return ErrorBoundary(say).around(what)


def within_error_boundary(what: str, say: Callable[[S, str], None]) -> Callable[[Work[S, P]], Work[S, P]]:
    """Decorate a widget's method with such a boundary; `say` is another method of the widget.

    Once the widget is being removed, parts of it that are gone already are no error, and nobody is told.
    """

    def around(method: Work[S, P]) -> Work[S, P]:
        @wraps(method)
        async def kept(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
            def tell(text: str) -> None:
                if self.display:  # Textual displays nothing that is being removed: nobody is left to be told
                    say(self, text)

            with error_boundary(what, tell), _while_removed(self):
                await method(self, *args, **kwargs)

        return kept

    return around


@contextlib.contextmanager
def _while_removed(widget: Widget) -> Iterator[None]:
    try:
        yield
    except NoMatches:
        if widget.display:
            raise


def unforeseen(said: str) -> Fault:
    """Return the sentence of a caught error as a fault, to show why something is not live. It is not the project's."""
    return Fault(kind="unforeseen", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message=said)
