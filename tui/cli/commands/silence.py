"""`watchdesk silence MATCHER`: tell nobody of alerts that match, for a while or every week; list silences; end one."""

from typing import Any

import click
from click.core import ParameterSource

from core.actions.silence import END_SILENCE, SILENCE
from core.domain.alerts import Silence
from core.domain.silence_words import ends_at, goes_on, next_window
from core.monitor import Config, Monitor
from tui.cli import exits
from tui.cli.action_command import Mode, give, mode_of, options, parameter_of, run_action
from tui.cli.event_loop import run_command
from tui.cli.one_shot import with_alerts
from tui.cli.session import configure, put, put_json
from tui.cli.status_page import silences_as_json


@click.pass_context
def _run(context: click.Context, /, *, listed: bool, end: str | None, once: bool, **values: Any) -> None:
    config, mode = configure(context), mode_of(values)
    if once and end is None:
        raise click.UsageError("--once goes with --end: it ends one window of a weekly silence")
    if listed:
        context.exit(run_command(with_alerts(config, lambda monitor: _list(monitor, as_data=mode.as_data))))
    if end is not None:
        context.exit(_end(config, end, mode, once=once))
    if values["matcher"] is None or not (values["reason"] or "").strip():
        raise click.UsageError("say what to silence and why: watchdesk silence MATCHER --reason TEXT")
    if empty := [one for one in context.command.params if one.name in values and values[one.name] == ""]:
        name = empty[0].human_readable_name if isinstance(empty[0], click.Argument) else empty[0].opts[0]
        raise click.UsageError(f"{name} is empty: without it more would be silenced, or at another time, than meant")
    if values["weekly"] and context.get_parameter_source("lasts") is ParameterSource.COMMANDLINE:
        raise click.UsageError("a weekly silence takes no --for: its times say how long it holds")
    context.exit(
        run_action(config, SILENCE, {name: value for name, value in values.items() if value is not None}, mode)
    )


async def _list(monitor: Monitor, *, as_data: bool) -> int:
    telling = monitor.snapshot.telling
    if as_data:
        put_json({"version": 1, **silences_as_json(telling)})
        return exits.DONE
    lines = [f"{one.id[:8]}  {one.matcher} {_held(one)} by {one.who}: {one.reason}" for one in telling.silences]
    lines += [f"{one.id[:8]}  {one.matcher} {_coming(one)} by {one.who}: {one.reason}" for one in telling.planned]
    put("\n".join(lines) or "none")
    return exits.DONE


def _held(one: Silence) -> str:
    weekly = f", {_weekly(one)}" if goes_on(one) else ""
    return f"until {ends_at(one):%Y-%m-%d %H:%M}Z{weekly}"


def _coming(one: Silence) -> str:
    return f"{_weekly(one)}, next {next_window(one)}" if goes_on(one) else next_window(one)


def _weekly(one: Silence) -> str:
    return f"{one.window.words if one.window is not None else ''} every week {goes_on(one)}"


def _end(config: Config, name: str, mode: Mode, *, once: bool) -> int:
    async def act(monitor: Monitor) -> int:
        return await give(monitor, END_SILENCE, {"silence": name, "once": once}, mode)

    return run_command(with_alerts(config, act))


def _parameters() -> list[click.Parameter]:
    """Return the parameters of the action, none of them required: `--list` and `--end` need none."""
    found = [parameter_of(one) for one in SILENCE.arguments]
    for parameter in found:
        parameter.required = False
    return found


command = click.Command(
    "silence",
    callback=_run,
    params=[
        *_parameters(),
        click.Option(["--list", "listed"], is_flag=True, help="What is silenced."),
        click.Option(["--end"], metavar="ID", help="End the silence with this id."),
        click.Option(["--once"], is_flag=True, help="With --end: only the window now or next; later ones hold."),
        *options(SILENCE),
    ],
    help=SILENCE.command.help if SILENCE.command is not None else None,
)
