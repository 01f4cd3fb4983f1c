"""An app that outlives what nobody foresaw: Textual ends an app at the first exception of a handler.

Textual calls every handler, timer and callback by `invoke`, measures a widget by `_get_box_model`, and draws it by
`render_lines`. There an exception is caught: what follows it, and the other widgets, go on. What workers and the rest
raise comes to `App._handle_exception`.
"""

import logging
import traceback
from collections.abc import Callable
from fractions import Fraction
from functools import cache, wraps
from typing import Any, Final

from rich.segment import Segment
from textual import events, message_pump, screen, timer
from textual._callback import invoke
from textual._context import active_app, active_message_pump
from textual.app import App
from textual.box_model import BoxModel
from textual.geometry import Region, Size
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import OptionList
from textual.worker import WorkerFailed

from core.base.clock import Clock, SystemClock

log = logging.getLogger(__name__)

TOLD_AGAIN_S: Final = 600.0
"""How long the same error is neither told nor logged again, however often it comes."""


_BY_HAND: Final = (events.InputEvent, events.Paste)
"""What somebody did, who waits for what comes of it."""


class UnforeseenErrors:
    """Logs each error with its traceback, and tells it in one sentence; the same one at most every ten minutes.

    The same: of one kind, raised at one place of the code. What was done by hand is answered each time.
    """

    def __init__(self, clock: Clock, say: Callable[[str], object]) -> None:
        self._clock = clock
        self._say = say
        self._told: dict[tuple[type[Exception], str], tuple[float, int]] = {}

    def met(self, what: str, error: Exception, *, answers: bool = False) -> None:
        """Note that `what` raised it; told in any case if it answers what somebody did."""
        frames = traceback.extract_tb(error.__traceback__)
        same = type(error), f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        now = self._clock.elapsed()
        at, again = self._told.get(same, (None, 0))
        if at is not None and now - at < TOLD_AGAIN_S:
            self._told[same] = at, again + 1
            if not answers:
                return
        else:
            self._told[same] = now, 0
            log.error("%s failed unexpectedly%s", what, f", {again:,} times more" if again else "", exc_info=error)
        try:
            self._say(f"{what} {failure(error)}")
        except Exception:
            log.exception("that cannot be told")


def failure(error: Exception) -> str:
    """Return what is said of an error on the screen."""
    return f"failed ({type(error).__name__}); see the log file"


class SurvivingApp(App[None]):
    """Goes on after an error, from its first picture until it is ended; before, there is nothing to go on with."""

    def __init__(self) -> None:
        super().__init__()
        _guard_textual()
        self._stands = False
        """The first picture is drawn."""
        self._unforeseen = UnforeseenErrors(SystemClock(), self.tell)

    def tell(self, text: str) -> None:
        """Show a notification."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Survive from the first picture on."""
        self.call_after_refresh(self._survive)

    def _survive(self) -> None:
        self._stands = True

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self.survives(error, message):
                raise

    def survives(self, error: Exception, raised_by: object = None) -> bool:
        """Return whether it goes on after an error, which is logged and told then.

        `raised_by`: the message or another thing that was handled.
        """
        if not self._stands or self._exit or self._closing:
            return False
        cause = error.error if isinstance(error, WorkerFailed) and isinstance(error.error, Exception) else error
        self._unforeseen.met(self._named(raised_by), cause, answers=isinstance(raised_by, _BY_HAND))
        return True

    def _named(self, raised_by: object) -> str:
        if isinstance(raised_by, _BY_HAND):
            return "this key" if isinstance(raised_by, events.Key) else "this input"
        asks = bool(self._screen_stack) and isinstance(self._screen_stack[-1], ModalScreen)
        return "this dialog" if asks else "this screen"

    def _handle_exception(self, error: Exception) -> None:
        if not self.survives(error):
            super()._handle_exception(error)
        elif isinstance(failed := active_message_pump.get(None), Screen) and not failed.is_mounted:
            self.call_later(self._take_away, failed)

    def _take_away(self, failed: Screen[Any]) -> None:
        """Remove a screen that could not be composed: it takes no key."""
        if self.screen is failed and len(self._screen_stack) > 1:
            self.pop_screen()

    def _fatal_error(self) -> None:
        """Leave without a traceback on the terminal: with its local variables it would show secrets."""
        log.error("the app failed", exc_info=self._exception)
        self.exit(return_code=1, message=f"watchdesk failed ({type(self._exception).__name__}); see the log file")


def _survives(error: Exception, raised_by: object = None) -> bool:
    app = active_app.get(None)
    return isinstance(app, SurvivingApp) and app.survives(error, raised_by)


async def _invoke(callback: Callable[..., Any], *params: object) -> Any:
    try:
        return await invoke(callback, *params)
    except Exception as error:
        if not _survives(error, *params[:1]):
            raise


def _surviving(render_lines: Callable[[Any, Region], list[Strip]]) -> Callable[[Any, Region], list[Strip]]:
    """Draw a widget; one that cannot be drawn says so in its place."""

    @wraps(render_lines)
    def drawn(widget: Widget, crop: Region) -> list[Strip]:
        try:
            return render_lines(widget, crop)
        except Exception as error:
            if not _survives(error):
                raise
            said = Strip([Segment(f"this part {failure(error)}")])
            line = said.adjust_cell_length(crop.right).crop(crop.x, crop.right)
            return [Strip.blank(crop.width) if y else line for y in crop.line_range]

    return drawn


_get_box_model: Final = Widget._get_box_model


@wraps(_get_box_model)
def _measured(widget: Widget, container: Size, *args: Any, **more: Any) -> BoxModel:
    """Measure a widget; one that cannot be measured gets one line, to say so."""
    try:
        return _get_box_model(widget, container, *args, **more)
    except Exception as error:
        if not _survives(error):
            raise
        return BoxModel(Fraction(container.width), Fraction(1), widget.styles.margin)


@cache
def _guard_textual() -> None:
    for module in (message_pump, screen, timer):
        module.invoke = _invoke  # type: ignore[attr-defined]  # what it calls everything by
    for kind in (Widget, OptionList):
        kind.render_lines = _surviving(kind.render_lines)  # type: ignore[method-assign,assignment]  # as said above
    Widget._get_box_model = _measured  # type: ignore[method-assign,assignment]  # as said above
