"""`watchdesk stop`: the emergency stop, read back."""

import asyncio
import time

import click

from core.base.text import plural
from core.domain.actions import EMERGENCY_STOP, Result, ResultPhase
from core.monitor import Monitor
from core.resilience import NotLive
from tui.cli import exits
from tui.cli.session import configure, confirmed, fail, put, start_logging, tell

_TRY_S = 30.0


def _given(_context: click.Context, _option: click.Parameter, reason: str) -> str:
    """A reason with nothing in it, as from a variable that is not set, stops nothing."""
    if not reason.strip():
        raise click.BadParameter("say why, in a few words")
    return reason.strip()


@click.command(name="stop")
@click.option("--reason", required=True, callback=_given, help="Why; kept on the config row and in the audit trail.")
@click.option("--hours", type=click.IntRange(1, 24 * 30), default=24, show_default=True, help="How long it is to hold.")
@click.option("--wait", "wait_s", type=click.FloatRange(0), default=_TRY_S, show_default=True, metavar="SECONDS")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(context: click.Context, *, reason: str, hours: int, wait_s: float, yes: bool) -> None:
    """Stop all agents and reject all pending and running tasks. Tries for 30 s, or --wait, then says NOT stopped."""
    config = configure(context)
    start_logging(config.target, config.alerts.secrets())

    async def act() -> int:
        monitor = Monitor(config)
        try:
            if why := monitor.may(EMERGENCY_STOP):
                tell(f"watchdesk: {why}")
                return exits.WRONG
            if not yes and not await _asked(monitor):
                tell("nothing was changed")
                return exits.PARTLY
            result = await _try(monitor, reason, hours, wait_s)
        except NotLive as not_live:
            return fail(not_live.fault)
        finally:
            await monitor.close()
        (put if result.done or result.phase is ResultPhase.PARTLY else tell)(result.text)
        return exits.of_result(result)

    context.exit(asyncio.run(act()))


async def _asked(monitor: Monitor) -> bool:
    plan = await monitor.plan_stop()
    effect = f"{plural(plan.pending, 'pending task')} and {plural(plan.running, 'running one')} will be rejected"
    if plan.already:
        effect = f"already {plan.already}" + (f"; {effect}" if plan.open else "")
    return confirmed(f"{monitor.snapshot.project.name}: {effect}", yes=False, word="STOP")


async def _try(monitor: Monitor, reason: str, hours: int, wait_s: float) -> Result:
    """Until it holds, is refused, or time is up. One whose answer was lost is gone on with, not begun anew."""
    until, run = time.monotonic() + wait_s, ""
    while True:
        result = await monitor.stop(reason, hours, run=run)
        if result.phase not in {ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN} or time.monotonic() >= until:
            return result
        run = result.run or run
        await asyncio.sleep(min(1.0, max(0.05, until - time.monotonic())))
