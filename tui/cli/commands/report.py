"""`watchdesk report`: the incident as Markdown, from this machine's black box and the project's log."""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from core.base.safe_files import Unsafe, open_own
from core.domain.log_steps import is_ours
from core.domain.records import LogEntry
from core.history.blackbox import Box
from core.history.report import Report, When, compose, kept, markdown, without_secrets
from core.monitor import Config, Monitor
from core.resilience import NotLive
from tui.cli.exits import DONE, INTERRUPTED, UNREACHABLE, WRONG
from tui.cli.guide import REPORT
from tui.cli.screen_options import toolkit_here
from tui.cli.session import configure, said, start_logging, tell
from tui.cli.span import Since

_ROWS: Final = 5000
"""The most rows of each kind that are read from the project's log, the newest ones."""

_NOT_YET: Final = "there is no black box of this project here yet; it is kept while the monitor runs"


@click.command(name="report", epilog=REPORT)
@click.option("--since", required=True, type=Since(), metavar="TIME", help="03:00, 2h, 7d, or a date and time.")
@click.option("--until", type=Since(), metavar="TIME", help="The same; now unless told.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Else to stdout.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--json", "as_data", is_flag=True, help="For programs; without the pictures.")
@click.pass_context
def command(
    context: click.Context,
    *,
    since: datetime,
    until: datetime | None,
    output: Path | None,
    force: bool,
    as_data: bool,
) -> None:
    """Write what happened from TIME to TIME as Markdown, from the black box and the project's log."""
    config, now = configure(context), datetime.now(UTC)
    until = min(until or now, now)
    if since >= until:
        raise click.UsageError(f"--since {_local(since)} is not before {_local(until)}")
    if output is not None and os.path.lexists(output) and not force:
        raise click.ClickException(said(f"{output} is there already; add --force to overwrite it"))
    toolkit_here()
    start_logging(config.target, config.alerts.secrets())
    try:
        code, text = asyncio.run(_made(config, since, until, as_data=as_data))
    except KeyboardInterrupt:
        context.exit(INTERRUPTED)
    if code == DONE:
        _deliver(text, output, force=force)
    else:
        tell(f"watchdesk: {text}")
    context.exit(code)


def _deliver(text: str, output: Path | None, *, force: bool) -> None:
    """Write the report to stdout, or to a file with the user's usual permissions: it is there to be shared."""
    if output is None:
        click.echo(text, nl=False)
        return
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with open(open_own(output, flags, 0o666), "w", encoding="utf-8") as file:
            file.write(text)
    except Unsafe as error:
        raise click.ClickException(said(f"not written: {error}, or name another file")) from error
    except OSError as error:
        raise click.ClickException(said(f"{output} was not written: {error.strerror or error}")) from error
    tell(f"written: {output}")


async def _made(config: Config, since: datetime, until: datetime, *, as_data: bool) -> tuple[int, str]:
    """Return the exit code and the report; or, with another code, the sentence that says why there is none."""
    monitor = Monitor(config)
    try:
        box, now = monitor.box, datetime.now(UTC)
        if why := await asyncio.to_thread(_nothing, box, since, until):
            return why
        await monitor.look_at_disk()
        rows, asked = await _rows(monitor, since, until)
        host = monitor.parts.operator.host

        def work() -> Report:
            found = kept(box, since, until, rows=rows, asked=asked)
            whole = compose(found, since=since, until=until, made_at=now, host=host)
            notices = (*whole.notices, *box.damage(), *monitor.kept_badly())
            return without_secrets(msgspec.structs.replace(whole, notices=notices), _secrets(config))

        report = await asyncio.to_thread(work)
    finally:
        await monitor.close()
    if asked:
        tell(f"watchdesk: the project's log {asked}")
    return DONE, _as_json(report) if as_data else markdown(report, await _drawn(report))


def _secrets(config: Config) -> tuple[str, ...]:
    return (*config.target.secrets, *config.alerts.secrets())


def _nothing(box: Box, since: datetime, until: datetime) -> tuple[int, str] | None:
    """Return exit code and reason if nothing was recorded; else `None`."""
    span = box.span()
    if span is None:
        return UNREACHABLE, _NOT_YET
    if not box.looks(since, until):
        has = f"the black box has {_local(span[0])} to {_local(span[1])}"
        return WRONG, f"nothing was kept from {_local(since)} to {_local(until)}; {has}"
    return None


async def _rows(monitor: Monitor, since: datetime, until: datetime) -> tuple[tuple[LogEntry, ...], str]:
    """Return rows of the project's log, and what is missing of them, in words; empty if nothing is."""
    try:
        rows = await monitor.told_between(since, until, _ROWS)
    except NotLive as not_live:
        why = not_live.fault.sentence()
        return (), f"could not be read: {why}; what other hosts did is told only as far as it was on the screen here"
    ours = sum(is_ours(row.step) for row in rows)
    counts = {"rows of watchdogs and actions": ours, "failed steps": len(rows) - ours}
    if cut := [kind for kind, count in counts.items() if count >= _ROWS]:
        many = " and of ".join(cut)
        return rows, f"has {_ROWS:,} or more {many} of this time, and only the newest {_ROWS:,} of them were read"
    return rows, ""


async def _drawn(report: Report) -> Mapping[When, str]:
    """Return the screen at each turning point, as text."""
    from tui.app.screenshots import draw  # noqa: PLC0415 - the screen's packages are slow to import, and only this needs them

    return {moment.when: await draw(moment.snapshot) for moment in report.moments}


def _as_json(report: Report) -> str:
    record: dict[str, Any] = {name: getattr(report, name) for name in report.__struct_fields__}
    record["moments"] = [
        {"when": moment.when, "what": moment.what, "at": moment.snapshot.at, "state": moment.snapshot.state}
        for moment in report.moments
    ]
    return msgspec.json.encode({"version": 1, **record}).decode() + "\n"


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %Z}"
