"""`watchdesk man`: the manual page, for the manual system of this machine."""

import click

from tui.cli.group import PROGRAM
from tui.cli.guide import MAN
from tui.cli.manual import manual_page
from tui.cli.session import put


@click.command(name="man", epilog=MAN)
@click.pass_context
def command(context: click.Context) -> None:
    """Print the manual page."""
    root = context.find_root().command
    if not isinstance(root, click.Group):
        raise TypeError("the program is no group of commands")
    put(manual_page(root, PROGRAM).removesuffix("\n"))
