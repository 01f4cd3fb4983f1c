"""The dialog of an action, whichever: made from its record, it shows the plan, asks, and carries it out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Static

from core.base.time_input import span_of
from core.domain.actions import TYPED_ABOVE, Action, Argument, ArgumentKind, Result, Tier, heading, must_type
from core.domain.plans import Plan, PlanChanged
from core.monitor import Monitor
from core.resilience import NotLive
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field
from tui.dialogs.tick import Tick

_KEPT: Final = (
    "The project does not answer now. The action is kept on this machine's disk and carried out once it does;"
    " until then it can be withdrawn (o)."
)
_UNCOUNTED: Final = "one moment, counting what it would hit … What must be typed suffices, it waits for no count."
_SHOWN_SPAN: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


class ActionDialog(Dialog):
    """Asks for one action. `given`: arguments that are settled, and what its fields begin with."""

    def __init__(self, monitor: Monitor, action: Action, given: Mapping[str, Any] | None = None) -> None:
        self._project = monitor.snapshot.project.name
        super().__init__(heading(action, self._project))
        self.ACT = action.verb or action.title
        self.DANGER = action.tier is Tier.TYPED
        self.HALTS, self.BOUND, self.AT_ONCE = action.halts, action.bound, action.hurries
        self.READING = _UNCOUNTED if action.hurries else self.READING
        self._monitor = monitor
        self.action = self._asked = action
        self._given = dict(given or {})
        self._asks = tuple(one for one in action.arguments if one.asked and one.kind is not ArgumentKind.SUBJECT)
        self._plan: Plan | None = None

    def fields(self) -> ComposeResult:
        """Yield a field for each argument, and one for the word that must be typed."""
        for argument in self._asks:
            yield _field(argument, self._given.get(argument.name, argument.default))
        word = Field(id="word", max_length=80)
        word.display = False
        yield word

    async def plan(self) -> str:
        """Return what it would do now, by what is filled in. Raises NotLive."""
        if wrong := self._wrong():
            self._plan = None
            return wrong
        shown = None if self.action.bound else self._plan
        try:
            self._plan = await self._monitor.plan(self.action, shown, **self._arguments(self.action))
        except NotLive as not_live:
            if not self.action.keeps:
                raise
            self._plan = None
            self._fit()
            return f"{not_live.fault.sentence()}\n{_KEPT}"
        self._fit()
        return _sentence(self._plan)

    async def act(self) -> Result | None:
        """Carry out what is shown; a plan that changed meanwhile is shown and asked again."""
        arguments = self._arguments(self._asked)
        try:
            return await self._monitor.run(
                self._asked, self._plan, progress=self.progress, go_on=self.halted, **arguments
            )
        except PlanChanged as changed:
            self._plan = changed.plan
            self._fit()
            self.take(_sentence(changed.plan))
            self.say("the plan changed meanwhile, nothing was done: look again")
            return None

    def ready(self) -> bool:
        """Return whether there is something to do, and everything is filled in and typed."""
        if self._wrong() or not all(self._filled(one) for one in self._asks if one in self._asked.arguments):
            return False
        plan, word = self._plan, self._word()
        if plan is None and not self.action.keeps:
            return False
        if self._nothing_to_do():
            return False
        return word is None or self.query_one("#word", Input).value == word

    def on_mount(self) -> None:
        """Ask for the word at once, where it depends on no plan."""
        self._fit()
        super().on_mount()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Plan anew where the plan depends on what is typed."""
        super().on_input_changed(event)
        if any(one.kind is ArgumentKind.DURATION and event.input.id == one.name for one in self._asks):
            self.anew()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """Plan anew where another choice is another plan: what was shown counts no more."""
        event.stop()
        if any(one.replans for one in self._asks):
            self.anew()
        else:
            self._allow()

    def _fit(self) -> None:
        """Show the button, the fields and the word of the action that fits what stands now."""
        plan = self._plan
        self._asked = (plan.action if plan is not None else None) or self.action
        self.query_one("#heading", Static).update(Content(heading(self._asked, self._project)))
        self.query_one("#act", Button).label = self._asked.verb or self._asked.title
        for argument in self._asks:
            self.query_one(f"#{argument.name}").display = argument in self._asked.arguments
        word, field = self._word(), self.query_one("#word", Input)
        field.display = word is not None and not self._nothing_to_do()
        many = "" if self._asked.tier is Tier.TYPED else f": more than {TYPED_ABOVE} rows"
        field.placeholder = f"type {word}{many}"

    def _nothing_to_do(self) -> bool:
        """Return whether the plan says that nothing can be done, or that nothing would change."""
        plan = self._plan
        return plan is not None and (bool(plan.refused) or (plan.idle and self._asked is self.action))

    def _word(self) -> str | None:
        return must_type(self._asked, self._plan.rows if self._plan is not None else 0, self._project)

    def _arguments(self, action: Action) -> dict[str, Any]:
        """Return the arguments of `action` as they are given and filled in."""
        names = {one.name for one in action.arguments}
        filled = {one.name: self._value(one) for one in self._asks}
        return {name: value for name, value in (self._given | filled).items() if name in names}

    def _value(self, argument: Argument) -> Any:
        match argument.kind:
            case ArgumentKind.CHOICES:
                ticks = self.query_one(f"#{argument.name}").query(Tick)
                return frozenset(tick.name for tick in ticks if tick.value)
            case ArgumentKind.FLAG:
                return self.query_one(f"#{argument.name}", Tick).value
            case ArgumentKind.DURATION:
                span = span_of(self._typed(argument)) or timedelta()
                return span if span <= timedelta(seconds=argument.most) else timedelta()
        return self._typed(argument)

    def _typed(self, argument: Argument) -> str:
        return self.query_one(f"#{argument.name}", Input).value.strip()

    def _filled(self, argument: Argument) -> bool:
        return not argument.required or bool(self._value(argument))

    def _wrong(self) -> str:
        """Return what cannot be planned with: nothing chosen, or no time; empty where it can."""
        for argument in self._asks:
            if argument.kind in {ArgumentKind.CHOICES, ArgumentKind.DURATION} and not self._value(argument):
                return f"{argument.words.capitalize()}?" if argument.words else "Nothing is ticked."
        return ""


def _field(argument: Argument, value: Any) -> Widget:
    words = argument.words or argument.name
    match argument.kind:
        case ArgumentKind.CHOICES:
            ticks = [
                Tick(option, value=name in value, name=name, id=f"{argument.name}-{name}", compact=True)
                for option, name in argument.choices.items()
            ]
            return Horizontal(*ticks, id=argument.name, classes="choices")
        case ArgumentKind.FLAG:
            return Tick(words, value=bool(value), id=argument.name)
        case ArgumentKind.DURATION:
            return Field(value=_span(value), placeholder=words, id=argument.name, max_length=10)
    return Field(value=value or "", placeholder=words, id=argument.name, max_length=argument.longest)


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return next((f"{seconds // size}{unit}" for size, unit in _SHOWN_SPAN if seconds % size == 0), "")


def _sentence(plan: Plan) -> str:
    text = plan.refused or plan.text
    return text[:1].upper() + text[1:]
