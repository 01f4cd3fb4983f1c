"""`watchdesk status`: read once, print one page, or a line for each of several projects; write nothing to any."""

import click

from core.base.settings import SettingsError
from core.domain.snapshot import Snapshot
from core.monitor import Monitor
from tui.cli import exit_codes
from tui.cli.event_loop import run_command
from tui.cli.guide import STATUS
from tui.cli.one_shot import read_once
from tui.cli.project_names import all_option, project_names
from tui.cli.session import configure, put, put_json, said
from tui.cli.several import look_at_all
from tui.cli.status_page import as_json, page


@click.command(name="status", epilog=STATUS)
@click.option("--json", "as_data", is_flag=True, help="Print JSON, for scripts.")
@click.option("--project", "projects", metavar="NAME", multiple=True, help="This project; given several times: each.")
@all_option
@click.pass_context
def command(context: click.Context, *, as_data: bool, projects: tuple[str, ...], all_projects: bool) -> None:
    """Check once and print one page: 0 healthy, 1 warning, 2 misconfigured, 3 critical or stopped, 4 unreachable."""
    if all_projects and (projects or context.obj["project"]):
        raise click.UsageError("--all is about all projects; leave out --project")
    names = list(dict.fromkeys(projects))
    try:
        names = project_names() if all_projects else names
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    if all_projects or len(names) > 1:
        context.exit(run_command(look_at_all(names, observe=context.obj["observe"], as_data=as_data)))
    if names:
        context.obj["project"] = names[0]
    context.exit(run_command(look(Monitor(configure(context)), as_data=as_data)))


async def look(monitor: Monitor, *, as_data: bool) -> int:
    """Read once, print the result, close. Returns the exit code."""
    running = await monitor.running_here()

    def show(snapshot: Snapshot) -> int:
        if as_data:
            put_json(as_json(snapshot, running))
        else:
            put(page(snapshot, running))
        return exit_codes.of_state(snapshot)

    return await read_once(monitor, show)
