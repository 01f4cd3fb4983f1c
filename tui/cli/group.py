"""The command group: imports a command only when it is called, so that help and the monitor start fast."""

import importlib.util
from typing import Final

import click
from click.shell_completion import CompletionItem

from tui.cli.commands import COMMANDS, RENAMED

PROGRAM: Final = "watchdesk"
COMPLETE_VARIABLE: Final = "_WATCHDESK_COMPLETE"
"""The variable in which a shell's script asks for what may follow."""


class CommandGroup(click.Group):
    """Finds a command as the function `command` of `tui.cli.commands.<name>`, or makes it from an action's record."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; `None` if there is none of that name."""
        cmd_name = RENAMED.get(cmd_name, cmd_name)
        if cmd_name not in COMMANDS:
            return None
        module = f"tui.cli.commands.{cmd_name.replace('-', '_')}"
        if importlib.util.find_spec(module) is not None:
            command: click.Command = importlib.import_module(module).command
            return command
        from tui.cli.action_command import command_named  # noqa: PLC0415 - imports everything that acts

        return command_named(cmd_name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that a word may become; imports none of them."""
        named = [CompletionItem(name, help=what) for name, what in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])
