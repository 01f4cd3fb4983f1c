"""The dialog of an action, whichever: made from its record, it shows the plan, asks, and carries it out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Checkbox, Input

from core.domain.actions import (
    POSITIONAL,
    TYPED_ABOVE,
    Action,
    Argument,
    ArgumentKind,
    Result,
    ResultPhase,
    Tier,
    argument_value,
    button,
    field_label,
    heading,
    must_type,
)
from core.domain.plans import Plan, PlanChanged
from core.monitor import Monitor
from core.resilience import NotLive
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field
from tui.dialogs.row_ticks import RowTicks
from tui.dialogs.tick import Tick, Ticks

_KEPT: Final = (
    "The project does not answer now. The action is kept on this machine's disk and carried out once it does;"
    " until then it can be withdrawn (o)."
)
_UNCOUNTED: Final = "counting the affected tasks … You can confirm without waiting."
_INCOMPLETE: Final = "Fill in the marked fields below to see what this will do."
_SHOWN_SPAN: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


class ActionDialog(Dialog):
    """Asks for one action. `given`: arguments that are settled, and what its fields begin with."""

    def __init__(self, monitor: Monitor, action: Action, given: Mapping[str, Any] | None = None) -> None:
        self._project = monitor.snapshot.project.name
        self.ACT = button(action, 0)
        self.DANGER = action.tier is Tier.TYPED
        self.READING = _UNCOUNTED if action.hurries else self.READING
        super().__init__(heading(action, self._project))
        self.HALTS, self.BOUND, self.AT_ONCE = action.halts, action.bound, action.hurries
        self.INSTEAD = f", or run: watchdesk {action.command.name}" if action.command is not None else ""
        self._monitor = monitor
        self.action = self._asked = action
        self._given = dict(given or {})
        self._asks = tuple(one for one in action.arguments if one.asked and one.kind not in POSITIONAL)
        self._fields = {one.name: _field(one, self._given.get(one.name, one.default)) for one in self._asks}
        self._word_field = Field(id="word", max_length=80)
        self._word_field.display = False
        if button(action, 0).startswith(self._back[0]):
            self._back = ("Back", "goes back")
            self._cancel.label = self._back[0]
        self._plan: Plan | None = None
        self._marked: dict[str, Content] = {}
        self._planned_with: dict[str, Any] = {}
        """Arguments of the plan that is shown."""

    def fields(self) -> ComposeResult:
        """Yield a field for each argument, and one for the word that must be typed."""
        yield from self._fields.values()
        yield self._word_field

    async def plan(self) -> str:
        """Return what it would do now, by what is filled in. Raises NotLive."""
        if self._incomplete():
            self._plan = None
            return _INCOMPLETE
        shown, arguments = None if self.action.bound else self._plan, self._arguments(self.action)
        try:
            self._plan = await self._monitor.plan(self.action, shown, **arguments)
            self._planned_with = arguments
        except NotLive as not_live:
            if not self.action.keeps:
                raise
            self._plan = None
            self._fit()
            return self._with_carrier(f"{not_live.fault.sentence()}\n{_KEPT}")
        self._fit()
        return self._with_carrier(_sentence(self._plan))

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
            self.take(self._with_carrier(_sentence(changed.plan)))
            self.say("the plan has changed, and nothing was done: check it and confirm again")
            return None

    def done(self, result: Result) -> None:
        """Let no plan that tells how things stand stand above a result by which they do so no more."""
        if result.phase is ResultPhase.VERIFIED and self._plan is not None and self._plan.tells_state:
            self.describe(f"Before: {_sentence(self._plan)}")

    def _with_carrier(self, text: str) -> str:
        """Return what is shown, and who carries it out where that is not this process."""
        if self.nothing_to_do():
            return text
        carrier = self._monitor.carried_out_by(self._asked, **self._arguments(self._asked))
        return f"{text}\n{carrier}" if carrier else text

    def ready(self) -> bool:
        """Return whether there is something to do, everything is filled in and typed, and the plan is about that."""
        if self._incomplete() or any(self._lacks(one) for one in self._asks if one in self._asked.arguments):
            return False
        if self._plan is None:
            return self.action.keeps and self._typed_word()
        return not self.nothing_to_do() and not self._outdated() and self._typed_word()

    def nothing_to_do(self) -> bool:
        """Return whether the plan says that nothing can be done, or that nothing would change."""
        plan = self._plan
        return plan is not None and (bool(plan.refused) or (plan.idle and self._asked is self.action))

    def on_mount(self) -> None:
        """Ask for the word at once, where it depends on no plan."""
        self._fit()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Plan anew where the plan depends on what is typed."""
        super().on_input_changed(event)
        self._changed(event.input.id)

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """Plan anew where another choice is another plan: what was shown counts no more."""
        event.stop()
        rows = event.checkbox.parent
        if isinstance(rows, RowTicks):
            rows.ticked(event.checkbox)
        self._changed(rows.id if isinstance(rows, RowTicks) else event.checkbox.id)
        self._allow()

    def _changed(self, widget: str | None) -> None:
        if any(one.replans and widget in {one.name, *_ticks(one)} for one in self._asks):
            self.anew()

    def _outdated(self) -> bool:
        """Return whether something was filled in since the plan was made that would make another."""
        now = self._arguments(self.action)
        return any(one.replans and now.get(one.name) != self._planned_with.get(one.name) for one in self._asks)

    def _fit(self) -> None:
        """Show the button, the fields and the word of the action that fits what stands now."""
        plan = self._plan
        before, self._asked = self._asked, (plan.action if plan is not None else None) or self.action
        if self._asked != before:  # a line that reads the same is not written again
            self._heading.update(Content(heading(self._asked, self._project)))
        act, says = self._act, button(self._asked, plan.rows if plan is not None else 0)
        if str(act.label) != says:
            act.label = says
            act.refresh(layout=True)  # a new label alone does not make it wider
        self.DANGER, self.HALTS = self._asked.tier is Tier.TYPED, self._asked.halts
        act.variant = "error" if self.DANGER else "primary"
        self.set_class(self.DANGER, "danger")
        for argument in self._asks:
            self._fields[argument.name].display = argument in self._asked.arguments
        for rows in self.query(RowTicks):
            rows.offer(plan.offered if plan is not None else ())
        self._word_field.display = self._word() is not None and not self.nothing_to_do()
        self._mark()

    def _typed_word(self) -> bool:
        word = self._word()
        return word is None or self._word_field.value == word

    def _word(self) -> str | None:
        return must_type(self._asked, self._plan.rows if self._plan is not None else 0, self._project)

    def _arguments(self, action: Action) -> dict[str, Any]:
        """Return the arguments of `action` as they are given and filled in, without those that are not."""
        names = {one.name for one in action.arguments}
        given = {name: value for name, value in self._given.items() if name in names}
        asked = (one for one in self._asks if one.name in names)
        filled = {one.name: value for one in asked if (value := self._value(one)) is not None}
        unfilled = {one.name for one in self._asks} - filled.keys()
        return {name: value for name, value in given.items() if name not in unfilled} | filled

    def _value(self, argument: Argument) -> Any:
        """Return what is filled in; `None` where that is no value of the argument."""
        value = self._fields[argument.name].value
        if not isinstance(value, str):
            return value
        try:
            return argument_value(self._as_asked(argument), value)
        except ValueError:
            return None

    def _as_asked(self, argument: Argument) -> Argument:
        """Return an argument as it is asked for now: of a single row it may be left out."""
        single = argument.for_many and self._plan is not None and self._plan.rows == 1
        return msgspec.structs.replace(argument, required=False) if single else argument

    def _lacks(self, argument: Argument) -> str:
        """Return what is missing or wrong of an argument, for the line above its field; empty where nothing is."""
        typed = self._fields[argument.name].value
        match argument.kind:
            case ArgumentKind.CHOICES:
                return "" if typed else "tick at least one"
            case ArgumentKind.ROWS:
                return "tick at least one" if typed is None else ""
        if not isinstance(typed, str):
            return ""
        try:
            argument_value(self._as_asked(argument), typed)
        except ValueError as error:
            return f"{error}" if typed.strip() else "required"
        return ""

    def _incomplete(self) -> bool:
        """Return whether nothing can be planned with what is filled in."""
        return any(one.replans and self._lacks(one) for one in self._asks)

    def missing(self, field: Field) -> str:
        """Return what the field of an argument lacks, or that of the word."""
        if field.id == "word":
            return "" if self._typed_word() else "required" if not field.value else "does not match"
        return next((self._lacks(one) for one in self._asks if one.name == field.id), "")

    def _ask_anew(self) -> None:
        super()._ask_anew()
        self._word_field.value = ""

    def _allow(self) -> None:
        super()._allow()
        self._mark()

    def _mark(self) -> None:
        """Say above each field what it is for, and what it lacks."""
        labels: list[tuple[str, str, str]] = [
            (one.name, field_label(self._as_asked(one)), self._lacks(one))
            for one in self._asks if one.kind is not ArgumentKind.FLAG
        ]  # fmt: skip
        if (word := self._word()) is not None:
            many = "" if self._asked.tier is Tier.TYPED else f" (more than {TYPED_ABOVE} rows)"
            labels.append(("word", f"type {word} to confirm{many}", self.missing(self._word_field)))
        for name, label, lacks in labels:
            said = (
                Content(label) if self._ordered() or not lacks else Content.assemble(label, (f": {lacks}", "$warning"))
            )
            field = self._word_field if name == "word" else self._fields[name]
            if not isinstance(field, Field):  # a line alone has no corner between itself and its title
                said = Content(" ") + said + Content(" ")
            if self._marked.get(name) != said:
                self._marked[name] = field.border_title = said


def _ticks(argument: Argument) -> set[str]:
    """Return the ids of the ticks of an argument that is some of a few words."""
    return {f"{argument.name}-{value}" for value in argument.choices.values()}


def _field(argument: Argument, value: Any) -> Field | Tick | Ticks | RowTicks:
    match argument.kind:
        case ArgumentKind.CHOICES:
            words = {argument.in_words.get(one, word): one for word, one in argument.choices.items()}
            return Ticks(argument.name, words, value or ())
        case ArgumentKind.ROWS:
            return RowTicks(id=argument.name)
        case ArgumentKind.FLAG:
            return Tick(field_label(argument), value=bool(value), id=argument.name)
        case ArgumentKind.DURATION:
            return Field(value=_span(value), id=argument.name, max_length=10).filled()
    said = "" if value is None else f"{value}"
    return Field(value=said, id=argument.name, max_length=argument.longest).filled()


def _span(span: timedelta | None) -> str:
    if span is None:
        return ""
    seconds = int(span.total_seconds())
    return next((f"{seconds // size}{unit}" for size, unit in _SHOWN_SPAN if seconds % size == 0), "")


def _sentence(plan: Plan) -> str:
    return _capitalized(plan.refused or plan.text)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
