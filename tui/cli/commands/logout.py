"""`watchdesk logout`: end the stored session, here and at the server; the user's other sessions go on."""

import click

from core.monitor import Places
from core.monitor.login import log_out
from tui.cli.commands.login import project
from tui.cli.event_loop import run_command
from tui.cli.exits import DONE, PARTLY, WRONG
from tui.cli.session import put, start_logging, tell


@click.command(name="logout")
@click.pass_context
def command(context: click.Context) -> None:
    """End the session that `login` has kept."""
    target = project(context)
    start_logging(target)
    try:
        done = run_command(log_out(target, Places.of_platform()))
    except OSError as error:
        tell(f"watchdesk: the stored session cannot be removed: {error}")
        context.exit(WRONG)
    if not done.email:
        put(f"nobody is signed in to {target.name}")
    elif done.untold is None:
        put(f"{done.email} is signed out of {target.name}")
    else:
        put(f"{done.email} is signed out here; the server was not told: {done.untold.sentence()}")
    context.exit(DONE if done.untold is None else PARTLY)
