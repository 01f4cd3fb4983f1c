"""`watchdesk report`: the incident as Markdown or HTML, from this machine's black box and the project's log."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from core.base.safe_files import Unsafe, open_own
from core.history.report import Report, html_page, markdown, svg
from core.monitor import Config, Monitor
from core.services.reporting import NothingRecorded, local
from tui.cli.event_loop import run_command
from tui.cli.exits import DONE, INTERRUPTED, UNREACHABLE, WRONG
from tui.cli.guide import REPORT
from tui.cli.screen_settings import toolkit_here
from tui.cli.session import configure, said, start_logging, tell
from tui.cli.span import Since


@click.command(name="report", epilog=REPORT)
@click.option("--since", required=True, type=Since(), metavar="TIME", help="03:00, 2h, 7d, or a date and time.")
@click.option("--until", type=Since(), metavar="TIME", help="End of the window, in the same formats; default: now.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Else to stdout.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("md", "html")),
    default="md",
    show_default=True,
    help="html is one file with the figure in it; md with -o writes the figure beside it, as .svg.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON, for scripts; without the screen snapshots.")
@click.pass_context
def command(  # noqa: PLR0913 - click passes every option by name
    context: click.Context,
    *,
    since: datetime,
    until: datetime | None,
    output: Path | None,
    form: str,
    force: bool,
    as_data: bool,
) -> None:
    """Write what happened from TIME to TIME: what began it, who knew when, what was done, its effect."""
    config, now = configure(context), datetime.now(UTC)
    until = min(until or now, now)
    if since >= until:
        raise click.UsageError(f"--since {local(since)} is not before {local(until)}")
    if as_data and form != "md":
        raise click.UsageError("--json is a form of its own: leave out --format")
    figure = output.with_name(f"{output.stem}.svg") if output is not None and form == "md" and not as_data else None
    if figure == output:
        figure = None
    for file in (output, figure) if not force else ():
        if file is not None and os.path.lexists(file):
            raise click.ClickException(said(f"{file} is there already; add --force to overwrite it"))
    toolkit_here()
    start_logging(config.target, config.alerts.secrets())
    try:
        code, why, report = run_command(_made(config, since, until))
        if report is None:
            tell(f"watchdesk: {why}")
            context.exit(code)
        text = run_command(_written(report, "json" if as_data else form, figure))
    except KeyboardInterrupt:
        context.exit(INTERRUPTED)
    if output is None:
        click.echo(text, nl=False)
        return
    _deliver(text, output, force=force)
    if figure is not None:
        _deliver(svg(report), figure, force=force)


def _deliver(text: str, output: Path, *, force: bool) -> None:
    """Write to a file with the user's usual permissions: it is there to be shared."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with open(open_own(output, flags, 0o666), "w", encoding="utf-8") as file:
            file.write(text)
    except Unsafe as error:
        raise click.ClickException(said(f"not written: {error}, or choose another file")) from error
    except OSError as error:
        raise click.ClickException(said(f"{output} was not written: {error.strerror or error}")) from error
    tell(f"written: {output}")


async def _made(config: Config, since: datetime, until: datetime) -> tuple[int, str, Report | None]:
    """Return the report; or an exit code and the sentence that says why there is none."""
    monitor = Monitor(config)
    try:
        report, asked = await monitor.report(since, until)
    except NothingRecorded as nothing:
        return UNREACHABLE if nothing.never else WRONG, str(nothing), None
    finally:
        await monitor.close()
    if asked:
        tell(f"watchdesk: the project's log {asked}")
    return DONE, "", report


async def _written(report: Report, form: str, figure: Path | None) -> str:
    """Return the report in a form. `figure`: the file with its figure, if there is one."""
    if form == "json":
        return _as_json(report)
    from tui.app.app import WatchdeskApp  # noqa: PLC0415 - the screen's packages are slow to import, and only this needs them
    from tui.app.screenshots import turning_points  # noqa: PLC0415 - the same

    drawn = await turning_points(WatchdeskApp, report)
    return html_page(report, drawn) if form == "html" else markdown(report, drawn, figure=figure.name if figure else "")


def _as_json(report: Report) -> str:
    record: dict[str, Any] = {name: getattr(report, name) for name in report.__struct_fields__}
    del record["failed_at"]  # for the figure
    record["moments"] = [
        {"when": moment.when, "what": moment.what, "at": moment.snapshot.at, "state": moment.snapshot.state}
        for moment in report.moments
    ]
    return msgspec.json.encode({"version": 1, **record}).decode() + "\n"
