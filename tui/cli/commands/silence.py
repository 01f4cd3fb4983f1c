"""`watchdesk silence MATCHER`: tell nobody of alerts that match, for a while; list silences; end one."""

import asyncio
from typing import Any

import click

from core.actions.silence import END_SILENCE, SILENCE
from core.monitor import Config, Monitor
from tui.cli import exits
from tui.cli.action_command import Mode, give, mode_of, options, parameter_of, run_action
from tui.cli.one_shot import with_alerts
from tui.cli.session import configure, put


@click.pass_context
def _run(context: click.Context, /, *, listed: bool, end: str | None, **values: Any) -> None:
    config, mode = configure(context), mode_of(values)
    if listed:
        context.exit(asyncio.run(with_alerts(config, _list)))
    if end is not None:
        context.exit(_end(config, end, mode))
    if values["matcher"] is None or not (values["reason"] or "").strip():
        raise click.UsageError("say what to silence and why: watchdesk silence MATCHER --reason TEXT")
    context.exit(
        run_action(config, SILENCE, {name: value for name, value in values.items() if value is not None}, mode)
    )


async def _list(monitor: Monitor) -> int:
    lines = [
        f"{one.id[:8]}  {one.matcher} until {one.until:%Y-%m-%d %H:%M}Z by {one.who}: {one.reason}"
        for one in monitor.snapshot.telling.silences
    ]
    put("\n".join(lines) or "none")
    return exits.DONE


def _end(config: Config, name: str, mode: Mode) -> int:
    async def act(monitor: Monitor) -> int:
        return await give(monitor, END_SILENCE, {"silence": name}, mode)

    return asyncio.run(with_alerts(config, act))


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
        *options(SILENCE),
    ],
    help=SILENCE.command.help if SILENCE.command is not None else None,
)
