"""`watchdesk breaker`: the breakers of the monitors that run on this machine, and what an operator does with them."""

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
import msgspec

from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER, STILL_GO_OUT
from core.base.text import plural
from core.domain.actions import Action, Result, ResultPhase, Tier, heading, must_type
from core.domain.monitor_process import MonitorProcess
from core.domain.plans import Sentence
from core.monitor import Config, Monitor
from core.resilience import BreakerState
from tui.cli import exit_codes, exits
from tui.cli.action_command import Mode, asking_options, json_option, mode_of, parameter_of, previewed, refused
from tui.cli.event_loop import run_command
from tui.cli.monitor_page import breaker_as_data, breakers_page, watchdog_as_data
from tui.cli.session import configure, confirmed, put, put_json, start_logging, tell

_WAIT_S: Final = 10
_LEAST_WAIT_S: Final = 3
"""A monitor that is alone looks for orders every two seconds: in less it may not have looked yet."""
_NEAR: Final = 3

Results = Sequence[tuple[MonitorProcess, Result]]


@click.group(name="breaker")
def command() -> None:
    """Show, reset, hold or release the breakers of the monitors of the project that run on this machine.

    Each monitor has breakers of its own. Without --pid an action goes to every one of them that may act, as an operator
    at its screen would give it: its own --observe holds, and the audit trail has it.
    """


@command.command(name="list")
@click.option("--json", "as_data", is_flag=True, help="Print JSON, for scripts.")
@click.pass_context
def show(context: click.Context, *, as_data: bool) -> None:
    """Print the breakers of each monitor here, the bad ones first; 4 where none runs."""

    async def act(monitor: Monitor) -> int:
        running, now = await monitor.running_here(), datetime.now(UTC)
        if as_data:
            put_json({"version": 1, "monitors": [_as_data(one, now) for one in running]})
        elif running:
            put("\n\n".join(breakers_page(one, now) for one in running))
        if not running:
            tell(f"watchdesk: {_nobody(monitor)}")
        return exits.DONE if running else exits.UNREACHABLE

    context.exit(run_command(_on(configure(context), act)))


def _command(name: str, action: Action, words: str) -> click.Command:
    """Return the command of an action on breakers."""

    @click.pass_context
    def callback(context: click.Context, /, pid: int | None, wait: int, **values: Any) -> None:
        mode = mode_of(values)
        arguments = {name: value for name, value in values.items() if value}

        async def act(monitor: Monitor) -> int:
            return await _give(monitor, action, arguments, pid, msgspec.structs.replace(mode, wait_s=wait))

        context.exit(run_command(_on(configure(context), act)))

    wait: dict[str, Any] = {"type": click.IntRange(_LEAST_WAIT_S, 3600), "default": _WAIT_S, "show_default": True}
    parameters = [
        *map(parameter_of, action.arguments),
        click.Option(["--pid"], type=click.IntRange(1), metavar="N", help="Only the monitor with this process id."),
        click.Option(["--wait"], metavar="SECONDS", help="How long a monitor may take to answer.", **wait),
        *asking_options(),
        json_option(),
    ]
    return click.Command(name, callback=callback, params=parameters, help=words)


command.add_command(_command("reset", RESET_BREAKER, "Close a breaker, or all of them, so that calls go out again."))
command.add_command(_command("hold", HOLD_BREAKER, "Hold a breaker open until it is released, even after a restart."))
command.add_command(_command("release", RELEASE_BREAKER, "End a hold: the next call probes."))


async def _on(config: Config, act: Callable[[Monitor], Awaitable[int]]) -> int:
    """Run `act` on a monitor that asks nothing of the project."""
    start_logging(config.target, config.alerts.secrets())
    monitor = Monitor(config)
    try:
        return await act(monitor)
    finally:
        await monitor.close()


