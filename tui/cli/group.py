"""The command group: imports a command only when it is called, so that the monitor's first picture waits for none."""

import importlib
from typing import Final

import click

COMMANDS: Final = {
    "ack": "Take care of an alert, so that nobody else is told.",
    "alerts": "What fires, since when, and who takes care of it.",
    "demo": "The monitor on a sandbox of its own: nothing to configure.",
    "dry-run": "The agents' dry-run on or off, read back.",
    "heal": "Plan, ask, repair, report.",
    "logs": "What the watchdog wrote, its orders, statistics.",
    "login": "Sign in and keep the session.",
    "logout": "End the session.",
    "notify": "A test message to every contact and channel.",
    "orders": "Orders that wait for the project to answer; withdraw one.",
    "report": "The incident as Markdown: what happened, who did what.",
    "resume": "Lift the emergency stop.",
    "retry": "Send one failed task back to pending.",
    "run": "Let the agents work off what is pending.",
    "sandbox": "A local Supabase in the foreground.",
    "selftest": "Ten scenarios, each really exercised, and a summary.",
    "serve": "The monitor in a browser on this machine, read-only.",
    "silence": "Tell nobody of some alerts for a while.",
    "sql": "Optional SQL for the project, printed: indexes, statistics, policies.",
    "status": "One check on one page; writes nothing.",
    "stop": "Emergency stop, read back.",
    "undo": "Take back what one order changed.",
}


class CommandGroup(click.Group):
    """Finds `tui.cli.commands.<name>` and its function `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, by name."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command; `None` for what there is not."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"tui.cli.commands.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))
