"""`watchdesk serve`: the monitor in a browser on this machine, to look at."""

import asyncio
import errno
import sys
from typing import Final

import click

from core.base.garbage import collect_as_usual
from core.base.settings import SettingsError
from tui.cli.exits import DONE, WRONG
from tui.cli.guide import SERVE
from tui.cli.layers import checked_layers
from tui.cli.screen_options import ScreenOptions, screen_options, screen_words
from tui.cli.screen_settings import keymap_here, screen_settings
from tui.cli.session import configure, said, start_logging, tell

MISSING: Final = "watchdesk: serve needs the extra 'web'; from the checkout: pipx install --force '.[web]'"


@click.command(name="serve", epilog=SERVE)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option("--most", type=click.IntRange(1, 64), default=8, show_default=True, help="How many browsers at once.")
@screen_options
@click.pass_context
def command(context: click.Context, *, port: int, most: int, screen: ScreenOptions) -> None:
    """Serve the monitor to browsers on this machine, read-only; the address is printed, and is the key to it."""
    try:
        from tui.serve.server import LOOPBACK, BrowserServer, bound  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError:
        tell(MISSING)
        context.exit(WRONG)
    config = configure(context)
    try:  # an error is told here, and not in a browser's page
        layers = checked_layers(quiet=True)  # already told by the line above
        screen_settings(layers, screen)
    except SettingsError as error:
        raise click.ClickException(said(str(error))) from error
    keymap_here(layers)
    try:
        listening = bound(port)
    except OSError as error:
        taken = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        tell(f"watchdesk: port {port} {taken}; name another one: --port, 0 for a free one")
        context.exit(WRONG)
    port = listening.getsockname()[1]
    server = BrowserServer(_program(context.obj["project"], screen), port, most)
    start_logging(config.target, (*config.alerts.secrets(), server.token))

    def ready() -> None:
        click.echo(server.address)
        tell(f"read-only, for this machine alone; from another one: ssh -L {port}:{LOOPBACK}:{port} this-machine")

    collect_as_usual()
    asyncio.run(server.run(listening, ready))
    context.exit(DONE)


def _program(project: str | None, screen: ScreenOptions) -> list[str]:
    """Return the command line of each browser's process."""
    return [
        *(sys.executable, "-m", "tui.cli.browser"),
        *(["--project", project] if project is not None else []),
        *screen_words(screen),
    ]
