"""The command line: options become a monitor, an app or a sandbox. Each command is a file of its own."""

import sys

import click

from core.base.garbage import collect_seldom
from tui.cli.encoding import encode_as_ascii
from tui.cli.error_boundary import ended
from tui.cli.group import COMPLETE_VARIABLE, CommandGroup
from tui.cli.guide import GENERAL
from tui.cli.memory import end_with_threads, limit_memory_use
from tui.cli.screen_options import ScreenOptions, screen_options
from tui.cli.versions import show_versions
from tui.terminal.streams import replace_closed_streams
from tui.terminal.variables import forget_odd_sizes


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    epilog=GENERAL,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=show_versions, help="Show versions and exit."
)
@click.option("--observe", is_flag=True, help="Read-only: write nothing at all, not even the lease.")
@click.option(
    "--project", metavar="NAME", help="Use this project from the config file; SUPABASE_… variables are ignored."
)
@click.option("--all", "all_projects", is_flag=True, help="All projects of the config file, a row each.")
@click.option("--from-list", is_flag=True, hidden=True)
@screen_options
@click.pass_context
def cli(
    context: click.Context,
    *,
    observe: bool,
    project: str | None,
    all_projects: bool,
    from_list: bool,
    screen: ScreenOptions,
) -> None:
    """Watch a self-healing task system on Supabase, and step in; without a terminal, print one status."""
    limit_memory_use()
    context.obj = {"observe": observe, "project": project, "screen": screen}
    if all_projects and project is not None:
        raise click.UsageError("--all is about all projects; leave out --project")
    if context.invoked_subcommand is None:
        from tui.cli.commands import monitor  # noqa: PLC0415 - imports the whole monitor: --help needs none of it

        if all_projects:
            context.exit(monitor.watch_all(screen, observe=observe))
        context.exit(monitor.watch(project, screen, observe=observe, from_list=from_list))
    if all_projects:
        raise click.UsageError(f"write --all behind the command: watchdesk {context.invoked_subcommand} --all")


def main() -> None:
    """Run the command `watchdesk`."""
    collect_seldom()
    replace_closed_streams()
    forget_odd_sizes()
    for stream in (sys.stdout, sys.stderr):
        encode_as_ascii(stream)
    end_with_threads()
    sys.exit(ended(lambda: cli.main(standalone_mode=False, complete_var=COMPLETE_VARIABLE)))
