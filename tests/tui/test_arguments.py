"""Arguments of actions: of every kind, with a default and without, the dialog and the command make the same of them."""

from datetime import timedelta
from typing import Any

import click
import pytest
from textual.widgets import Button, Input

from core.domain.actions import Action, Argument, ArgumentKind, Command, Tier, argument_value, field_label
from core.domain.plans import Plan, Sentence
from tests.tui.drawn import app_on, monitor_of, read_it, run, settled
from tests.tui.pictures import WARNING
from tests.tui.still import StillMonitor
from tui.cli.action_command import action_command
from tui.dialogs import ActionDialog

HOUR = timedelta(hours=1)

ARGUMENTS: dict[str, tuple[Argument, str, Any]] = {
    "a text": (Argument(name="one", default="first"), "other", "other"),
    "a text without": (Argument(name="one"), "other", "other"),
    "a number": (Argument(name="one", kind=ArgumentKind.NUMBER, default=7, most=50), "42", 42),
    "a number without": (Argument(name="one", kind=ArgumentKind.NUMBER, most=50, required=True), "42", 42),
    "a time": (Argument(name="one", kind=ArgumentKind.DURATION, default=HOUR, most=9_000), "2h", 2 * HOUR),
    "a time without": (Argument(name="one", kind=ArgumentKind.DURATION, most=9_000), "30min", HOUR / 2),
}
"""What is typed, and what that is."""

REFUSED = {
    "a number out of bounds": (ARGUMENTS["a number"][0], "51", "must be a number from 0 to 50"),
    "no number": (ARGUMENTS["a number"][0], "many", "must be a number"),
    "a number nobody can count": (ARGUMENTS["a number"][0], "9" * 400, "must be a number"),
    "a time too long": (ARGUMENTS["a time"][0], "3h", "at most 2 h"),
    "no time": (ARGUMENTS["a time"][0], "soon", "a time such as 30min or 2h"),
    "nothing said": (Argument(name="reason", required=True), "  ", "a reason is required"),
    "too much said": (Argument(name="one", longest=3), "long", "at most 3 characters"),
}


def action_of(*arguments: Argument) -> Action:
    command = Command(name="try", help="Try it.")
    return Action(name="try", tier=Tier.CONFIRM, title="Try", effect="try it", arguments=arguments, command=command)


def given(argument: Argument, *args: str) -> Any:
    """Return what the command hands on for one argument."""
    context = action_command(action_of(argument)).make_context("try", list(args), obj={})
    return context.params[argument.name]


@pytest.mark.parametrize("case", ARGUMENTS)
async def test_the_dialog_and_the_command_make_the_same_of_what_is_typed(case: str) -> None:
    argument, typed, value = ARGUMENTS[case]
    assert given(argument, "--one", typed) == value
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        app.ask(ActionDialog(app.monitor, action_of(argument)))
        await settled(pilot, lambda: isinstance(app.screen, ActionDialog) and app.screen._known)
        dialog = app.screen
        assert isinstance(dialog, ActionDialog)
        if argument.default is not None:
            assert dialog._arguments(dialog.action) == {"one": given(argument)} == {"one": argument.default}
        dialog.query_one("#one", Input).value = typed
        read_it(app)
        await settled(pilot, lambda: not dialog.query_one("#act", Button).disabled)
        assert dialog._arguments(dialog.action) == {"one": value}
        dialog.query_one("#act", Button).press()
        await settled(pilot, lambda: bool(monitor_of(app).orders))


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_value_is_refused_by_both(case: str) -> None:
    argument, typed, why = REFUSED[case]
    with pytest.raises(ValueError, match=why):
        argument_value(argument, typed)
    with pytest.raises(click.BadParameter):
        given(argument, f"--{argument.name}", typed)
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        app.ask(ActionDialog(app.monitor, action_of(argument), {argument.name: None}))
        await settled(pilot, lambda: isinstance(app.screen, ActionDialog) and app.screen._known)
        dialog = app.screen
        assert isinstance(dialog, ActionDialog)
        dialog.query_one(f"#{argument.name}", Input).value = typed
        await settled(pilot)
        if len(typed) <= argument.longest:  # the field takes no more than that
            assert dialog.query_one("#act", Button).disabled
            above = str(dialog.query_one(f"#{argument.name}").border_title)
            assert above.startswith(field_label(argument))
            assert ("required" if not typed.strip() else why) in above
    assert monitor_of(app).orders == []


@pytest.mark.parametrize("default", [True, False])
def test_a_flag_is_what_its_record_says(default: bool) -> None:
    flag = Argument(name="one", kind=ArgumentKind.FLAG, default=default)
    assert given(flag) is default


def test_choices_that_were_not_made_are_left_to_the_action() -> None:
    choices = Argument(name="one", kind=ArgumentKind.CHOICES, choices={"a": "alpha", "b": "beta"})
    assert given(choices) is None  # the action knows what is usual
    assert given(choices, "--one", "a,b") == {"alpha", "beta"}
    with pytest.raises(click.BadParameter, match="name some of a, b, not c"):
        given(choices, "--one", "c")


@pytest.mark.parametrize("kind", [ArgumentKind.TEXT, ArgumentKind.NUMBER, ArgumentKind.DURATION])
def test_one_that_is_required_is_asked_for(kind: ArgumentKind) -> None:
    with pytest.raises(click.MissingParameter):
        given(Argument(name="one", kind=kind, required=True))


class Counting(StillMonitor):
    """Plans by what is filled in, and never comes to the end of a second plan."""

    async def plan(self, action: Action, shown: Plan | None = None, **arguments: Any) -> Plan:
        if arguments["one"] != "few":
            raise AssertionError("the second plan is slow")
        return Sentence(text="3 rows", rows=3)


async def test_nothing_is_carried_out_by_the_plan_of_something_else() -> None:
    """What was typed since makes another plan: until that is there the way on is shut."""
    app = app_on(WARNING)
    app.monitor = Counting(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        app.ask(ActionDialog(app.monitor, action_of(Argument(name="one", default="few", replans=True))))
        await settled(pilot, lambda: "3 rows" in getattr(app.screen, "_text", ""))
        dialog = app.screen
        assert isinstance(dialog, ActionDialog)
        read_it(app)
        assert dialog.ready()
        dialog.query_one("#one", Input).value = "many"
        assert not dialog.ready()  # before anybody heard of it
        await settled(pilot)
        assert dialog.query_one("#act", Button).disabled
    assert app.monitor.orders == []
