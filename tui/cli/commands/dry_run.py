"""`watchdesk dry-run on|off`: whether the agents really change things, read back."""

from typing import Any

import click

from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON
from tui.cli.action_command import mode_of, options, run_action
from tui.cli.session import configure


@click.pass_context
def _run(context: click.Context, /, *, word: str, **values: Any) -> None:
    action = DRY_RUN_ON if word == "on" else DRY_RUN_OFF
    context.exit(run_action(configure(context), action, {}, mode_of(values)))


command = click.Command(
    "dry-run",
    callback=_run,
    params=[click.Argument(["word"], type=click.Choice(["on", "off"]), metavar="on|off"), *options(DRY_RUN_ON)],
    help="Turn dry-run on, or off: then the agents change things for real.",
)
