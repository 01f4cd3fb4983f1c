"""`watchdesk completion`: the script by which a shell completes commands, options and their values."""

from typing import Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from tui.cli.exits import DONE
from tui.cli.group import COMPLETE_VARIABLE, PROGRAM
from tui.cli.guide import COMPLETION

_SHELLS: Final[dict[str, type[ShellComplete]]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(name="completion", epilog=COMPLETION)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def command(context: click.Context, *, shell: str) -> None:
    """Print the script by which a shell completes commands, options and their values."""
    made = _SHELLS[shell](context.find_root().command, {}, PROGRAM, COMPLETE_VARIABLE)
    click.echo(ShellComplete.source(made).strip())  # that of bash would first ask bash for its version
    context.exit(DONE)
