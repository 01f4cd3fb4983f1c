"""The command group: imports a command only when it is called, so that the monitor starts fast."""

import importlib
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
        return [name for name, _ in _summaries()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; `None` if there is none of that name."""
        cmd_name = RENAMED.get(cmd_name, cmd_name)
        if cmd_name in COMMANDS:
            command: click.Command = importlib.import_module(f"tui.cli.commands.{cmd_name.replace('-', '_')}").command
            return command
        from core.actions.catalogue import ACTIONS  # noqa: PLC0415 - imports everything that acts
        from tui.cli.action_command import action_command  # noqa: PLC0415 - for an action's command alone

        found = (one for one in ACTIONS.values() if one.command is not None and one.command.name == cmd_name)
        action = next(found, None)
        return action_command(action) if action is not None else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that a word may become; imports none of them."""
        named = [CompletionItem(name, help=what) for name, what in _summaries() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(_summaries())


def _summaries() -> list[tuple[str, str]]:
    """Return every command with what it does, by name."""
    from core.actions.catalogue import ACTIONS  # noqa: PLC0415 - imports everything that acts

    of_actions = {one.command.name: one.command.summary for one in ACTIONS.values() if one.command is not None}
    return sorted((of_actions | COMMANDS).items())
