"""The base of every dialog: says what it is about, focuses Cancel, swallows what was typed ahead, stays live."""

import asyncio
from typing import ClassVar, Final

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from core.base.store import NotKept
from core.domain.actions import Result, ResultPhase
from core.resilience import NotLive
from tui.base.error_boundary import within_error_boundary
from tui.dialogs.field import Field
from tui.dialogs.frame import Frame
from tui.dialogs.question import NOTHING_DONE, Question
from tui.rendering.text import bar

_SHORT: Final = 20
"""The height in lines below which a button takes one line, not three and one above them."""
_FRAME: Final = 2

REPLAN_S = 3.0
"""How often an open dialog looks again at what it is about."""


class Dialog(Question[None]):
    """A question with Cancel and one way on. A subclass plans, describes, and acts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "cancel"),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = ""
    ACT = "OK"
    DANGER = False
    HALTS = False
    """Whether what is under way can be told to stop where it is."""
    BOUND = True
    """Whether it carries out just what is shown: once that changed, a word typed for it before counts no more."""
    AT_ONCE = False
    """Whether it can be ordered while what it would hit is still being read."""
    READING = "one moment, reading what this is about …"
    LEFT = NOTHING_DONE
    """What is said once it is closed without having acted."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        # Made here, not looked up: what comes before they are mounted, or once they are gone, finds them all the same.
        self._heading = Static(Content(heading), id="heading", markup=False)
        self._about = Static(self.READING, id="text", markup=False)
        self._outcome = Static("", id="outcome", markup=False)
        self._content = VerticalScroll(id="content", can_focus=False)
        self._back = ("Cancel", "cancels")
        """How the way back is called, on its button and in the hint."""
        self._cancel = Button(self._back[0], id="cancel")
        self._act = Button(self.ACT, id="act", variant="error" if self.DANGER else "primary", disabled=True)
        self._text = ""
        self._planned = ""
        self._known = False
        self._looking = False
        self._anew = False
        self._busy = False
        self._over = False
        self._halt = ""
        self._action: asyncio.Future[Result | None] | None = None

    def compose(self) -> ComposeResult:
        """Heading, text, fields, outcome, buttons."""
        with Frame(self.drawn):
            with self._content:
                yield self._heading
                yield self._about
                yield from self.fields()
                yield self._outcome
            with Horizontal(id="buttons"):
                yield self._cancel
                yield self._act

    def fields(self) -> ComposeResult:
        """Return the fields to fill in; none by default."""
        return iter(())

    async def plan(self) -> str:
        """Look at what this is about, and describe it. Raises NotLive."""
        raise NotImplementedError

    def told(self, planned: str) -> str:
        """Return the shown plan: as read, with the typed values applied."""
        return planned

    async def act(self) -> Result | None:
        """Carry it out; `None` leaves the dialog open as it is. Raises NotLive."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Return whether everything is filled in and there is something to do."""
        return True

    def nothing_to_do(self) -> bool:
        """Return whether what was read says that nothing would change, whatever is filled in."""
        return False

    def on_mount(self) -> None:
        """Focus Cancel, look for the first time, and again for as long as it is open."""
        self.set_class(self.DANGER, "danger")
        self._cancel.focus()
        self._look()
        self.set_interval(REPLAN_S, self._look)

    def on_descendant_focus(self) -> None:
        """Say what the keys do there."""
        self.hints()

    def hints(self) -> None:
        """Show what Enter does where the focus is, and from the way back how to go on."""
        act, focused, back = self._act, self.focused, self._back[1]
        if self._over:
            self.hint("Enter closes")
        elif self._busy:
            self.hint("Enter stops it, Esc leaves it running" if self.HALTS else "Esc leaves it running")
        elif focused is act:
            self.hint(f"Enter: {act.label}, Esc {back}")
        elif focused is not None and focused.id != "cancel":
            on = "Tab or Enter goes on" if isinstance(focused, Field) else "Tab goes on"
            self.hint("there is nothing to do: Esc closes" if self.nothing_to_do() else f"{on}, Esc {back}")
        elif not act.disabled:
            self.hint(f"Tab to {act.label}, Enter or Esc {back}")
        elif any(field.display for field in self.query(Field)):
            self.hint(f"Tab to the fields, Enter or Esc {back}")
        else:
            self.hint(f"Enter or Esc {back}")

    def on_resize(self, event: events.Resize) -> None:
        """On few lines there is no room for frames: what it is about, its fields and its buttons matter more.

        What does not fit is scrolled, above the buttons.
        """
        short = event.size.height < _SHORT
        self.set_class(short, "short")
        buttons = 1 if short else 4
        self._content.styles.max_height = max(1, int(event.size.height * 0.96) - _FRAME - buttons)
        self.call_after_refresh(self.hints)
        self.set_class(event.size.width < 60, "slim")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or go on."""
        event.stop()
        if event.button.id == "cancel" and self._busy and self.HALTS:
            self._halt = "stopped by the operator"
            self.say("stops after the rows under way …")
        elif event.button.id == "cancel":
            self.action_leave()
        elif self._open() and not self.fresh():
            self._busy = True
            self.workers.cancel_group(self, "look")  # it carries out what is shown, not what is read meanwhile
            self._carry_out()

    def swallows(self, event: events.Event) -> bool:
        """Return whether the event came too early. Letters in a field never are, although the text may change."""
        typed = self._anew and isinstance(event, events.Key) and event.is_printable and isinstance(self.focused, Input)
        return not typed and super().swallows(event)

    def on_input_changed(self, _event: Input.Changed) -> None:
        """The way on opens when what must be typed is typed."""
        if self._known:
            self.describe(self.told(self._planned))
        self._allow()

    def entered(self, _value: str) -> None:
        """Move on at Enter in a field: to the next one, behind the last to what is missing, else to the way on.

        It never starts anything: that wants a press of its own, and a key that is held down is none.
        """
        fields = [field for field in self.query(Field) if field.display]
        behind = fields[fields.index(self.focused) + 1 :] if self.focused in fields else []
        self._allow()
        if self.nothing_to_do():
            self.set_focus(self._cancel)
        elif behind:
            self.set_focus(behind[0])  # at once: what is typed behind the Enter goes there
        elif missing := next((field for field in fields if self.missing(field)), None):
            self.set_focus(missing)
        elif not self._act.disabled:
            self.set_focus(self._act)
            self.turn()

    def missing(self, field: Field) -> str:
        """Return what a field still lacks, in words; empty where it can be taken as it is."""
        del field
        return ""

    def focus_next(self, selector: str | type[Widget] = "*") -> Widget | None:
        """Move on, past the way on only where it is not open by what was typed up to now."""
        self._allow()
        return super().focus_next(selector)

    def focus_previous(self, selector: str | type[Widget] = "*") -> Widget | None:
        """The same, back."""
        self._allow()
        return super().focus_previous(selector)

    def action_leave(self) -> None:
        """Back out, and say so. An action under way goes on, and the events tell its result."""
        if self.LEFT and not self._over:
            self.say_behind(
                "it continues in the background: see Events (7) for the result" if self._busy else self.LEFT
            )
        self.dismiss()

    def progress(self, title: str, done: int, planned: int) -> None:
        """Show how far long work has come; it says more itself once it is over."""
        if not self._halt and done < planned:
            self.say(f"{title}\n{bar(done, planned, 30)} {done:,} of {planned:,}")

    def halted(self) -> str:
        """Return why long work must stop between its batches; empty while it may go on."""
        return self._halt

    def say(self, text: str) -> None:
        """Show how far it has come."""
        self._outcome.update(Content(text))
        if text:
            self._content.scroll_end(animate=False)

    def describe(self, text: str) -> None:
        """Show what it is about."""
        self._text = text
        self._about.update(Content(text))
        self.call_after_refresh(self.hints)  # whether all of it fits

    def take(self, planned: str) -> None:
        """Show what was read. Where it is not what was shown, say so; an answer to that counts no more."""
        before, self._planned, self._known = self._planned, planned, True
        self.describe(self.told(planned))
        if before and before != planned:
            self.say(f"this changed while you were looking; it was: {was(before, planned)}")
            if self.BOUND:
                self._ask_anew()
        self._allow()

    def anew(self) -> None:
        """Read another plan; nothing can be confirmed until then."""
        self._planned, self._known = "", False
        self.describe(self.READING)
        self._allow()
        self.workers.cancel_group(self, "look")
        self._looking = False
        self._look()

    def unread(self, why: str) -> None:
        """Note that the plan cannot be read: only an action that needs no count can be confirmed."""
        self._known = False
        self.describe(f"cannot be read now: {why}")
        self._allow()

    def lost(self, why: str) -> None:
        """Say that the outcome is not known; whoever wants it once more must look first."""
        self.conclude(f"{_PHASES[ResultPhase.UNKNOWN]}: {why}")

    def done(self, result: Result) -> None:
        """Take note of the result before it is shown."""

    def conclude(self, outcome: str) -> None:
        """Show that the action is over: the dialog can only be closed."""
        self._over = True
        self.turn()
        self.say(outcome)
        self._call_way_back("Close")
        self._cancel.focus()
        self.hints()

    def _call_way_back(self, label: str) -> None:
        self._cancel.label = label
        self._cancel.refresh(layout=True)  # a new label alone does not make it wider

    def _ask_anew(self) -> None:
        self.turn()
        self._anew = True

    @work(group="look")
    @within_error_boundary("looking at what this is about", unread)
    async def _look(self) -> None:
        """Look again, unless the last look is not over: on a slow line it takes longer than the time between two."""
        if self._ordered() or self._looking:
            return
        self._looking = True
        try:
            planned = await self.plan()
        except NotLive as not_live:
            self.unread(not_live.fault.sentence())
        else:
            self.take(planned)
        finally:
            self._looking = False

    @work(exclusive=True, group="act")
    @within_error_boundary("the action", lost)
    async def _carry_out(self) -> None:
        self._act.disabled = True
        if not self._known:
            self.describe(_UNREAD)
        self.say("requested …")
        self.hints()
        self._call_way_back("Stop here" if self.HALTS else "Leave it running")
        if self.HALTS:
            self.set_focus(None)  # whoever wants to stop must say so: an Enter too many lands nowhere
        try:
            # Backing out ends this worker; the action itself goes on, and the events tell its result.
            self._action = asyncio.ensure_future(self.act())
            result = await asyncio.shield(self._action)
        except NotLive as not_live:
            self.say(f"nothing was changed: {not_live.fault.sentence()}")
            result = None
        except NotKept as not_kept:
            self.say(f"nothing was changed: {not_kept}")
            result = None
        finally:
            self._busy = False
        if result is not None:
            self.done(result)
            phase = _PHASES[result.phase]
            self.conclude(result.text if result.text.startswith(phase) else f"{phase}: {result.text}")
            return
        self.turn()
        self._cancel.focus()
        self._call_way_back(self._back[0])
        self._allow()
        self.hints()

    def _ordered(self) -> bool:
        return self._busy or self._over

    def _open(self) -> bool:
        return not self._ordered() and (self._known or self.AT_ONCE) and self.ready()

    def _allow(self) -> None:
        shut = not self._open()
        if self._act.disabled != shut:
            self._act.disabled = shut
            self.hints()


_UNREAD: Final = "requested before it was counted: the result says what was done"


def was(before: str, after: str) -> str:
    """Return the texts that were shown before and are not any more."""
    now = set(after.splitlines())
    return " / ".join(line for line in before.splitlines() if line not in now) or "less"


_PHASES = {
    ResultPhase.VERIFIED: "verified",
    ResultPhase.PARTLY: "done in part",
    ResultPhase.UNCHANGED: "unchanged",
    ResultPhase.REFUSED: "refused",
    ResultPhase.UNKNOWN: "outcome unknown",
    ResultPhase.UNREACHABLE: "not reached",
    ResultPhase.WAITING: "waiting",
}
