"""`watchdesk sandbox`: a local Supabase in the foreground."""

from pathlib import Path
from typing import Any

import click

from tui.cli.exits import WRONG
from tui.cli.guide import SANDBOX
from tui.cli.limit_options import limit_options
from tui.cli.session import tell

MISSING = "watchdesk: the sandbox needs the extra 'sandbox'; from the checkout: pipx install --force '.[sandbox]'"


@click.command(name="sandbox", epilog=SANDBOX)
@click.option("--shape", type=click.Choice(["deployed", "documented"]), default="deployed", show_default=True)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port to listen on; 0 picks a free one."
)
@click.option("--data", type=click.Path(path_type=Path), help="Keep the data here.  [default: a temporary place]")
@click.option("--workload", is_flag=True, help="With a history and a fleet of agents at work.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Start with this fault on; may be repeated.")
@limit_options
@click.pass_context
def command(context: click.Context, /, *, faults: tuple[str, ...], **given: Any) -> None:
    """Serve a local Supabase on the loopback interface; one JSON line on stdout says how to reach it."""
    try:
        from core.sandbox.chaos import FAULTS, fault_name  # noqa: PLC0415 - the extra may be missing
        from core.sandbox.server import Options, run  # noqa: PLC0415 - from the extra
    except ModuleNotFoundError:
        tell(MISSING)
        context.exit(WRONG)
    try:
        names = tuple(fault_name(word) for word in faults)
    except KeyError as error:
        raise click.UsageError(f"no fault {error}; there are: {', '.join(FAULTS)}") from error
    context.exit(run(Options(faults=names, **given)))
