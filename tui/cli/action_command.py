"""The command of an action, whichever: made from its record, it plans, asks, runs, and says what came of it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import click
import msgspec

from core.actions.catalogue import ACTIONS
from core.base.text import short
from core.domain.actions import (
    Action,
    Argument,
    ArgumentKind,
    Result,
    ResultPhase,
    Tier,
    argument_value,
    heading,
    must_type,
)
from core.domain.plans import Plan, PlanChanged
from core.monitor import Config, Monitor
from core.resilience import NotLive
from tui.cli import exit_codes, exits
from tui.cli.event_loop import run_command
from tui.cli.filter_words import FilterCommand
from tui.cli.interruption import Progress, interruptible
from tui.cli.one_shot import with_alerts
from tui.cli.session import configure, confirmed, fail, once, put, put_json, start_logging, tell

_TRY_S: Final = 30.0
_UNHEARD: Final = frozenset({ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN})


class Mode(msgspec.Struct, frozen=True, kw_only=True):
    """The way an action is run. `yes`: nothing is asked; `preview`: the plan is shown and nothing changed.

    `wait_s`: for how many seconds it is tried again where nobody answers.
    """

    yes: bool = False
    preview: bool = False
    as_data: bool = False
    wait_s: float = 0.0


def command_named(name: str) -> click.Command | None:
    """Return the command of the action whose record gives it that name."""
    found = next((one for one in ACTIONS.values() if one.command is not None and one.command.name == name), None)
    return action_command(found) if found is not None else None


def action_command(action: Action) -> click.Command:
    """Return the command of an action: its arguments as options, and those that every action has."""
    if action.command is None:
        raise ValueError(f"{action.title} has no command")
    parameters = [parameter_of(one) for one in action.arguments]

    @click.pass_context
    def callback(context: click.Context, /, **values: Any) -> None:
        mode = mode_of(values)
        given = {name: value for name, value in values.items() if value is not None}
        context.exit(run_action(configure(context), action, given, mode))

    many = any(one.kind is ArgumentKind.SUBJECTS for one in action.arguments)
    return (FilterCommand if many else click.Command)(
        action.command.name, callback=callback, params=[*parameters, *options(action)], help=action.command.help
    )


def options(action: Action) -> list[click.Parameter]:
    """Return the options that every action has, as far as they mean something to this one."""
    found = asking_options() if action.tier is not Tier.SAFE else []
    if action.hurries:
        wait: dict[str, Any] = {"type": click.FloatRange(0), "default": _TRY_S, "show_default": True}
        found.append(click.Option(["--wait", "wait_s"], metavar="SECONDS", **wait))
    return [*found, json_option()]


def asking_options() -> list[click.Parameter]:
    """Return the options of an action that asks, or whose plan can be seen before."""
    preview = "Show the plan without changing anything; exit code 1 if there is something to do."
    return [
        click.Option(["--yes"], is_flag=True, help="Do not ask."),
        click.Option(["--dry-run", "preview"], is_flag=True, help=preview),
    ]


def json_option() -> click.Parameter:
    """Return the option of whatever reports."""
    return click.Option(["--json", "as_data"], is_flag=True, help="Print JSON, for scripts.")


def mode_of(values: dict[str, Any]) -> Mode:
    """Take the options that every action has out of `values`."""
    return Mode(**{name: values.pop(name) for name in Mode.__struct_fields__ if name in values})


def parameter_of(argument: Argument) -> click.Parameter:
    """Return an argument of an action as one of its command."""
    if argument.kind is ArgumentKind.SUBJECT:
        return click.Argument([argument.name], metavar=argument.metavar, required=argument.required)
    if argument.positional:
        return click.Argument([argument.name], required=argument.required)
    if argument.kind in {ArgumentKind.SUBJECTS, ArgumentKind.ROWS}:
        return click.Argument([argument.name], metavar=argument.metavar, required=argument.required, nargs=-1)
    given: dict[str, Any] = {"help": argument.help, "metavar": argument.metavar}
    match argument.kind:
        case ArgumentKind.FLAG:
            given |= {"is_flag": True, "default": bool(argument.default), "metavar": None}
        case ArgumentKind.NUMBER:
            bounds = click.IntRange(argument.least, argument.most)
            given |= {"type": bounds, "default": argument.default, "show_default": True, "required": argument.required}
        case ArgumentKind.DURATION:
            shown = short(argument.default).replace(" ", "") if argument.default is not None else False
            given |= {"default": argument.default, "show_default": shown, "required": argument.required}
            given |= {"metavar": argument.metavar or "TIME", "callback": _typed(argument), "type": click.UNPROCESSED}
        case ArgumentKind.CHOICES:
            metavar = argument.metavar or ",".join(argument.choices)
            given = {"help": argument.help, "multiple": True, "metavar": metavar, "callback": _chosen(argument)}
        case ArgumentKind.TEXT | ArgumentKind.WEEK | ArgumentKind.ZONE:
            required = argument.required and not argument.for_many
            given |= {"default": argument.default, "required": required, "callback": _typed(argument)}
    if given.get("default") is None:
        given.pop("default", None)  # for click a default of None is a value: it would never ask for a required one
    option = argument.option or argument.name.replace("_", "-")
    return click.Option([f"--{option}", argument.name], **given)


def run_action(config: Config, action: Action, arguments: dict[str, Any], mode: Mode) -> int:
    """Run an action on a monitor without loops; return the exit code."""

    async def act(monitor: Monitor) -> int:
        return await give(monitor, action, arguments, mode)

    if action.command is not None and action.command.alerts:
        return run_command(with_alerts(config, act, as_data=mode.as_data))
    if action.hurries:
        return run_command(_at_once(config, act, as_data=mode.as_data))
    return once(config, act, as_data=mode.as_data)


async def give(monitor: Monitor, action: Action, arguments: dict[str, Any], mode: Mode) -> int:
    """Plan, ask where a person must say so, run, say what came of it; return the exit code. Raises NotLive."""
    if not mode.preview and (why := monitor.may(action)):
        return refused(why, mode)
    plan: Plan | None = None
    if mode.preview or not (action.tier is Tier.SAFE or (mode.yes and action.keeps)):
        plan = await monitor.plan(action, **arguments)
    if plan is not None and mode.preview and not plan.refused:
        return previewed(plan, mode)
    while True:
        if plan is not None and plan.refused:
            return refused(plan.refused, mode)
        asked = action if plan is None or plan.idle else plan.action or action
        if plan is not None and not plan.idle:
            name = monitor.snapshot.project.name
            question = f"{heading(asked, name)}\n{plan.text}"
            if not confirmed(question, yes=mode.yes, word=must_type(asked, plan.rows, name)):
                tell("nothing was changed")
                return exits.PARTLY
        try:
            return await _run(monitor, asked, plan, _of(asked, arguments), mode)
        except PlanChanged as changed:
            tell("the plan has changed in the meantime")
            plan = changed.plan


async def _run(monitor: Monitor, action: Action, plan: Plan | None, arguments: dict[str, Any], mode: Mode) -> int:
    """Run it until it holds, is refused, or time is up; one whose answer was lost is gone on with, not begun anew."""
    until, again, progress = time.monotonic() + mode.wait_s, "", Progress()
    with interruptible() as interruption:
        while True:
            result = await monitor.run(action, plan, again=again, progress=progress, go_on=interruption, **arguments)
            again = result.run or again
            if result.phase not in _UNHEARD or interruption.hit or time.monotonic() >= until:
                break
            await asyncio.sleep(min(1.0, max(0.05, until - time.monotonic())))
    progress.end()
    code = exits.PARTLY if result.skipped and result.done else exit_codes.of_result(result)
    _say(plan, result, code, mode)
    return exits.INTERRUPTED if interruption.hit else code


def refused(why: str, mode: Mode) -> int:
    """Say why it may not be done; return the exit code."""
    tell(f"watchdesk: {why}")
    if mode.as_data:
        put_json({"version": 1, "refused": why})
    return exits.WRONG


def _say(plan: Plan | None, result: Result, code: int, mode: Mode) -> None:
    if mode.as_data:
        put_json({"version": 1, "plan": as_data(plan), "result": result})
        return
    notes = plan.notes if plan is not None and plan.idle else ()
    (put if code in {exits.DONE, exits.PARTLY} else tell)("\n".join((result.text, *notes)))


def previewed(plan: Plan, mode: Mode) -> int:
    """Show a plan that is not run; return the exit code."""
    if mode.as_data:
        put_json({"version": 1, "plan": as_data(plan)})
    else:
        put(plan.text)
    if plan.idle and plan.unknown:
        return exit_codes.of_fault(plan.unknown[0])
    return exits.DONE if plan.idle else exits.PARTLY


def as_data(plan: Plan | None) -> dict[str, Any] | None:
    """Return a plan for programs: its own fields, and what every plan has."""
    if plan is None:
        return None
    fields = {name: getattr(plan, name) for name in plan.__struct_fields__ if name != "action"}
    return fields | {"text": plan.text, "rows": plan.rows}


def _of(action: Action, arguments: dict[str, Any]) -> dict[str, Any]:
    names = {one.name for one in action.arguments}
    return {name: value for name, value in arguments.items() if name in names}


async def _at_once(config: Config, act: Callable[[Monitor], Any], *, as_data: bool) -> int:
    """Run without asking for the schema first: that would be one more thing to wait for."""
    start_logging(config.target, config.alerts.secrets())
    monitor = Monitor(config)
    try:
        code: int = await act(monitor)
        return code
    except NotLive as not_live:
        return fail(not_live.fault, as_data=as_data)
    finally:
        await monitor.close()


def _typed(argument: Argument) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return what reads a text or a duration as the dialog does; one that was not given stays what it is."""

    def read(_context: click.Context, _option: click.Parameter, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        try:
            return argument_value(argument, given)
        except ValueError as error:
            raise click.BadParameter(f"{error}") from error

    return read


def _chosen(argument: Argument) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], frozenset[str] | None]:
    """Return what reads words, one at a time or with commas between them."""

    def read(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> frozenset[str] | None:
        if not given:
            return None  # the action knows what is usual
        words = [word.strip() for one in given for word in one.split(",") if word.strip()]
        wrong = [word for word in words if word not in argument.choices]
        if wrong or not words:
            not_these = f", not {', '.join(wrong)}" if wrong else ""
            raise click.BadParameter(f"name some of {', '.join(argument.choices)}{not_these}")
        return frozenset(argument.choices[word] for word in words)

    return read
