"""`watchdesk silence MATCHER`: tell nobody of alerts that match, for a while; list silences; end one."""

import asyncio
from datetime import timedelta

import click

from core.base.text import short
from core.domain.actions import SILENCE, Result
from core.monitor import Monitor
from tui.cli import exits
from tui.cli.action_command import Preview, give
from tui.cli.looking import with_alerts
from tui.cli.session import configure, put, tell
from tui.cli.span import Lasts


@click.command(name="silence")
@click.argument("matcher", required=False)
@click.option("--for", "lasts", type=Lasts(), metavar="TIME", default="2h", show_default=True, help="Up to 7d.")
@click.option("--reason", metavar="TEXT", help="Why; everybody who finds it silent reads it.")
@click.option("--list", "listed", is_flag=True, help="What is silenced.")
@click.option("--end", metavar="ID", help="Take a silence back.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(  # noqa: PLR0913 - one parameter an option
    context: click.Context,
    *,
    matcher: str | None,
    lasts: timedelta,
    reason: str | None,
    listed: bool,
    end: str | None,
    yes: bool,
) -> None:
    """Tell nobody of alerts that match an alert's name, its subject or a severity; * and ? stand for anything."""
    if not listed and end is None and (matcher is None or not reason):
        raise click.UsageError("say what to silence and why: watchdesk silence MATCHER --reason TEXT")

    async def act(monitor: Monitor) -> int:
        if listed:
            put("\n".join(_lines(monitor)) or "none")
            return exits.DONE
        if end is not None:
            result = await monitor.end_silence(end)
            code = exits.of_result(result)
            put(result.text) if code == exits.DONE else tell(f"watchdesk: {result.text}")
            return code

        async def look() -> Preview:
            return Preview(text=f"for {short(lasts)} nobody is told of alerts that match {matcher}: {reason}")

        async def silence() -> Result:
            return await monitor.silence(matcher or "", lasts, reason or "")

        return await give(monitor, SILENCE, look=look, act=silence, yes=yes)

    context.exit(asyncio.run(with_alerts(configure(context), act)))


def _lines(monitor: Monitor) -> list[str]:
    return [
        f"{one.id[:8]}  {one.matcher} until {one.until:%Y-%m-%d %H:%M}Z by {one.who}: {one.reason}"
        for one in monitor.snapshot.telling.silences
    ]