async def _give(monitor: Monitor, action: Action, arguments: dict[str, str], pid: int | None, mode: Mode) -> int:
    """Choose the monitors, ask where a person must say so, hand the action over; return the exit code."""
    if not mode.preview and (why := monitor.may(action)):
        return refused(why, mode)
    running, key = await monitor.running_here(), arguments.get("breaker", "")
    if not running:
        return _say((), _unreached(action, _nobody(monitor)), mode)
    if pid is not None and pid not in {one.pid for one in running}:
        return refused(f"no monitor of this project here has pid {pid}; there is {_pids(running)}", mode)
    chosen = (
        [one for one in running if one.pid == pid]
        or [one for one in running if not (one.only_looks or one.observes)]
        or running
    )
    knowing = [one for one in chosen if not key or key in _keys([one])]
    if not knowing:
        return refused(_unknown(key, _keys(chosen)), mode)
    told = chosen if action is HOLD_BREAKER else knowing
    plan = _plan(action, key, told)
    if mode.preview:
        return previewed(plan, mode)
    project = monitor.snapshot.project.name
    if action.tier is not Tier.SAFE:
        question = f"{heading(action, project)}\n{plan.text}"
        if not confirmed(question, yes=mode.yes, word=must_type(action, 0, project)):
            tell("nothing was changed")
            return exits.PARTLY
    handed = (monitor.hand_over(one, action, wait_s=mode.wait_s, **arguments) for one in told)
    results = list(zip(told, await asyncio.gather(*handed), strict=True))
    undone = [result for _, result in results if not result.done]
    return _say(results, (undone or [result for _, result in results])[0], mode)


def _plan(action: Action, key: str, told: Sequence[MonitorProcess]) -> Sentence:
    """Return what would be done, from what the monitors told of themselves."""
    lines, idle = [], True
    for one in told:
        chosen = [breaker for breaker in one.breakers if key in {"", breaker.key}]
        bad = [breaker for breaker in chosen if breaker.state is not BreakerState.CLOSED]
        held = any(breaker.state is BreakerState.HELD for breaker in chosen)
        idle = idle and (held if action is HOLD_BREAKER else not held if action is RELEASE_BREAKER else not bad)
        stands = f"{key} is {chosen[0].state.value.replace('_', '-')}" if key and chosen else f"{key} not used yet"
        every = f"{len(bad)} of {plural(len(chosen), 'breaker')} not closed"
        lines.append(f"pid {one.pid}: {stands if key else every}")
    return Sentence(text="\n".join((*lines, f"To {action.effect}. {STILL_GO_OUT}")), idle=idle)


def _say(results: Results, decides: Result, mode: Mode) -> int:
    """Print what came of it, in each monitor; return the exit code, by the result that decides."""
    code = exit_codes.of_result(decides)
    if code != exits.DONE and any(result.done for _, result in results):
        code = exits.PARTLY
    if mode.as_data:
        monitors = [{"pid": one.pid, "result": result} for one, result in results]
        put_json({"version": 1, "plan": None, "result": decides, "monitors": monitors})
    else:
        text = "\n".join(f"pid {one.pid}: {result.text}" for one, result in results) or decides.text
        (put if code in {exits.DONE, exits.PARTLY} else tell)(text)
    return code


def _unreached(action: Action, text: str) -> Result:
    return Result(action=action.name, phase=ResultPhase.UNREACHABLE, text=text)


def _nobody(monitor: Monitor) -> str:
    """Return that no monitor runs here, and why that may not be known."""
    project, bad = monitor.snapshot.project, monitor.kept_badly()
    unsure = f"; {bad[0]}" if bad else ""
    return f"no monitor of {project.name} as {project.user} runs on this machine; start one: watchdesk{unsure}"


def _keys(processes: Sequence[MonitorProcess]) -> list[str]:
    return sorted({breaker.key for one in processes for breaker in one.breakers})


def _unknown(key: str, keys: Sequence[str]) -> str:
    """Return that there is no such breaker, and which come near."""
    near = [one for one in keys if key.lower() in one.lower()] or difflib.get_close_matches(key, keys, _NEAR, 0.4)
    meant = f"; near it: {', '.join(near[:_NEAR])}" if near else ""
    return f"no monitor here has a breaker {key}{meant}; all: watchdesk breaker list"


def _pids(running: Sequence[MonitorProcess]) -> str:
    return ", ".join(f"pid {one.pid}" for one in running)


def _as_data(process: MonitorProcess, now: datetime) -> dict[str, Any]:
    return watchdog_as_data(process, now) | {"breakers": [breaker_as_data(one) for one in process.breakers]}
